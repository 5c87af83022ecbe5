"""`onefold simulate`: what establish identity would do, offline."""

from pathlib import Path
from typing import Annotated

import typer

from domain.policy import SurvivorRule
from onefold.commands.failures import REFUSED
from onefold.commands.output import Json, console, print_json


def simulate(
    device: Annotated[
        Path,
        typer.Argument(
            metavar="DEVICE.json", exists=True, dir_okay=False, help="The contact that owns the requested device."
        ),
    ],
    lookup: Annotated[
        Path | None,
        typer.Argument(
            metavar="LOOKUP.json",
            exists=True,
            dir_okay=False,
            help="The contact that holds the requested identity; left out, no other contact holds it.",
        ),
    ] = None,
    identity: Annotated[
        str | None,
        typer.Option(metavar="NAME=VALUE", help="The requested identity. Default: the lookup contact's only one."),
    ] = None,
    destination: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="The requested device's destination. Default: the first of its contact."),
    ] = None,
    survivor: Annotated[
        SurvivorRule, typer.Option(help="Which contact the database's policy lets survive.")
    ] = SurvivorRule.DEVICE_CONTACT,
    crm_winner: Annotated[
        bool, typer.Option("--crm-winner", help="As useCrmContactAsWinner: a lone CRM sync id decides who survives.")
    ] = False,
    no_events: Annotated[
        bool, typer.Option("--no-events", help="As mergeEvents false: the absorbed contact's events stay with it.")
    ] = False,
    require: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="A column that the database requires; repeatable.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what establish identity would do to two contacts. Offline: no database, nothing changes.

    Each file holds a contact as GET /databases/{databaseId}/contacts/{id} prints it; id and created are needed,
    the rest may be left out. Ends with exit code 3 where a rule would block the request.
    """
    from domain.plan import Outcome, plan_document
    from onefold.commands.contact_files import read_contact
    from onefold.commands.plan_table import print_plan
    from onefold.commands.simulation import Options
    from onefold.commands.simulation import simulate as run

    plan = run(
        read_contact(device),
        read_contact(lookup) if lookup else None,
        Options(
            identity=identity,
            destination=destination,
            survivor=survivor,
            crm_winner=crm_winner,
            merge_events=not no_events,
            required=require or (),
        ),
    )
    document = plan_document(plan, with_digest=True)
    if as_json:
        print_json(document)
    else:
        print_plan(console(), document)
    if plan.outcome is Outcome.BLOCKED:
        raise typer.Exit(REFUSED)
