"""The pages that a problem document's `type` leads to."""

from itertools import groupby

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse

from web.problem_table import find, listed
from web.rendering import REFERENCE, page
from web.viewer import recognised

router = APIRouter(prefix="/problems", include_in_schema=False, dependencies=[Depends(recognised)])


@router.api_route("", methods=["GET", "HEAD"])
async def index(request: Request) -> HTMLResponse:
    by_status = [(status, list(some)) for status, some in groupby(listed(), key=lambda known: known.status)]
    return page(request, "problems.html", cache=REFERENCE, by_status=by_status)


@router.api_route("/{code}", methods=["GET", "HEAD"])
async def one(request: Request, code: str) -> HTMLResponse:
    known = find(code)
    if known is None:
        return page(request, "problem_unknown.html", cache=REFERENCE, status=404, code=code)
    return page(request, "problem.html", cache=REFERENCE, problem=known, type=f"{request.base_url}problems/{code}")
