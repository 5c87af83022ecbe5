"""Passwords of people: argon2id, and a pause after several that were wrong."""

import asyncio
from datetime import timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Row, text

from domain.errors import PasswordWeak, PersonNotFound, SignInBlocked, SignInFailed
from store.engine import Store

SHORTEST, LONGEST = 12, 256
_FREE_TRIES = 5
_PAUSE = timedelta(minutes=1)

_hasher = PasswordHasher()  # the parameters of RFC 9106's second recommendation
# Verified for an address that nobody has: how long an answer takes must not tell who is known.
_NOBODYS = _hasher.hash("nobody's password")

_FIND = text("""
    SELECT id, password_hash, disabled, sign_in_blocked_until > now() AS is_blocked FROM people WHERE email = :email
""")
_SET = text("""
    UPDATE people SET password_hash = :password_hash, failed_sign_ins = 0, sign_in_blocked_until = NULL
    WHERE email = :email RETURNING id
""")
# Counted in one statement, so that many tries at once are all counted.
_COUNT_FAILURE = text("""
    UPDATE people SET failed_sign_ins = failed_sign_ins + 1,
      sign_in_blocked_until = CASE WHEN failed_sign_ins + 1 >= :free_tries THEN now() + :pause END
    WHERE id = :id
""")
_FORGIVE = text("UPDATE people SET failed_sign_ins = 0, sign_in_blocked_until = NULL WHERE id = :id")


async def set_password(store: Store, email: str, password: str) -> None:
    """Raises PasswordWeak, or PersonNotFound."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise PasswordWeak(f"A password has {SHORTEST} to {LONGEST} characters.")
    parameters = {"email": email.strip().lower(), "password_hash": _hasher.hash(password)}
    async with store.statements() as connection:
        if (await connection.execute(_SET, parameters)).one_or_none() is None:
            raise PersonNotFound


async def check_password(store: Store, email: str, password: str) -> int:
    """The id of the person whose password this is. Raises SignInFailed, or SignInBlocked after too many wrong ones."""
    async with store.statements() as connection:
        row = (await connection.execute(_FIND, {"email": email.strip().lower()})).one_or_none()
        if row is not None and row.is_blocked:
            raise SignInBlocked
        # In a thread: it is made to take long, and everybody else would wait.
        if not await asyncio.to_thread(_fits, row, password) or row is None or row.disabled is not None:
            if row is not None:
                await connection.execute(_COUNT_FAILURE, {"id": row.id, "free_tries": _FREE_TRIES, "pause": _PAUSE})
            raise SignInFailed
        await connection.execute(_FORGIVE, {"id": row.id})
        return int(row.id)


def _fits(row: Row[Any] | None, password: str) -> bool:
    stored = row.password_hash if row is not None and row.password_hash else _NOBODYS
    try:
        _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not _NOBODYS
