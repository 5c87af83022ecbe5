"""Live updates of the inbox: word of what waits by now. Nothing moves: the page offers to show it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from api.services import LARGEST_ID, Wired
from domain.approval import Reason
from store import inbox
from store.inbox import Filter, Tab
from web.event_stream import event_stream
from web.page_route import PageRoute
from web.viewer import Viewer, watching

router = APIRouter(route_class=PageRoute, prefix="/inbox", include_in_schema=False)

_EVERY = 2  # seconds


@router.get("/events")
async def events(
    request: Request,
    wired: Wired,
    _: Annotated[Viewer, Depends(watching)],
    tab: Tab = Tab.OPEN,
    database: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
    reason: Reason | None = None,
) -> Response:
    """A tab that was left open keeps nobody signed in."""
    wanted = Filter(database, reason and reason.value)

    async def listed(viewer: Viewer) -> list[str]:
        async with wired.store.statements() as connection:
            return [str(one) for one in await inbox.list_ids(connection, viewer.onlooker, tab, wanted)]

    return event_stream(request, wired, listed, every=_EVERY)
