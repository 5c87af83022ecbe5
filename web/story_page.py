"""A merge's story: everything that happened about it on one line of time, and what proves it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.services import Wired
from domain.errors import ChainContradicted, ReceiptUnknown
from ledger.entry import Receipt
from store.chain_places import places_of
from store.engine import Store
from store.receipts import check_receipt
from store.reviews import Revision
from store.story import story_of
from web.merge_history import WORDS
from web.page_route import PageRoute
from web.plan_view import PlanView
from web.progress import read_item
from web.rendering import LIVE, page
from web.revision_view import Change, changes_between, revision_views
from web.seen_merge import MergeSight, merge_sight
from web.story_runs import told_by_runs
from web.story_view import lines_of, troubles_of
from web.viewer import SignedIn

router = APIRouter(route_class=PageRoute, include_in_schema=False)

Number = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


@router.get("/merges/{merge_id}/story")
async def story(
    request: Request,
    wired: Wired,
    viewer: SignedIn,
    merge_id: UUID,
    before: Number = None,
    after: Number = None,
) -> Response:
    """`before` and `after` are two revisions of the plan that somebody compares."""
    item = await read_item(wired, viewer, merge_id)
    seen = await merge_sight(wired.store, viewer, item.merge)
    async with wired.store.statements() as connection:
        told = await story_of(connection, item)
        recorded = {one.place.seq for one in told.passages if one.place}
        entries = await places_of(connection, item.merge.database_id, recorded)
    run = await told_by_runs(wired, item.merge)
    shown = PlanView.of(item, seen)
    receipt = item.merge.receipt
    return page(
        request,
        "story.html",
        cache=LIVE,
        viewer=viewer,
        item=shown.item,
        merge=shown.item.merge,
        plan=shown,
        sight=seen.sight,
        reveal_token=viewer.form_token(f"/merges/{merge_id}/reveal"),
        lines=lines_of(told.passages, entries, run.events or ()),
        run=run,
        run_words=WORDS,
        troubles=[*troubles_of(told, entries), *await _tree_troubles(wired.store, receipt)],
        entry=entries.get(receipt.seq) if receipt else None,
        sealed=sum(one.place is not None for one in told.passages if one.event),
        journaled=sum(one.event is not None for one in told.passages),
        revisions=revision_views(told.revisions, seen),
        numbers=[one.revision for one in told.revisions],
        compared=_compared(told.revisions, before, after, seen),
        before=before,
        after=after,
    )


async def _tree_troubles(store: Store, receipt: Receipt | None) -> list[str]:
    """Whether the tree that was signed contains the entry. What is wrong with the entry itself is told by itself."""
    if receipt is None:
        return []
    try:
        await check_receipt(store, receipt)
    except ChainContradicted:
        return [f"The newest checkpoint was signed over a tree that does not contain entry {receipt.seq}."]
    except ReceiptUnknown:
        return []
    return []


def _compared(
    revisions: list[Revision], before: int | None, after: int | None, seen: MergeSight
) -> list[Change] | None:
    """What differs between the two; None: nobody asked, or there are no such two."""
    by_number = {one.revision: one for one in revisions}
    if before not in by_number or after not in by_number:
        return None
    return changes_between(by_number[before], by_number[after], seen)
