"""Bearer tokens: hashed at rest, bound to databases and scopes, checked anew at every call."""

import hashlib
import hmac
import re
import secrets
import string
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import DatabaseKeyed, NameTaken, ScopeMissing, Unauthenticated
from store.engine import Store
from store.tables import tokens

_SHAPE = re.compile(r"of_([a-z0-9]{8})_([A-Za-z0-9_-]{43})")
_ID_LETTERS = string.ascii_lowercase + string.digits
_VALID = text("""
    SELECT id, secret_hash, scopes, database_ids,
      EXISTS (SELECT FROM databases WHERE databases.id = :database_id) AS database_exists
    FROM tokens WHERE id = :id AND revoked IS NULL AND expires > now()
""")


_MAY_REQUEST = text("""
    SELECT d.keyed, EXISTS (
      SELECT FROM tokens t WHERE t.id = :token_id AND t.revoked IS NULL AND t.expires > now()
      AND (t.database_ids IS NULL OR d.id = ANY(t.database_ids)) AND t.scopes && ARRAY['merges:request', 'admin']
    ) AS may
    FROM databases d WHERE d.id = :database_id
""")


class Scope(StrEnum):
    CONTACTS_READ = "contacts:read"
    CONTACTS_WRITE = "contacts:write"
    MERGES_READ = "merges:read"
    MERGES_REQUEST = "merges:request"
    DATABASES_READ = "databases:read"
    DATABASES_WRITE = "databases:write"
    ADMIN = "admin"


@dataclass(frozen=True)
class Token:
    """Who calls. `database_ids` None: every database; the scope `admin` includes all others."""

    id: str
    scopes: frozenset[str]
    database_ids: frozenset[int] | None

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes or Scope.ADMIN in self.scopes

    @property
    def reach(self) -> list[int] | None:
        return None if self.database_ids is None else sorted(self.database_ids)

    def reaches(self, database_id: int) -> bool:
        return self.database_ids is None or database_id in self.database_ids


@dataclass(frozen=True)
class TokenRow:
    """A token as `onefold token list` shows it. Its secret is not stored."""

    id: str
    owner: str
    owner_kind: str
    scopes: tuple[str, ...]
    database_ids: tuple[int, ...] | None
    created: datetime
    expires: datetime
    revoked: datetime | None


def new_token() -> str:
    """`of_<id>_<secret>`: the prefix lets scanners find a leak, the secret has 256 bits."""
    token_id = "".join(secrets.choice(_ID_LETTERS) for _ in range(8))
    return f"of_{token_id}_{secrets.token_urlsafe(32)}"


async def authenticate(store: Store, bearer: str, database_id: int = 0) -> tuple[Token, bool]:
    """The token, if it is valid at this moment, and whether the database exists.

    A revocation takes effect at the next call. Raises Unauthenticated.
    """
    shape = _SHAPE.fullmatch(bearer)
    if not shape:
        raise Unauthenticated
    async with store.statements() as connection:
        row = (await connection.execute(_VALID, {"id": shape[1], "database_id": database_id})).one_or_none()
    if row is None or not hmac.compare_digest(row.secret_hash, _hash(shape[2])):
        raise Unauthenticated
    reach = None if row.database_ids is None else frozenset(row.database_ids)
    return Token(row.id, frozenset(row.scopes), reach), row.database_exists


async def demand_requester(connection: AsyncConnection, token_id: str, database_id: int) -> None:
    """Raises ScopeMissing unless the token may request merges in the database now, DatabaseKeyed for a keyed one."""
    row = (await connection.execute(_MAY_REQUEST, {"token_id": token_id, "database_id": database_id})).one_or_none()
    if row is None or not row.may:
        raise ScopeMissing
    if row.keyed:
        raise DatabaseKeyed


async def create(
    store: Store,
    bearer: str,
    *,
    owner: str,
    owner_kind: str,
    scopes: Collection[Scope],
    database_ids: Collection[int] | None,
    expires: datetime,
) -> None:
    """Stores a token made by `new_token`. Raises NameTaken where its id exists, which is next to impossible."""
    shape = _SHAPE.fullmatch(bearer)
    if not shape:
        raise Unauthenticated
    async with store.transaction() as connection:
        if (await connection.execute(select(tokens.c.id).where(tokens.c.id == shape[1]))).one_or_none():
            raise NameTaken
        await connection.execute(
            insert(tokens).values(
                id=shape[1],
                secret_hash=_hash(shape[2]),
                owner=owner,
                owner_kind=owner_kind,
                scopes=sorted(scopes),
                database_ids=None if database_ids is None else sorted(database_ids),
                expires=expires,
            )
        )


async def list_all(store: Store) -> list[TokenRow]:
    async with store.transaction() as connection:
        return [
            TokenRow(
                row.id,
                row.owner,
                row.owner_kind,
                tuple(row.scopes),
                None if row.database_ids is None else tuple(row.database_ids),
                row.created,
                row.expires,
                row.revoked,
            )
            for row in await connection.execute(select(tokens).order_by(tokens.c.created, tokens.c.id))
        ]


async def revoke(store: Store, token_id: str) -> bool:
    """Whether there was a valid token with this id."""
    async with store.transaction() as connection:
        revoked = await connection.execute(
            update(tokens)
            .where(tokens.c.id == token_id, tokens.c.revoked.is_(None))
            .values(revoked=func.now())
            .returning(tokens.c.id)
        )
        return revoked.one_or_none() is not None


def _hash(secret: str) -> bytes:
    """A fast hash is right for a secret of 256 random bits (OWASP ASVS 6.5.2)."""
    return hashlib.sha256(secret.encode()).digest()
