"""Bearer tokens: hashed at rest, of a service or a person, checked anew at every call."""

import hashlib
import hmac
import re
import secrets
import string
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import DatabaseKeyed, NameTaken, PersonRequired, ScopeMissing, Unauthenticated
from domain.roles import Role
from domain.times import rfc3339
from ledger.events import Event, EventKind
from store.engine import Store
from store.journal import record
from store.people import Person
from store.reach import reached_by, reached_by_person
from store.tables import people, sessions, tokens

_SHAPE = re.compile(r"of_([a-z0-9]{8})_([A-Za-z0-9_-]{43})")
# A session that its browser has not used for so long is over.
SESSION_IDLE = timedelta(minutes=30)
_ID_LETTERS = string.ascii_lowercase + string.digits


class OwnerKind(StrEnum):
    SERVICE = "service"
    PERSON = "person"


class Scope(StrEnum):
    CONTACTS_READ = "contacts:read"
    CONTACTS_WRITE = "contacts:write"
    MERGES_READ = "merges:read"
    MERGES_REQUEST = "merges:request"
    MERGES_DECIDE = "merges:decide"
    DATABASES_READ = "databases:read"
    DATABASES_WRITE = "databases:write"
    ADMIN = "admin"


_READING = frozenset({Scope.CONTACTS_READ, Scope.DATABASES_READ, Scope.MERGES_READ})
SCOPES: Mapping[Role, frozenset[Scope]] = {
    Role.REQUESTER: _READING | {Scope.CONTACTS_WRITE, Scope.MERGES_REQUEST},
    Role.SPECIALIST: _READING | {Scope.DATABASES_WRITE, Scope.MERGES_DECIDE},
    Role.AUDITOR: _READING,
    Role.ADMIN: frozenset({Scope.ADMIN}),
}

_VALID = text("""
    SELECT t.id, t.secret_hash, t.owner_kind, t.person_id, t.scopes, t.database_ids,
      CASE t.owner_kind WHEN 'person' THEN (
        SELECT jsonb_agg(jsonb_build_array(r.role, r.database_id)) FROM roles r WHERE r.person_id = t.person_id
      ) END AS roles,
      EXISTS (SELECT FROM databases d WHERE d.id = :database_id) AS database_exists
    FROM tokens t LEFT JOIN sessions s ON s.token_id = t.id
    WHERE t.id = :id AND t.revoked IS NULL AND t.expires > now()
      AND CASE WHEN :in_cookie THEN s.last_seen > now() - :idle ELSE s.token_id IS NULL END AND (
      t.owner_kind = 'service' OR EXISTS (SELECT FROM people p WHERE p.id = t.person_id AND p.disabled IS NULL)
    )
""")


@dataclass(frozen=True)
class Token:
    """Who calls, and what they may. In `scopes`, None stands for every database.

    `person_id` is whose token it is, or who answers for the service that has it: nobody, for some services.
    """

    id: str
    owner_kind: OwnerKind
    person_id: int | None
    scopes: Mapping[int | None, frozenset[str]]

    def may(self, scope: Scope, database_id: int) -> bool:
        return any(self._allows(self.scopes.get(where, frozenset()), scope) for where in (None, database_id))

    def reaches(self, database_id: int) -> bool:
        return None in self.scopes or database_id in self.scopes

    def reach(self, scope: Scope) -> list[int] | None:
        """The databases in which it may do this, for listings; None: in every one."""
        where = {database_id for database_id, scopes in self.scopes.items() if self._allows(scopes, scope)}
        return None if None in where else sorted(one for one in where if one is not None)

    def _allows(self, scopes: Collection[str], scope: Scope) -> bool:
        """Nobody's token requests no merges: whose request it is must not decide on it, and here nobody would be."""
        return _include(scopes, scope) and (scope is not Scope.MERGES_REQUEST or self.person_id is not None)


def _include(scopes: Collection[str], scope: Scope) -> bool:
    """`admin` includes all others but deciding: that takes the role of a specialist."""
    return scope in scopes or (Scope.ADMIN in scopes and scope is not Scope.MERGES_DECIDE)


_MAY_REQUEST = text("""
    SELECT d.keyed, EXISTS (
      SELECT FROM tokens t WHERE t.id = :token_id AND t.revoked IS NULL AND t.expires > now() AND CASE t.owner_kind
        WHEN 'service' THEN t.person_id IS NOT NULL
          AND (t.database_ids IS NULL OR d.id = ANY(t.database_ids)) AND t.scopes && CAST(:scopes AS text[])
        ELSE EXISTS (
          SELECT FROM people p JOIN roles r ON r.person_id = p.id
          WHERE p.id = t.person_id AND p.disabled IS NULL
            AND r.role = ANY(:roles) AND (r.database_id IS NULL OR r.database_id = d.id)
        )
      END
    ) AS may
    FROM databases d WHERE d.id = :database_id
""")
_STANDS = text("SELECT id FROM tokens WHERE id = :id AND revoked IS NULL AND expires > now() FOR SHARE")
_REQUESTING = {
    "scopes": [scope.value for scope in Scope if _include({scope}, Scope.MERGES_REQUEST)],
    "roles": [role.value for role in Role if _include(SCOPES[role], Scope.MERGES_REQUEST)],
}


@dataclass(frozen=True)
class TokenRow:
    """A token as `onefold token list` shows it: its secret is not stored.

    `owner` is the service's name or the person's e-mail address, `person` the address of who answers for a service.
    A person's has no scopes and databases of its own: both follow from their roles.
    """

    id: str
    owner: str
    owner_kind: OwnerKind
    person: str | None
    scopes: tuple[str, ...]
    database_ids: tuple[int, ...] | None
    created: datetime
    expires: datetime
    revoked: datetime | None


def new_token() -> str:
    """`of_<id>_<secret>`: the prefix lets scanners find a leak, the secret has 256 bits."""
    token_id = "".join(secrets.choice(_ID_LETTERS) for _ in range(8))
    return f"of_{token_id}_{secrets.token_urlsafe(32)}"


async def authenticate(
    store: Store, bearer: str, database_id: int = 0, *, in_cookie: bool = False
) -> tuple[Token, bool]:
    """The token, if it is valid at this moment, and whether the database exists: one statement, since every call asks.

    A revocation takes effect at the next call, and so does every change of a person's roles. The tokens of a disabled
    person are not valid; a service that they answer for goes on, since others depend on it. A session's token is valid
    in a cookie alone, and no other one there: what pages mask and ask again would else be a matter of courtesy. Raises
    Unauthenticated.
    """
    token_id, secret = _parts(bearer)
    asked = {"id": token_id, "database_id": database_id, "idle": SESSION_IDLE, "in_cookie": in_cookie}
    async with store.statements() as connection:
        row = (await connection.execute(_VALID, asked)).one_or_none()
    if row is None or not hmac.compare_digest(row.secret_hash, _hash(secret)):
        raise Unauthenticated
    kind = OwnerKind(row.owner_kind)
    scopes = _scopes_of_person(row) if kind is OwnerKind.PERSON else _scopes_of_service(row)
    return Token(row.id, kind, row.person_id, scopes), row.database_exists


async def demand_requester(connection: AsyncConnection, token_id: str, database_id: int) -> None:
    """Raises ScopeMissing unless the token may request merges in the database now, DatabaseKeyed for a keyed one."""
    asked = {"token_id": token_id, "database_id": database_id, **_REQUESTING}
    row = (await connection.execute(_MAY_REQUEST, asked)).one_or_none()
    if row is None or not row.may:
        raise ScopeMissing
    if row.keyed:
        raise DatabaseKeyed


async def is_valid(connection: AsyncConnection, token_id: str) -> bool:
    """Whether it is neither revoked nor expired; a revocation waits until the transaction ends."""
    return (await connection.execute(_STANDS, {"id": token_id})).first() is not None


async def create_for_service(
    store: Store,
    bearer: str,
    *,
    service: str,
    scopes: Collection[Scope],
    database_ids: Collection[int] | None,
    expires: datetime,
    person_id: int | None = None,
) -> None:
    """Stores a token made by `new_token`, for a service that `person_id` answers for.

    The operator does so, by the command. Raises PersonRequired for a scope that no service may have, or none that
    nobody answers for; NameTaken where the token's id exists.
    """
    if Scope.MERGES_DECIDE in scopes:
        raise PersonRequired("No service gets the scope merges:decide: a person has it who has the role specialist.")
    if person_id is None and _include(scopes, Scope.MERGES_REQUEST):
        raise PersonRequired(
            "A service that may request merges needs a person who answers for it, and who then decides on none of them."
        )
    await _create(
        store,
        bearer,
        owner=service,
        owner_kind=OwnerKind.SERVICE.value,
        person_id=person_id,
        scopes=sorted(scopes),
        database_ids=None if database_ids is None else sorted(database_ids),
        expires=expires,
    )


async def create_for_person(
    store: Store, bearer: str, person: Person, expires: datetime, by: str | None = None
) -> None:
    """Stores a token made by `new_token`. What it may do follows from the person's roles. Raises NameTaken.

    `by`, as below, is the token of whoever does it; None: the operator, by the command.
    """
    await _create(
        store,
        bearer,
        by=by,
        owner=person.email,
        owner_kind=OwnerKind.PERSON.value,
        person_id=person.id,
        scopes=[],
        database_ids=None,
        expires=expires,
    )


async def adopt(store: Store, bearer: str, person: Person, kind: OwnerKind) -> None:
    """Gives a token that is nobody's to a person: as their own, or to answer for the service that has it."""
    token_id, _ = _parts(bearer)
    own: dict[str, object] = {"owner": person.email, "owner_kind": kind.value, "scopes": [], "database_ids": None}
    async with store.transaction() as connection:
        adopted = await connection.execute(
            update(tokens)
            .where(tokens.c.id == token_id, tokens.c.person_id.is_(None))
            .values(person_id=person.id, **(own if kind is OwnerKind.PERSON else {}))
            .returning(tokens)
        )
        if (row := adopted.one_or_none()) is not None:
            detail = {"token": token_id, "owner": kind.value, "person": person.id}
            await _record_in_reach(connection, row, EventKind.TOKEN_ADOPTED, None, detail)


async def _create(store: Store, bearer: str, *, by: str | None = None, **values: object) -> None:
    token_id, secret = _parts(bearer)
    async with store.transaction() as connection:
        created = await connection.execute(
            upsert(tokens)
            .values(id=token_id, secret_hash=_hash(secret), **values)
            .on_conflict_do_nothing()
            .returning(tokens)
        )
        if (row := created.one_or_none()) is None:
            raise NameTaken
        detail = {
            "token": token_id,
            "owner": row.owner_kind,
            "person": row.person_id,
            "scopes": row.scopes,
            "expires": rfc3339(row.expires),
        }
        await _record_in_reach(connection, row, EventKind.TOKEN_CREATED, by, detail)


async def list_all(store: Store) -> list[TokenRow]:
    """Those of services and people; sessions are listed by themselves."""
    query = (
        select(tokens, people.c.email)
        .outerjoin(people)
        .where(tokens.c.id.not_in(select(sessions.c.token_id)))
        .order_by(tokens.c.created, tokens.c.id)
    )
    async with store.transaction() as connection:
        return [
            TokenRow(
                row.id,
                row.owner,
                OwnerKind(row.owner_kind),
                row.email,
                tuple(row.scopes),
                None if row.database_ids is None else tuple(row.database_ids),
                row.created,
                row.expires,
                row.revoked,
            )
            for row in await connection.execute(query)
        ]


async def revoke(store: Store, token_id: str, by: str | None = None) -> bool:
    """Whether there was a valid token with this id."""
    async with store.transaction() as connection:
        return await revoke_where(connection, tokens.c.id == token_id, by) > 0


async def revoke_where(connection: AsyncConnection, condition: ColumnElement[bool], by: str | None) -> int:
    """The same for all that the condition holds for; returns how many there were."""
    revoked = await connection.execute(
        update(tokens).where(condition, tokens.c.revoked.is_(None)).values(revoked=func.now()).returning(tokens)
    )
    rows = revoked.all()
    for row in rows:
        await _record_in_reach(connection, row, EventKind.TOKEN_REVOKED, by, {"token": row.id})
    return len(rows)


async def _record_in_reach(
    connection: AsyncConnection, token: Row[Any], kind: EventKind, by: str | None, detail: Mapping[str, object]
) -> None:
    """In every database that the token reaches: a person's own as their roles say, a service's as it says itself."""
    if token.owner_kind == OwnerKind.PERSON:
        reached = await reached_by_person(connection, token.person_id)
    else:
        reached = await reached_by(connection, token.database_ids)
    await record(connection, *(Event(kind, one, token_id=by, detail=detail) for one in reached))


def id_of(bearer: str) -> str:
    """The public part of a token. Raises Unauthenticated for what is none."""
    return _parts(bearer)[0]


def _parts(bearer: str) -> tuple[str, str]:
    shape = _SHAPE.fullmatch(bearer)
    if not shape:
        raise Unauthenticated
    return shape[1], shape[2]


def _scopes_of_service(row: Row[Any]) -> dict[int | None, frozenset[str]]:
    return dict.fromkeys([None] if row.database_ids is None else row.database_ids, frozenset(row.scopes))


def _scopes_of_person(row: Row[Any]) -> dict[int | None, frozenset[str]]:
    scopes: dict[int | None, frozenset[str]] = {}
    for role, database_id in row.roles or ():
        scopes[database_id] = scopes.get(database_id, frozenset()) | SCOPES[Role(role)]
    return scopes


def _hash(secret: str) -> bytes:
    """A fast hash is right for a secret of 256 random bits (OWASP ASVS 6.5.2)."""
    return hashlib.sha256(secret.encode()).digest()
