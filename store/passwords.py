"""Passwords of people: argon2id, and a pause after several that were wrong."""

import asyncio
import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import text

from domain.errors import PasswordWeak, PersonNotFound, SignInBlocked, SignInFailed
from ledger.events import Event, EventKind
from store.engine import Store
from store.journal import record
from store.reach import reached_by_person
from store.sessions import Session

SHORTEST, LONGEST = 12, 256
_FREE_TRIES = 5
_PAUSE = timedelta(minutes=1)
_KEPT = timedelta(days=1)

_hasher = PasswordHasher()  # the parameters of RFC 9106's second recommendation
# Each takes 64 MiB and a core: however many try at once, these are all that they get of the process.
AT_ONCE = 2
_hashing = ThreadPoolExecutor(AT_ONCE, "password")
# Verified for an address that nobody has: how long an answer takes must not tell who is known.
_NOBODYS = _hasher.hash("nobody's password")

# One row for any address: whether somebody has it changes nothing of what is asked for and counted.
_FIND = text("""
    SELECT p.id, p.password_hash, p.disabled,
      EXISTS (SELECT FROM sign_in_failures f WHERE f.address_hash = :address_hash AND f.blocked_until > now())
        AS is_blocked
    FROM (SELECT CAST(:email AS text) AS email) asked LEFT JOIN people p ON p.email = asked.email
""")
_SET = text("UPDATE people SET password_hash = :password_hash WHERE email = :email RETURNING id")
# Counted in one statement, so that many tries at once are all counted.
_COUNT_FAILURE = text("""
    INSERT INTO sign_in_failures (address_hash, failures) VALUES (:address_hash, 1)
    ON CONFLICT (address_hash) DO UPDATE SET failures = sign_in_failures.failures + 1, at = now(),
      blocked_until = CASE WHEN sign_in_failures.failures + 1 >= :free_tries THEN now() + :pause END
""")
_FORGET_OLD = text("""
    DELETE FROM sign_in_failures WHERE address_hash IN (
      SELECT address_hash FROM sign_in_failures WHERE at < now() - :kept LIMIT 100 FOR UPDATE SKIP LOCKED
    )
""")
_FORGIVE = text("DELETE FROM sign_in_failures WHERE address_hash = :address_hash")


async def set_password(store: Store, email: str, password: str) -> None:
    """The operator does so, by the command. Raises PasswordWeak, or PersonNotFound."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise PasswordWeak(f"A password has {SHORTEST} to {LONGEST} characters.")
    address = _address(email)
    hashed = {"email": address, "password_hash": _hasher.hash(password)}
    async with store.transaction() as connection:
        person_id = (await connection.execute(_SET, hashed)).scalar_one_or_none()
        if person_id is None:
            raise PersonNotFound
        await connection.execute(_FORGIVE, {"address_hash": _hash(address)})
        reached = await reached_by_person(connection, person_id)
        detail = {"person": person_id}
        await record(connection, *(Event(EventKind.PASSWORD_SET, one, detail=detail) for one in reached))


async def check_password(store: Store, email: str, password: str, before: Session | None = None) -> int:
    """The id of the person whose password this is. Raises SignInFailed, or SignInBlocked after too many wrong ones.

    An address that nobody has is asked for, counted and blocked as any other. `before` is the session of whoever signs
    in afresh: its tries are counted by themselves, so that nobody's wrong ones keep out who is in.
    """
    address = _address(email)
    counted = {
        "address_hash": _hash(f"{address}\x00{before.token_id}" if before and before.email == address else address)
    }
    async with store.statements() as connection:
        row = (await connection.execute(_FIND, {"email": address, **counted})).one()
    if row.is_blocked:
        raise SignInBlocked
    # In a thread, and with no connection in hand: it is made to take long, and everybody else would wait.
    fits = await asyncio.get_running_loop().run_in_executor(_hashing, _fits, row.password_hash, password)
    async with store.statements() as connection:
        if not fits or row.disabled is not None:
            await connection.execute(_COUNT_FAILURE, {**counted, "free_tries": _FREE_TRIES, "pause": _PAUSE})
            await connection.execute(_FORGET_OLD, {"kept": _KEPT})
            raise SignInFailed
        await connection.execute(_FORGIVE, counted)
        return int(row.id)


def _fits(password_hash: str | None, password: str) -> bool:
    stored = password_hash or _NOBODYS
    try:
        _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not _NOBODYS


def _address(email: str) -> str:
    """As people are stored. PostgreSQL takes no NUL, and nobody has one."""
    return email.strip().lower().replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _hash(address: str) -> bytes:
    """What stands in the table: a password that was typed into the wrong field must not."""
    return hashlib.sha256(address.encode()).digest()
