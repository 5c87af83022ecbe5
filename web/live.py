"""Live updates of the inbox: a stream that says what waits by now. Nothing moves: the page offers to show it."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response, StreamingResponse

from api.services import LARGEST_ID, Services, Wired
from domain.approval import Reason
from domain.errors import ServiceUnavailable
from store import inbox
from store.inbox import Filter, Tab
from web.page_route import PageRoute
from web.rendering import LIVE
from web.security import security_headers
from web.viewer import SignInNeeded, Viewer, watching

router = APIRouter(route_class=PageRoute, prefix="/inbox", include_in_schema=False)

_EVERY = 2  # seconds
# Then the browser comes back by itself: a server that is told to stop waits for streams that are open.
_ROUNDS = 2
_COME_BACK = f"retry: {_EVERY * 1000}\n\n"


@router.get("/events")
async def events(
    request: Request,
    wired: Wired,
    _: Annotated[Viewer, Depends(watching)],
    tab: Tab = Tab.OPEN,
    database: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
    reason: Reason | None = None,
) -> Response:
    """Looking on is no use of the session: a tab that was left open keeps nobody signed in."""
    headers = {"Cache-Control": LIVE, "X-Accel-Buffering": "no", **security_headers()}
    told = _told(request, wired, tab, Filter(database, reason and reason.value))
    return StreamingResponse(told, media_type="text/event-stream", headers=headers)


async def _told(request: Request, wired: Services, tab: Tab, wanted: Filter) -> AsyncIterator[str]:
    """The ids of what the list would show, each time that they are others, for as long as the session lasts."""
    before = None
    yield _COME_BACK
    for _ in range(_ROUNDS):
        if await request.is_disconnected():
            return
        try:
            viewer = await watching(request, wired)
            async with wired.store.statements() as connection:
                now = [str(one) for one in await inbox.list_ids(connection, viewer.onlooker, tab, wanted)]
        except (SignInNeeded, ServiceUnavailable):
            return
        if now != before:
            yield f"data: {json.dumps(now)}\n\n"
        before = now
        await asyncio.sleep(_EVERY)
