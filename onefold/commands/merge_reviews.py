"""`onefold merge list`, `claim`, `release` and `comment`: what people do around a decision."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import typer
from rich.text import Text

from domain.plan import Outcome
from domain.text import count
from onefold.commands.api_client import MergeId, PersonsToken, Url, as_person
from onefold.commands.moments import left_in_short, moment
from onefold.commands.output import Json, console, print_json, sentence, table
from onefold.typed import typed


def list_(
    url: Url = None,
    token: PersonsToken = None,
    database: Annotated[int | None, typer.Option(help="Of one database only.", min=1, max=2**63 - 1)] = None,
    state: Annotated[
        Literal["preparing", "pending_approval", "merging", "done"] | None, typer.Option(help="In this state.")
    ] = None,
    outcome: Annotated[Outcome | None, typer.Option(help="With this outcome.")] = None,
    claimed_by: Annotated[Literal["me", "nobody"] | None, typer.Option(help="Whose claim is on it.")] = None,
    limit: Annotated[int, typer.Option(help="How many at once.", min=1, max=200)] = 50,
    after: Annotated[str | None, typer.Option(help="Go on where the page before ended.")] = None,
    as_json: Json = False,
) -> None:
    """List merges, the newest first."""
    query = {
        "databaseId": database,
        "state": state,
        "outcome": outcome and outcome.value,
        "claimedBy": claimed_by,
        "limit": limit,
        "after": after,
    }
    page = as_person(url, token).get("/v1/merges", {name: value for name, value in query.items() if value is not None})
    if as_json:
        print_json(page)
    else:
        _print_page(page)


def claim(merge_id: MergeId, url: Url = None, token: PersonsToken = None) -> None:
    """Say that you are looking at it, so that others leave it to you. They can decide on it all the same."""
    as_person(url, token).ask("PUT", f"/v1/merges/{merge_id}/claim")
    typer.echo(f"You have claimed merge {merge_id}. To give it up: {typed(f'merge release {merge_id}')}")


def release(merge_id: MergeId, url: Url = None, token: PersonsToken = None) -> None:
    """Give your claim up."""
    claimed_by = as_person(url, token).ask("DELETE", f"/v1/merges/{merge_id}/claim").body["claimedBy"]
    still = "nobody has a claim on it" if claimed_by is None else f"person {claimed_by} has claimed it"
    typer.echo(f"You have no claim on merge {merge_id}: {still}.")


def comment(
    merge_id: MergeId,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="For those who decide, and those who read about it.")],
    url: Url = None,
    token: PersonsToken = None,
) -> None:
    """Comment on a merge."""
    comments = (
        as_person(url, token).ask("POST", f"/v1/merges/{merge_id}/comments", body={"text": text}).body["comments"]
    )
    typer.echo(f"Merge {merge_id} has {count(len(comments), 'comment')} now.")


def _print_page(page: Mapping[str, Any]) -> None:
    if not page["merges"]:
        typer.echo("No merge is like this.")
        return
    shown = table("Merge", "What", whole=["Merge"])
    now = datetime.now(UTC)
    for merge in page["merges"]:
        state = f"{merge['outcome'] or merge['state']}, {_when(merge, now)}"
        about = f"database {merge['databaseId']}, {_contacts(merge['plan'])}"
        lines = (state, about, f"asked by {merge['requested']['by']}")
        shown.add_row(merge["id"], Text("\n", overflow="fold").join(sentence(line) for line in lines))
    console().print(shown)
    if page["next"]:
        typer.echo(f"There are more: repeat it with --after {page['next']}")


def _contacts(plan: Mapping[str, Any]) -> str:
    if plan["survivor"] is None:
        return "no contact"
    if plan["absorbed"] is None:
        return f"contact {plan['survivor']}"
    return f"contacts {plan['survivor']} and {plan['absorbed']}"


def _when(merge: Mapping[str, Any], now: datetime) -> str:
    """How long it still waits, and whose claim is on it; or the day on which it ended."""
    if merge["settled"] or not merge["deadline"]:
        return moment(merge["settled"] or merge["requested"]["at"]).split()[0]
    claimed = f", claimed by person {merge['claimedBy']}" if merge["claimedBy"] else ""
    return f"{left_in_short(merge['deadline'], now)}{claimed}"
