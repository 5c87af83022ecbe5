"""Who looks at a page: a person with a session, in a cookie that only this origin gets."""

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import Response

from api.services import Services, Wired
from domain.errors import Refusal, Unauthenticated
from store import sessions, tokens
from store.decisions import Decider
from store.engine import Store
from store.inbox import Onlooker
from store.sessions import LONGEST, Session
from store.tokens import Scope, Token
from web.security import over_tls

_NAME = "onefold_session"


class SignInNeeded(Exception):
    """Nobody is signed in, or no longer."""


@dataclass(frozen=True)
class Viewer:
    """The person, what they may, and the key that binds their forms to their session."""

    session: Session
    token: Token
    form_key: bytes = field(repr=False)

    def may(self, scope: Scope, database_id: int) -> bool:
        return self.token.may(scope, database_id)

    @property
    def administers(self) -> bool:
        """At least one database."""
        return self.token.reach(Scope.ADMIN) != []

    def form_token(self, path: str, *shown: str) -> str:
        """What a form carries and its answer is checked for: where it is sent, and what was shown with it."""
        return hmac.digest(self.form_key, "\x1f".join((path, *shown)).encode(), hashlib.sha256).hex()

    @property
    def decider(self) -> Decider:
        return Decider(self.token.id, self.session.person_id)

    @property
    def onlooker(self) -> Onlooker:
        return Onlooker(self.session.person_id, self.token.reach(Scope.MERGES_READ))

    @property
    def deciding_onlooker(self) -> Onlooker:
        """Of the databases alone in which they may decide."""
        return Onlooker(self.session.person_id, self.token.reach(Scope.MERGES_DECIDE))


async def signed_in(request: Request, wired: Wired) -> Viewer:
    """Raises SignInNeeded."""
    viewer = await maybe_signed_in(request, wired)
    if viewer is None:
        raise SignInNeeded
    return viewer


async def recognised(request: Request, wired: Wired) -> None:
    """For the frame of a page that is everybody's: who is signed in, and nobody while the store does not answer."""
    try:
        await maybe_signed_in(request, wired)
    except Refusal:
        request.state.viewer = None


async def watching(request: Request, wired: Wired) -> Viewer:
    """Whoever is signed in, which counts as no use of the session. Raises SignInNeeded."""
    viewer = await _viewer(request, wired, is_use=False)
    if viewer is None:
        raise SignInNeeded
    return viewer


async def maybe_signed_in(request: Request, wired: Wired) -> Viewer | None:
    viewer = await _viewer(request, wired, is_use=True)
    request.state.viewer = viewer  # for the frame of whatever page the answer is
    return viewer


async def _viewer(request: Request, wired: Services, *, is_use: bool) -> Viewer | None:
    return await viewer_with(wired.store, request.cookies.get(cookie_name(request), ""), is_use=is_use)


async def viewer_with(store: Store, secret: str, *, is_use: bool) -> Viewer | None:
    """Whose session has this secret; None: nobody's, or no longer."""
    try:
        token, _ = await tokens.authenticate(store, secret, in_cookie=True)
    except Unauthenticated:
        return None
    session = await sessions.read(store, token.id, is_use=is_use)
    return Viewer(session, token, hmac.digest(secret.encode(), b"forms", hashlib.sha256))


SignedIn = Annotated[Viewer, Depends(signed_in)]
MaybeSignedIn = Annotated[Viewer | None, Depends(maybe_signed_in)]


def cookie_name(request: Request) -> str:
    """Over TLS no other host or path can set it; over plain HTTP, as on loopback, a browser refuses that prefix."""
    return f"__Host-{_NAME}" if over_tls(request) else _NAME


def set_session(request: Request, answer: Response, secret: str) -> None:
    answer.set_cookie(
        cookie_name(request),
        secret,
        max_age=int(LONGEST.total_seconds()),
        path="/",
        secure=over_tls(request),
        httponly=True,
        samesite="lax",
    )


def end_session(request: Request, answer: Response) -> None:
    answer.delete_cookie(cookie_name(request), path="/", secure=over_tls(request), httponly=True, samesite="lax")
