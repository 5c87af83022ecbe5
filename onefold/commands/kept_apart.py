"""`onefold kept-apart`: pairs of contacts that somebody decided are not the same person."""

from typing import Annotated

import typer

from onefold.commands.api_client import PersonsToken, Url, as_person
from onefold.commands.database_parts import DatabaseId
from onefold.commands.moments import moment
from onefold.commands.output import Json, cell, console, print_json, table

app = typer.Typer(no_args_is_help=True, help="Pairs of contacts that are not the same person.")


@app.command("list")
def list_(database_id: DatabaseId, url: Url = None, token: PersonsToken = None, as_json: Json = False) -> None:
    """List the pairs that no request can merge."""
    answer = as_person(url, token).get(f"/v1/databases/{database_id}/kept-apart")
    if as_json:
        print_json(answer)
        return
    if not answer["pairs"]:
        typer.echo(f"No contacts of database {database_id} are kept apart.")
        return
    shown = table("Id", "Contacts", "Since", "By", "Reason", whole=["Id", "Contacts"])
    for pair in answer["pairs"]:
        contacts = " and ".join(str(one) for one in pair["contacts"])
        shown.add_row(str(pair["id"]), contacts, moment(pair["since"]), cell(pair["by"]), cell(pair["reason"]))
    console().print(shown)


@app.command()
def lift(
    database_id: DatabaseId,
    pair_id: Annotated[int, typer.Argument(metavar="ID", help="As the list names it.", min=1, max=2**63 - 1)],
    url: Url = None,
    token: PersonsToken = None,
) -> None:
    """Let the two be merged again, if somebody asks for it."""
    as_person(url, token).ask("DELETE", f"/v1/databases/{database_id}/kept-apart/{pair_id}")
    typer.echo(f"Pair {pair_id} of database {database_id} is no longer kept apart.")
