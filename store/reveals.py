"""Reveals: who looked at values that their role masks, at what, and until when they may go on looking.

Who searches for such a value learns from a hit that it is there: searches are on record too, and limited.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from domain.errors import SearchesMany
from ledger.events import Event, EventKind
from store import journal
from store.engine import Store

LASTS = timedelta(minutes=10)
SEARCHES = 60
_WITHIN = timedelta(hours=1)

_RECORD = text("""
    INSERT INTO reveals (person_id, token_id, database_id, subject)
    VALUES (:person_id, :token_id, :database_id, :subject)
""")
_ENDS = text("""
    SELECT max(at) + :lasts AS ends FROM reveals
    WHERE person_id = :person_id AND subject = :subject AND at > now() - :lasts
""")
# One search is one time, in however many databases.
_SEARCHES = text("""
    SELECT count(DISTINCT at) FROM reveals WHERE person_id = :person_id AND subject = 'search' AND at > now() - :within
""")
_RECORD_SEARCH = text("""
    INSERT INTO reveals (person_id, token_id, database_id, subject)
    SELECT :person_id, :token_id, d.id, 'search' FROM databases d
    WHERE (CAST(:reach AS bigint[]) IS NULL OR d.id = ANY(:reach)) AND d.id <> ALL(CAST(:clear AS bigint[]))
    RETURNING database_id
""")


@dataclass(frozen=True)
class Subject:
    """Whose values: a contact's, or those that a merge shows."""

    contact_id: int | None = None
    merge_id: UUID | None = None

    def __str__(self) -> str:
        return f"contact {self.contact_id}" if self.merge_id is None else f"merge {self.merge_id}"


async def record(store: Store, *, person_id: int, token_id: str, database_id: int, subject: Subject) -> None:
    """Stored before any value is shown."""
    row = {"person_id": person_id, "token_id": token_id, "database_id": database_id, "subject": str(subject)}
    seen = (subject.merge_id, subject.contact_id)
    async with store.transaction() as connection:
        await connection.execute(_RECORD, row)
        await journal.record(connection, Event(EventKind.VALUES_REVEALED, database_id, *seen, token_id=token_id))


async def ends(store: Store, person_id: int, subject: Subject) -> datetime | None:
    """Until when the person sees this subject's values; None: they don't."""
    asked = {"person_id": person_id, "subject": str(subject), "lasts": LASTS}
    async with store.statements() as connection:
        until: datetime | None = (await connection.execute(_ENDS, asked)).scalar_one()
    return until


async def record_search(
    store: Store, *, person_id: int, token_id: str, reach: Sequence[int] | None, clear: Sequence[int]
) -> None:
    """In the databases of `reach` (None: all) but those of `clear`, whose values they see. Raises SearchesMany."""
    asked = {"person_id": person_id, "within": _WITHIN}
    row = {"person_id": person_id, "token_id": token_id, "reach": reach, "clear": list(clear)}
    async with store.transaction() as connection:
        if (await connection.execute(_SEARCHES, asked)).scalar_one() >= SEARCHES:
            raise SearchesMany
        searched = (await connection.execute(_RECORD_SEARCH, row)).scalars()
        events = [Event(EventKind.VALUES_SEARCHED, one, token_id=token_id) for one in searched]
        await journal.record(connection, *events)
