"""Sign-in and sign-out, and the sessions that a person has open."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.services import Services, Wired
from domain.errors import Refusal, SignInBlocked, SignInFailed
from store import passwords, people, sessions, tokens
from web.drafts import Draft
from web.forms import LARGEST, Form, read_bound_form, read_form
from web.page_route import PageRoute, refused
from web.rendering import LIVE, page, see
from web.viewer import MaybeSignedIn, SignedIn, end_session, set_session, viewer_with

router = APIRouter(route_class=PageRoute, include_in_schema=False)

Next = Annotated[str, Query(alias="next", max_length=2000)]

_KEPT = "You are signed in again. Nothing was sent yet: the form is filled in as you left it."


@router.get("/login")
async def login(request: Request, viewer: MaybeSignedIn, next_: Next = "/inbox") -> Response:
    """Also where somebody who is signed in shows again who they are."""
    return _form(request, next_, email=viewer.session.email if viewer else "", viewer=viewer)


@router.post("/login")
async def sign_in(request: Request, wired: Wired, before: MaybeSignedIn) -> Response:
    form = await read_form(request, 2 * LARGEST)  # with the fields of another form in it
    email, back = form["email"], _own_path(form["next"])
    try:
        known = before.session if before else None
        person_id = await passwords.check_password(wired.store, email, form.fields.get("password", ""), known)
    except (SignInFailed, SignInBlocked) as refusal:
        draft = Draft.carried(form)
        return _form(request, back, email=email, status=refusal.status, trouble=refusal.title, draft=draft)
    person = await people.find(wired.store, email)
    assert person.id == person_id  # noqa: S101 - by the same address
    # Never the session that the browser came with: somebody else may have put it there.
    if before is not None:
        await tokens.revoke(wired.store, before.token.id, before.token.id)
    secret = await sessions.start(wired.store, person, request.headers.get("user-agent", "a browser without a name"))
    answer = await _onward(request, wired, form, secret)
    set_session(request, answer, secret)
    return answer


@router.post("/logout")
async def sign_out(request: Request, wired: Wired, viewer: SignedIn) -> Response:
    await read_bound_form(request, viewer)
    await tokens.revoke(wired.store, viewer.token.id, viewer.token.id)
    answer = see(request, "/login")
    end_session(request, answer)
    return answer


@router.get("/sessions")
async def list_(request: Request, wired: Wired, viewer: SignedIn) -> Response:
    found = await sessions.list_open(wired.store, viewer.session.person_id)
    return page(request, "sessions.html", cache=LIVE, sessions=found)


@router.post("/sessions")
async def revoke(request: Request, wired: Wired, viewer: SignedIn) -> Response:
    """Ends one of the person's own sessions, wherever it is."""
    form = await read_bound_form(request, viewer)
    own = {one.token_id for one in await sessions.list_open(wired.store, viewer.session.person_id)}
    if form["session"] in own:
        await tokens.revoke(wired.store, form["session"], viewer.token.id)
    return see(request, "/sessions")


async def _onward(request: Request, wired: Services, form: Form, secret: str) -> Response:
    """To the page that they came from, or to the form that they wrote when their session was over."""
    draft, viewer = Draft.carried(form), await viewer_with(wired.store, secret, is_use=True)
    shown = None
    if draft is not None and viewer is not None and draft.is_of(viewer):
        request.state.viewer = viewer
        try:
            shown = await draft.shown_again(request, wired, viewer, _KEPT)
        except Refusal as refusal:
            shown = refused(request, refusal)
    return shown or see(request, _own_path(form["next"]))


def _form(request: Request, back: str, **values: object) -> Response:
    shown = {"trouble": None, "status": 200, "draft": None, **values}
    status = int(str(shown.pop("status")))
    demo = request.app.state.demo_accounts
    return page(request, "login.html", cache=LIVE, status=status, back=_own_path(back), demo=demo, **shown)


def _own_path(given: str) -> str:
    """A path of this service, or the inbox: nobody is sent elsewhere after signing in."""
    parts = urlsplit(given)
    is_path = given.startswith("/") and not given.startswith(("//", "/\\")) and "\\" not in given
    return given if is_path and not parts.netloc and not parts.scheme else "/inbox"
