"""Live updates of the inbox: word of what waits by now. Nothing moves: the page offers to show it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.services import Wired
from store import inbox
from store.inbox import Tab
from web.event_stream import event_stream
from web.inbox_filter import Chosen, chosen_filter
from web.page_route import PageRoute
from web.viewer import Viewer, watching

router = APIRouter(route_class=PageRoute, prefix="/inbox", include_in_schema=False)


@router.get("/events")
async def events(
    request: Request,
    wired: Wired,
    watcher: Annotated[Viewer, Depends(watching)],
    tab: Tab = Tab.OPEN,
    database: Chosen = "",
    reason: Chosen = "",
) -> Response:
    """A tab that was left open keeps nobody signed in."""
    wanted = chosen_filter(watcher, database, reason)

    async def listed(viewer: Viewer) -> list[str]:
        async with wired.store.statements() as connection:
            return [str(one) for one in await inbox.list_ids(connection, viewer.onlooker, tab, wanted)]

    return event_stream(request, wired, listed)
