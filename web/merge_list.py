"""All merges, newest first, in pages; what is filtered by stands in the URL, so that a list can be passed on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.merges import PAGE, cursor_after, position_of
from api.services import Wired
from domain.errors import DatabaseNotFound
from store.merges import read_merges
from store.requesters import requesters_of
from store.tokens import Scope
from web.merge_words import OUTCOMES, STATES, listed_merge
from web.page_route import PageRoute
from web.reach import demand_reach, entered_id, reached
from web.rendering import LIVE, page
from web.seen_merge import list_sights
from web.viewer import SignedIn

router = APIRouter(route_class=PageRoute, include_in_schema=False)

Text = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True)
class Filters:
    """As the URL has them; empty: not filtered by."""

    database: str
    state: str
    outcome: str

    @property
    def given(self) -> Mapping[str, str]:
        named = {"database": self.database, "state": self.state, "outcome": self.outcome}
        return {name: value for name, value in named.items() if value}


@router.get("/merges")
async def list_(
    request: Request,
    wired: Wired,
    viewer: SignedIn,
    database: Text = "",
    state: Text = "",
    outcome: Text = "",
    after: Text = "",
) -> Response:
    filters = Filters(database, state if state in STATES else "", outcome if outcome in OUTCOMES else "")
    database_ids = viewer.token.reach(Scope.MERGES_READ)
    if database:
        database_ids = [demand_reach(viewer, Scope.MERGES_READ, entered_id(database), DatabaseNotFound)]
    async with wired.store.statements() as connection:
        rows = await read_merges(
            connection,
            database_ids,
            state=filters.state or None,
            outcome=filters.outcome or None,
            after=position_of(after) if after else None,
            limit=PAGE + 1,
        )
        shown, more = rows[:PAGE], len(rows) > PAGE
        requesters = await requesters_of(connection, shown)
    seen = await list_sights(wired.store, viewer, {one.database_id for one in shown})
    return page(
        request,
        "merges.html",
        cache=LIVE,
        viewer=viewer,
        databases=await reached(wired.store, viewer, Scope.MERGES_READ),
        filters=filters,
        states=STATES,
        outcomes=OUTCOMES,
        merges=[listed_merge(one, requesters[one.id], seen[one.database_id].request(one.request)) for one in shown],
        newest=f"?{urlencode(filters.given)}" if after else None,
        older=f"?{urlencode({**filters.given, 'after': cursor_after(shown[-1])})}" if more else None,
    )
