"""Server-sent events: a stream that says how something is by now, each time that it is otherwise."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable

from fastapi import Request
from starlette.responses import StreamingResponse

from api.services import Services
from domain.errors import MergeNotFound, ServiceUnavailable
from web.rendering import LIVE
from web.security import security_headers
from web.viewer import SignInNeeded, Viewer, watching

Look = Callable[[Viewer], Awaitable[object]]

_EVERY = 2  # seconds: each look costs statements, and a merge's also a question to Temporal

# Then the browser comes back by itself: a server that is told to stop waits for streams that are open.
_LASTS = 4  # seconds


def event_stream(request: Request, wired: Services, look: Look) -> StreamingResponse:
    """`look` is asked as whoever is signed in then; looking on is no use of the session."""
    headers = {"Cache-Control": LIVE, "X-Accel-Buffering": "no", **security_headers(request)}
    return StreamingResponse(_told(request, wired, look), media_type="text/event-stream", headers=headers)


async def _told(request: Request, wired: Services, look: Look) -> AsyncIterator[str]:
    """For as long as the session lasts, and there is something to look at."""
    before = None
    yield f"retry: {_EVERY * 1000}\n\n"
    for _ in range(_LASTS // _EVERY):
        if await request.is_disconnected():
            return
        try:
            now = json.dumps(await look(await watching(request, wired)))
        except (SignInNeeded, ServiceUnavailable, MergeNotFound):
            return
        if now != before:
            yield f"data: {now}\n\n"
        before = now
        await asyncio.sleep(_EVERY)
