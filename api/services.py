"""What the routes work with, and who calls them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Path, Request
from fastapi.security import HTTPBearer
from temporalio.converter import PayloadCodec

from api.gateway import Gateway
from domain.errors import DatabaseNotFound, PersonRequired, ScopeMissing, Unauthenticated
from store import looks, tokens
from store.engine import Store
from store.tokens import OwnerKind, Scope, Token

LARGEST_ID = 2**63 - 1
# Shows in OpenAPI that a route wants a token; `tokens.authenticate` checks it.
shown_bearer = HTTPBearer(auto_error=False, description="A token made by `onefold token create`.")


@dataclass(frozen=True)
class CodecEndpoint:
    """Where Temporal's UI decodes payloads: one origin, and a secret in the path (its UI can't send one otherwise)."""

    codec: PayloadCodec
    origin: str
    secret: str


@dataclass(frozen=True)
class Services:
    """`codec_endpoint` None: none is served."""

    store: Store
    gateway: Gateway
    codec_endpoint: CodecEndpoint | None = None


def services(request: Request) -> Services:
    return cast("Services", request.app.state.services)


Wired = Annotated[Services, Depends(services)]
ContactId = Annotated[int, Path(alias="contactId", ge=1, le=LARGEST_ID, examples=[1000])]
ColumnName = Annotated[str, Path(alias="field", max_length=255, pattern=r"^[^\x00]+$", examples=["userId"])]


@dataclass(frozen=True)
class Caller:
    """A token that may do this, in this database."""

    token: Token
    database_id: int


async def authenticated(request: Request, wired: Wired, _: Annotated[object, Depends(shown_bearer)]) -> Token:
    """The caller's token, whatever it may."""
    token, _ = await tokens.authenticate(wired.store, bearer(request))
    return token


def needs(scope: Scope) -> Callable[..., Awaitable[Token]]:
    """The caller's token, which has this scope in one database at least."""

    async def token(request: Request, wired: Wired, _: Annotated[object, Depends(shown_bearer)]) -> Token:
        found, _ = await tokens.authenticate(wired.store, bearer(request))
        if found.reach(scope) == []:
            raise scope_missing(scope)
        return found

    return token


def needs_in_database(scope: Scope) -> Callable[..., Awaitable[Caller]]:
    """The caller, for a route with a databaseId: a foreign database and a missing one answer the same."""

    async def caller(
        request: Request,
        wired: Wired,
        database_id: Annotated[int, Path(alias="databaseId", ge=1, le=LARGEST_ID, examples=[10000])],
        _: Annotated[object, Depends(shown_bearer)],
    ) -> Caller:
        return await authorise(wired.store, request, database_id, scope)

    return caller


async def authorise(store: Store, request: Request, database_id: int, scope: Scope) -> Caller:
    token, exists = await tokens.authenticate(store, bearer(request), database_id)
    if not exists or not token.reaches(database_id):
        raise DatabaseNotFound
    caller = Caller(token, database_id)
    demand(caller, scope)
    return caller


async def note_look(store: Store, caller: Caller, *contact_ids: int) -> None:
    """That a person read these contacts with their own token, which masks nothing."""
    if caller.token.owner_kind is OwnerKind.PERSON and contact_ids:
        await looks.saw_contacts(store, caller.database_id, contact_ids, caller.token.id)


def bearer(request: Request) -> str:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated
    return value.strip()


def demand(caller: Caller, scope: Scope) -> None:
    """Raises PersonRequired for a service that would decide, ScopeMissing for whoever else lacks the scope here."""
    if scope is Scope.MERGES_DECIDE and caller.token.owner_kind is OwnerKind.SERVICE:
        raise PersonRequired
    if not caller.token.may(scope, caller.database_id):
        raise scope_missing(scope)


def scope_missing(scope: Scope) -> ScopeMissing:
    return ScopeMissing(f"The token lacks the scope {scope.value}.")
