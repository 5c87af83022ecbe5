"""An address that names nothing, or takes no such request: a page for who looks, a problem document for who calls."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api import problems
from api.services import services
from web.rendering import LIVE, page
from web.viewer import recognised

_WRONG = {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}


def install(app: FastAPI) -> None:
    app.add_exception_handler(HTTPException, _answered)


async def _answered(request: Request, error: Exception) -> Response:
    told = await problems.http_error(request, error)
    if told.status_code not in _WRONG or not wants_page(request):
        return told
    await recognised(request, services(request))
    shown = page(request, "not_found.html", cache=LIVE, status=told.status_code)
    if "allow" in told.headers:
        shown.headers["Allow"] = told.headers["allow"]
    return shown


def wants_page(request: Request) -> bool:
    """As a browser does that follows a link or sends a form."""
    return "text/html" in request.headers.get("accept", "")
