"""Signing in tells nobody who has an account: not by the answer, not by a pause, not by how long it takes."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import Any, cast
from uuid import uuid4

import pytest
from argon2 import PasswordHasher
from sqlalchemy import QueuePool, event, text

from domain.errors import SignInBlocked, SignInFailed
from store import passwords, people, sessions, tokens
from store.engine import Store
from store.sessions import Session
from tests.scenarios.approvals import execute

PASSWORD = "correct horse battery staple"
KINDS = ["known", "unknown", "disabled", "without a password", "no address at all"]


async def address(store: Store, kind: str) -> str:
    email = f"{uuid4().hex}@people.example"
    if kind == "no address at all":
        return f"a\x00{email}"
    if kind != "unknown":
        await people.add(store, email, "Tess Tester")
    if kind in {"known", "disabled"}:
        await passwords.set_password(store, email, PASSWORD)
    if kind == "disabled":
        await people.disable(store, (await people.find(store, email)).id)
    return email


async def outcome(store: Store, email: str, password: str = "another password", before: Session | None = None) -> str:
    try:
        await passwords.check_password(store, email, password, before)
    except (SignInFailed, SignInBlocked) as refusal:
        return refusal.code
    return "in"


@contextmanager
def told(store: Store) -> Iterator[list[str]]:
    """The statements that PostgreSQL is sent."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    event.listen(store.engine.sync_engine, "before_cursor_execute", note)
    yield statements
    event.remove(store.engine.sync_engine, "before_cursor_execute", note)


@pytest.mark.parametrize("kind", KINDS)
async def test_five_wrong_passwords_make_a_pause_whoever_has_the_address(store: Store, kind: str) -> None:
    email = await address(store, kind)
    assert [await outcome(store, email) for _ in range(7)] == ["sign-in-failed"] * 5 + ["sign-in-blocked"] * 2
    assert await outcome(store, f" {email.upper()} ") == "sign-in-blocked"
    await execute(store, "UPDATE sign_in_failures SET blocked_until = now()")
    assert [await outcome(store, email) for _ in range(2)] == ["sign-in-failed", "sign-in-blocked"]


async def test_every_address_is_asked_for_and_counted_by_the_same_statements(store: Store) -> None:
    ways = {}
    for kind in KINDS:
        email = await address(store, kind)
        with told(store) as statements:
            for _ in range(6):
                await outcome(store, email)
        ways[kind] = statements
    assert len(ways["known"]) > 6
    assert [kind for kind in KINDS if ways[kind] != ways["known"]] == []


async def test_an_unknown_address_takes_as_long_as_a_known_one(store: Store) -> None:
    times: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for _ in range(5):
        for kind, spent in times.items():
            email = await address(store, kind)
            began = perf_counter()
            await outcome(store, email)
            spent.append(perf_counter() - began)
    known = median(times["known"])
    assert {kind: spent for kind, spent in times.items() if not known / 2 < median(spent) < known * 2} == {}


async def test_the_right_password_forgives_what_was_wrong_before(store: Store) -> None:
    email = await address(store, "known")
    told = [await outcome(store, email) for _ in range(4)] + [await outcome(store, email, PASSWORD)]
    assert told == ["sign-in-failed"] * 4 + ["in"]
    assert [await outcome(store, email) for _ in range(5)] == ["sign-in-failed"] * 5
    await passwords.set_password(store, email, PASSWORD)
    assert await outcome(store, email, PASSWORD) == "in"


async def test_nobodys_wrong_passwords_keep_out_who_is_signed_in(store: Store) -> None:
    email, other = await address(store, "known"), await address(store, "known")
    sessions_of = {}
    for one in (email, other):
        secret = await sessions.start(store, await people.find(store, one), "Firefox")
        sessions_of[one] = await sessions.read(store, tokens.id_of(secret))
    assert [await outcome(store, email) for _ in range(6)][-1] == "sign-in-blocked"
    assert await outcome(store, email, PASSWORD) == "sign-in-blocked"
    assert await passwords.check_password(store, email, PASSWORD, sessions_of[email])
    with pytest.raises(SignInBlocked):
        await passwords.check_password(store, email, PASSWORD, sessions_of[other])
    told = [await outcome(store, email, "a wrong password", sessions_of[email]) for _ in range(6)]
    assert told == ["sign-in-failed"] * 5 + ["sign-in-blocked"]


class Watched(PasswordHasher):
    """Notes how many connections are in use, and how many hash at once, while a password is verified."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.pool = cast("QueuePool", store.engine.pool)
        self.in_use: list[int] = []
        self.at_once: list[int] = []
        self.running = 0

    def verify(self, *given: Any) -> Any:
        self.running += 1
        self.in_use.append(self.pool.checkedout())
        self.at_once.append(self.running)
        try:
            return super().verify(*given)
        finally:
            self.running -= 1


async def test_no_connection_is_held_while_a_password_is_hashed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else ten wrong passwords at once would leave none to everybody else."""
    watched = Watched(store)
    monkeypatch.setattr(passwords, "_hasher", watched)
    await outcome(store, await address(store, "unknown"))
    assert watched.in_use == [0]


async def test_many_passwords_at_once_are_hashed_a_few_at_a_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(store)
    monkeypatch.setattr(passwords, "_hasher", watched)
    emails = [await address(store, "unknown") for _ in range(8)]
    assert await asyncio.gather(*(outcome(store, email) for email in emails)) == ["sign-in-failed"] * 8
    assert (len(watched.at_once), max(watched.at_once)) == (8, passwords.AT_ONCE)


async def test_failures_are_forgotten_after_a_day_and_hold_no_address(store: Store) -> None:
    email = await address(store, "unknown")
    await outcome(store, email)
    await execute(store, "UPDATE sign_in_failures SET at = now() - interval '25 hours'")
    other = await address(store, "unknown")
    await outcome(store, other)
    async with store.statements() as connection:
        rows = (await connection.execute(text("SELECT * FROM sign_in_failures"))).all()
    assert [row.failures for row in rows] == [1]
    assert other not in repr(rows)
