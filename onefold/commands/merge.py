"""`onefold merge`: merges as they were planned and done."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from onefold.commands import merge_reviews
from onefold.commands.output import Json, console, print_facts, print_json
from onefold.commands.running import in_store

if TYPE_CHECKING:
    from datetime import datetime

    from store.engine import Store
    from store.merges import MergeRow

app = typer.Typer(no_args_is_help=True, help="Merges, as they were planned and done.")
app.command("list")(merge_reviews.list_)
app.command()(merge_reviews.claim)
app.command()(merge_reviews.release)
app.command()(merge_reviews.comment)


@app.command()
def show(
    merge_id: Annotated[UUID, typer.Argument(metavar="ID", help="The mergeId that every answer names.")],
    as_json: Json = False,
) -> None:
    """Show a merge: its state, its plan with every rule and every lost value, its receipt."""
    from onefold.commands.plan_table import print_plan

    row, document = in_store(lambda store: _read(store, merge_id))
    if as_json:
        print_json(document)
        return
    to = console()
    print_facts(to, _facts(row))
    to.print()
    print_plan(to, {**row.plan, "digest": row.plan_digest})


async def _read(store: "Store", merge_id: UUID) -> "tuple[MergeRow, dict[str, object]]":
    from api.merge_document import whole_document
    from store.merges import read_merge

    async with store.transaction() as connection:
        row = await read_merge(connection, merge_id)
    return row, await whole_document(store, row)


def _facts(row: "MergeRow") -> list[tuple[str, str]]:
    receipt = row.receipt
    return [
        ("Merge", str(row.id)),
        ("Database", str(row.database_id)),
        ("State", row.state),
        ("Requested", f"{_time(row.requested)} with token {row.requester}"),
        ("Settled", _time(row.settled) if row.settled else "not yet"),
        ("Receipt", f"entry {receipt.seq}, hash {receipt.entry_hash.hex()}" if receipt else "none yet"),
    ]


def _time(moment: "datetime") -> str:
    from domain.times import rfc3339

    return rfc3339(moment)
