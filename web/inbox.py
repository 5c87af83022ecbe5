"""The inbox: what waits for a person, the most urgent first."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.services import Wired
from domain import worked_example
from domain.approval import Reason
from domain.errors import MergeClaimed, MergeNotPending
from store import databases, inbox, reviews
from store.inbox import COUNTED, SHOWN, Filter, Tab
from store.reviewers import decidable_among
from store.tokens import Scope
from web.empty_inbox import why_empty
from web.forms import read_bound_form
from web.inbox_filter import Chosen, chosen_filter, in_query
from web.masking import is_masked_in_one, record_search
from web.page_route import PageRoute
from web.rendering import LIVE, page, see
from web.seen_merge import as_listed
from web.viewer import SignedIn, Viewer

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_TABS = {Tab.MINE: "Mine", Tab.UNASSIGNED: "Unassigned", Tab.OPEN: "All open", Tab.DECIDED: "Decided"}


@router.get("/inbox")
async def show(
    request: Request,
    wired: Wired,
    viewer: SignedIn,
    tab: Tab = Tab.OPEN,
    database: Chosen = "",
    reason: Chosen = "",
) -> Response:
    wanted = chosen_filter(viewer, database, reason)
    async with wired.store.statements() as connection:
        items = await inbox.list_items(connection, viewer.onlooker, tab, wanted)
        counts = await inbox.count_items(connection, viewer.onlooker, wanted)
        decidable = await decidable_among(connection, [item.merge.id for item in items], viewer.session.person_id)
    return page(
        request,
        "inbox.html",
        cache=LIVE,
        tab=tab.value,
        tabs=[(one.value, words, _count(counts[one.value])) for one, words in _TABS.items()],
        items=await as_listed(wired.store, viewer, items),
        wanted=wanted,
        query=in_query(wanted),
        databases=[(one.id, one.name) for one in await databases.list_all(wired.store, viewer.onlooker.reach)],
        reasons=[one.value for one in Reason if one is not Reason.ALWAYS],
        decides=_decides(viewer),
        decidable=decidable,
        empty=None if items else await why_empty(request, wired, viewer, tab),
        example=worked_example,
        most=SHOWN,
    )


@router.post("/inbox/search")
async def search(request: Request, wired: Wired, viewer: SignedIn) -> Response:
    """What is sought is an address or an identity as often as not: it stands in the form, never in a URL."""
    form = await read_bound_form(request, viewer)
    if form.has("sought"):
        await record_search(wired.store, viewer, viewer.onlooker.reach)
    async with wired.store.statements() as connection:
        items = await inbox.search(connection, viewer.onlooker, form["sought"]) if form.has("sought") else []
    if len(items) == 1:
        return see(request, f"/merges/{items[0].merge.id}")
    shown = await as_listed(wired.store, viewer, items)
    return page(
        request,
        "inbox_search.html",
        cache=LIVE,
        sought=form["sought"],
        items=shown,
        recorded=is_masked_in_one(viewer, viewer.onlooker.reach),
    )


@router.post("/inbox/next")
async def claim_next(request: Request, wired: Wired, viewer: SignedIn) -> Response:
    """The most urgent that nobody has claimed; where another is quicker, the one after it."""
    form = await read_bound_form(request, viewer)
    wanted = chosen_filter(viewer, form["database"], form["reason"])
    while merge_id := await _next(wired, viewer, wanted):
        try:
            await reviews.claim(wired.store, merge_id, viewer.session.person_id, viewer.token.id)
        except (MergeClaimed, MergeNotPending):
            continue
        return see(request, f"/merges/{merge_id}")
    return see(request, f"/inbox?tab=unassigned{in_query(wanted)}")


def _count(counted: int) -> str:
    return f"{COUNTED:,}+" if counted > COUNTED else f"{counted:,}"


async def _next(wired: Wired, viewer: Viewer, wanted: Filter) -> UUID | None:
    async with wired.store.statements() as connection:
        return await inbox.next_item(connection, viewer.deciding_onlooker, wanted, unclaimed_first=True)


def _decides(viewer: Viewer) -> bool:
    return viewer.token.reach(Scope.MERGES_DECIDE) != []
