"""How a page ends that can't be shown: a sign-in, or a page that says what is the matter and what to do."""

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from api.services import services
from domain.errors import FormStale, Refusal
from web.advice import ADVICE
from web.drafts import Draft
from web.forms import read_form
from web.rendering import LIVE, own_path, page, see
from web.viewer import SignInNeeded

_SENT_LATE = (
    "Nothing was done: the form was of an earlier session, or something has changed since. "
    "It is filled in as you left it: look at it, and send it again."
)


class PageRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def shown(request: Request) -> Response:
            try:
                return await handler(request)
            except SignInNeeded:
                return await _sign_in(request)
            except FormStale as refusal:
                return await _filled_in(request, refusal) or refused(request, refusal)
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
    if "text/event-stream" in request.headers.get("accept", ""):
        return Response(status_code=401, headers={"Cache-Control": LIVE})  # its page says that it has stopped
    if request.method in {"GET", "HEAD"}:
        query = f"?{request.url.query}" if request.url.query else ""
        return see(request, f"/login?next={quote(own_path(request) + query)}")
    try:
        form = await read_form(request)
    except Refusal as refusal:
        return refused(request, refusal)
    draft = Draft.sent(own_path(request), form)
    return page(request, "signed_out.html", cache=LIVE, status=401, draft=draft, back=form["back"] or "/inbox")


async def _filled_in(request: Request, refusal: FormStale) -> Response | None:
    """The page of a form that its author sent too late: what they wrote stays in it."""
    viewer = request.state.viewer
    draft = Draft.sent(own_path(request), await read_form(request))
    if draft is None or not draft.is_of(viewer):
        return None
    answer = await draft.shown_again(request, services(request), viewer, _SENT_LATE)
    if answer is not None:
        answer.status_code = refusal.status
    return answer
