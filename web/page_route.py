"""How a page ends that can't be shown: a sign-in, or a page that says what is the matter and what to do."""

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from domain.errors import Refusal
from web.advice import ADVICE
from web.forms import read_form
from web.rendering import LIVE, own_path, page, see
from web.viewer import SignInNeeded

# What a person wrote, and would lose with a session that ran out.
_WRITTEN = ("reason", "text")


class PageRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def shown(request: Request) -> Response:
            try:
                return await handler(request)
            except SignInNeeded:
                return await _sign_in(request)
            except Refusal as refusal:
                return refused(request, refusal)
            except RequestValidationError:
                return page(request, "not_found.html", cache=LIVE, status=404)

        return shown


def refused(request: Request, refusal: Refusal) -> Response:
    """The page of a refusal: its own words, its code, and the advice that the API's documents lead to."""
    advice = ADVICE[refusal.code]
    return page(request, "refused.html", cache=LIVE, status=refusal.status, refusal=refusal, advice=advice)


async def _sign_in(request: Request) -> Response:
    if request.method in {"GET", "HEAD"}:
        query = f"?{request.url.query}" if request.url.query else ""
        return see(request, f"/login?next={quote(own_path(request) + query)}")
    try:
        form = await read_form(request)
    except Refusal as refusal:
        return refused(request, refusal)
    written = {name: form[name] for name in _WRITTEN if form.has(name)}
    back = form["back"] or "/inbox"
    return page(request, "signed_out.html", cache=LIVE, status=401, written=written, back=back)
