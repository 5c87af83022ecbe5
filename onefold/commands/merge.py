"""`onefold merge`: merges as they were planned and done."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from domain.wire import as_wire
from onefold.commands import merge_reviews
from onefold.commands.output import Json, console, print_json
from onefold.commands.running import in_store

if TYPE_CHECKING:
    from store.engine import Store

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
    """Show a merge: what became of it, who decided, its plan with every rule and every lost value, its receipt."""
    from onefold.commands.review import print_review

    document = in_store(lambda store: _read(store, merge_id))
    if as_json:
        print_json(document)
    else:
        print_review(console(), as_wire(document))


async def _read(store: "Store", merge_id: UUID) -> dict[str, object]:
    from api.merge_document import whole_document
    from store.merges import read_merge

    async with store.transaction() as connection:
        row = await read_merge(connection, merge_id)
    return await whole_document(store, row)
