"""The auditors' list: every merge, by who had to do with it, what became of it and why; each leads to its story."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.merges import PAGE, cursor_after, position_of
from api.services import Wired
from store import people
from store.audit_list import list_merges
from store.engine import Store
from store.tokens import Scope
from web.audit_filter import KINDS, RULES, Asked
from web.merge_words import OUTCOMES
from web.page_route import PageRoute
from web.reach import reached
from web.rendering import LIVE, page
from web.seen_merge import as_listed
from web.viewer import SignedIn
from web.wording import DECIDED

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/audit")
async def list_(request: Request, wired: Wired, viewer: SignedIn, asked: Annotated[Asked, Query()]) -> Response:
    wanted = asked.wanted(viewer)
    reach = viewer.token.reach(Scope.MERGES_READ)
    after = position_of(asked.after) if asked.after else None
    async with wired.store.statements() as connection:
        items = await list_merges(connection, reach, wanted, after=after, limit=PAGE + 1)
    shown, more = items[:PAGE], len(items) > PAGE
    return page(
        request,
        "audit.html",
        cache=LIVE,
        viewer=viewer,
        asked=asked,
        databases=[(one.id, f"{one.id}, {one.name}") for one in await reached(wired.store, viewer, Scope.MERGES_READ)],
        people=await _people(wired.store, reach),
        decisions=DECIDED,
        outcomes=OUTCOMES,
        rules=[(rule, rule) for rule in RULES],
        kinds=KINDS,
        items=await as_listed(wired.store, viewer, shown),
        export_token=viewer.form_token("/audit/export"),
        newest=f"?{asked.query()}" if asked.after else None,
        older=f"?{asked.query(after=cursor_after(shown[-1].merge))}" if more else None,
    )


async def _people(store: Store, reach: Sequence[int] | None) -> list[tuple[int, str]]:
    """Who has a role where the viewer has one: ids and names."""
    return sorted(((one.id, one.name) for one in await people.list_all(store, reach)), key=lambda named: named[1])
