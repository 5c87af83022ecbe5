"""Something failed that nobody foresaw: a page for who looks, a problem document for who calls.

It asks the store nothing, which may be what failed: who is signed in is known where that was read before.
"""

from fastapi import FastAPI, Request
from starlette.responses import Response

from api import problems
from web.rendering import LIVE, page
from web.wrong_address import wants_page


def install(app: FastAPI) -> None:
    app.add_exception_handler(Exception, _answered)


async def _answered(request: Request, error: Exception) -> Response:
    told = await problems.internal_error(request, error)
    if not wants_page(request):
        return told
    return page(request, "internal_error.html", cache=LIVE, status=told.status_code)
