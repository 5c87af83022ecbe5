"""Sessions: personal tokens that live in a browser's cookie, with an idle and an absolute limit."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, text

from store import tokens
from store.engine import Store
from store.people import Person
from store.tables import sessions
from store.tables import tokens as token_rows

LONGEST = timedelta(hours=12)
# Who approves has shown within this time that they are who they are.
FRESH = timedelta(minutes=15)
_BROWSER_LENGTH = 200
_SEEN_EVERY = timedelta(seconds=30)

_START = text("INSERT INTO sessions (token_id, browser) VALUES (:token_id, :browser)")
# Not at each request: a page with live updates would write without end.
_SEEN = text("""
    UPDATE sessions SET last_seen = now() WHERE token_id = :token_id AND last_seen < now() - :seen_every
""")
_READ = text("""
    SELECT s.token_id, p.id AS person_id, p.email, p.name, s.authenticated, t.expires
    FROM sessions s JOIN tokens t ON t.id = s.token_id JOIN people p ON p.id = t.person_id
    WHERE s.token_id = :token_id
""")
_LIST = text("""
    SELECT s.token_id, s.browser, t.created, s.last_seen, t.expires
    FROM sessions s JOIN tokens t ON t.id = s.token_id
    WHERE t.person_id = :person_id AND t.revoked IS NULL AND t.expires > now() AND s.last_seen > now() - :idle
    ORDER BY s.last_seen DESC
""")


@dataclass(frozen=True)
class Session:
    """Who is signed in. `authenticated` is when they last gave their password."""

    token_id: str
    person_id: int
    email: str
    name: str
    authenticated: datetime
    expires: datetime

    @property
    def is_fresh(self) -> bool:
        return datetime.now(UTC) - self.authenticated < FRESH


@dataclass(frozen=True)
class OpenSession:
    token_id: str
    browser: str
    created: datetime
    last_seen: datetime
    expires: datetime


async def start(store: Store, person: Person, browser: str) -> str:
    """A new session; returns what its cookie holds. Every sign-in gets one of its own."""
    bearer = tokens.new_token()
    token_id = tokens.id_of(bearer)
    # Made with itself: so the journal tells a sign-in from a token that somebody handed out.
    await tokens.create_for_person(store, bearer, person, datetime.now(UTC) + LONGEST, by=token_id)
    async with store.statements() as connection:
        parameters = {"token_id": token_id, "browser": browser[:_BROWSER_LENGTH]}
        await connection.execute(_START, parameters)
    return bearer


async def read(store: Store, token_id: str, *, is_use: bool = True) -> Session:
    """The session of a token that is valid in a cookie. `is_use` notes that it was used."""
    async with store.statements() as connection:
        row = (await connection.execute(_READ, {"token_id": token_id})).one()
        if is_use:
            await connection.execute(_SEEN, {"token_id": token_id, "seen_every": _SEEN_EVERY})
        return Session(**row._mapping)


async def end_all(store: Store, person_id: int) -> None:
    """Wherever the person is signed in; their other tokens stay. The operator does so, by the command."""
    theirs = (token_rows.c.person_id == person_id) & token_rows.c.id.in_(select(sessions.c.token_id))
    async with store.transaction() as connection:
        await tokens.revoke_where(connection, theirs, None)


async def list_open(store: Store, person_id: int) -> list[OpenSession]:
    async with store.statements() as connection:
        rows = await connection.execute(_LIST, {"person_id": person_id, "idle": tokens.SESSION_IDLE})
        return [OpenSession(**row._mapping) for row in rows]
