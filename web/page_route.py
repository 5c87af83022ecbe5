"""How a page ends that can't be shown: a sign-in, or a page that says what is the matter and what to do."""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from api.services import services
from domain.errors import FormStale, Refusal
from web.drafts import Draft, texts_in
from web.forms import read_form
from web.page_advice import page_advice
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
            except Refusal as refusal:
                draft = await _draft(request)
                return await _filled_in(request, refusal, draft) or refused(request, refusal, draft)
            except RequestValidationError:
                return page(request, "not_found.html", cache=LIVE, status=404)

        return shown


def refused(request: Request, refusal: Refusal, draft: Draft | None = None) -> Response:
    """The page of a refusal: its own words, its code, and what to do about it.

    What somebody wrote stands there too, for copying.
    """
    return page(
        request,
        "refused.html",
        cache=LIVE,
        status=refusal.status,
        refusal=refusal,
        advice=page_advice(refusal.code),
        texts=texts_in(draft.form if draft else None),
    )


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
    return page(
        request,
        "signed_out.html",
        cache=LIVE,
        status=401,
        draft=draft,
        texts=texts_in(form if draft else None),
        back=form["back"] or "/inbox",
    )


async def _draft(request: Request) -> Draft | None:
    """What the viewer wrote into the form that is refused; None for a form of another person's page."""
    if request.method != "POST":
        return None
    try:
        draft = Draft.sent(own_path(request), await read_form(request))
    except Refusal:
        return None
    viewer = getattr(request.state, "viewer", None)  # nobody yet where the store does not answer
    return draft if draft is None or viewer is None or draft.is_of(viewer) else None


async def _filled_in(request: Request, refusal: Refusal, draft: Draft | None) -> Response | None:
    """The page of the form that was refused, as its author left it; None where it can't be shown either."""
    viewer = getattr(request.state, "viewer", None)
    if draft is None or viewer is None:
        return None
    notice = _SENT_LATE if isinstance(refusal, FormStale) else f"{refusal.detail} The form is as you left it."
    try:
        answer = await draft.shown_again(request, services(request), viewer, notice)
    except Refusal:
        request.state.notice = None
        return None
    if answer is not None and answer.status_code == HTTPStatus.OK:
        answer.status_code = refusal.status
    return answer
