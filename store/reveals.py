"""Reveals: who looked at values that their role masks, at what, and until when they may go on looking."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from store.engine import Store

LASTS = timedelta(minutes=10)

_RECORD = text("""
    INSERT INTO reveals (person_id, token_id, database_id, subject)
    VALUES (:person_id, :token_id, :database_id, :subject)
""")
_ENDS = text("""
    SELECT max(at) + :lasts AS ends FROM reveals
    WHERE person_id = :person_id AND subject = :subject AND at > now() - :lasts
""")


def contact_subject(contact_id: int) -> str:
    return f"contact {contact_id}"


def merge_subject(merge_id: UUID) -> str:
    return f"merge {merge_id}"


async def record(store: Store, *, person_id: int, token_id: str, database_id: int, subject: str) -> None:
    """Stored before any value is shown."""
    row = {"person_id": person_id, "token_id": token_id, "database_id": database_id, "subject": subject}
    async with store.statements() as connection:
        await connection.execute(_RECORD, row)


async def ends(store: Store, person_id: int, subject: str) -> datetime | None:
    """Until when the person sees this subject's values; None: they don't."""
    asked = {"person_id": person_id, "subject": subject, "lasts": LASTS}
    async with store.statements() as connection:
        until: datetime | None = (await connection.execute(_ENDS, asked)).scalar_one()
    return until
