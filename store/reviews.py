"""What people do around a decision: claim a merge, release it, comment on it, look at its revisions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import MergeClaimed, MergeNotPending, ValueInvalid
from domain.text import prose_flaw
from ledger.events import Event, EventKind
from store import journal
from store.engine import Store
from store.merges import PENDING_APPROVAL, read_merge
from store.reviewers import IS_REVIEWER

# The claim of somebody who may decide on it no more keeps nobody off.
_CLAIM = text(f"""
    WITH before AS (SELECT id, claimed_by FROM merges WHERE id = :merge_id FOR NO KEY UPDATE)
    UPDATE merges m SET claimed_by = :person_id, claimed = now() FROM before
    WHERE m.id = before.id AND m.state = 'pending_approval' AND NOT EXISTS (
      SELECT FROM people p WHERE p.id = m.claimed_by AND p.id <> :person_id AND {IS_REVIEWER})
    RETURNING m.database_id, before.claimed_by IS DISTINCT FROM :person_id AS is_new
""")  # noqa: S608 - our own text
_RELEASE = text("""
    UPDATE merges SET claimed_by = NULL, claimed = NULL WHERE id = :merge_id AND claimed_by = :person_id
    RETURNING id, database_id
""")
_RETURNING = "RETURNING m.id, m.database_id"
_RELEASE_ALL = """
    UPDATE merges m SET claimed_by = NULL, claimed = NULL
    WHERE m.claimed_by = :person_id AND m.state = 'pending_approval'
"""
_RELEASE_BEFORE_DISABLING = text(f"{_RELEASE_ALL} {_RETURNING}")
_RELEASE_BEFORE_TAKING = text(f"""
    {_RELEASE_ALL} AND NOT EXISTS (
      SELECT FROM roles r WHERE r.person_id = :person_id AND r.role = 'specialist'
      AND (r.database_id IS NULL OR r.database_id = m.database_id) AND r.database_id IS DISTINCT FROM :taken)
    {_RETURNING}
""")  # noqa: S608 - our own text
_REVISIONS = text("""
    SELECT revision, cause, plan, plan_digest, created FROM merge_revisions WHERE merge_id = :merge_id ORDER BY revision
""")
_SPEAKING = text("SELECT FROM people WHERE id = :person_id FOR NO KEY UPDATE")
_COMMENT = text("""
    INSERT INTO merge_comments (merge_id, person_id, text)
    SELECT CAST(:merge_id AS uuid), CAST(:person_id AS bigint), CAST(:text AS text)
    WHERE NOT EXISTS (
      SELECT FROM (SELECT * FROM merge_comments WHERE merge_id = :merge_id ORDER BY id DESC LIMIT 1) latest
      WHERE latest.person_id = :person_id AND latest.text = :text)
    RETURNING id, (SELECT m.database_id FROM merges m WHERE m.id = merge_id)
""")
_COMMENTS = text("""
    SELECT c.id, p.name AS person, c.text, c.at FROM merge_comments c JOIN people p ON p.id = c.person_id
    WHERE c.merge_id = :merge_id ORDER BY c.id
""")


@dataclass(frozen=True)
class Revision:
    """A plan as people were shown it, and why it was shown."""

    revision: int
    cause: str
    plan: dict[str, Any]
    plan_digest: str
    created: datetime


@dataclass(frozen=True)
class Comment:
    id: int
    person: str
    text: str
    at: datetime


async def claim(store: Store, merge_id: UUID, person_id: int, token_id: str) -> None:
    """Says that this person looks at it. Raises MergeNotFound, MergeNotPending, or MergeClaimed for a reviewer's."""
    async with store.transaction() as connection:
        claimed = (await connection.execute(_CLAIM, {"merge_id": merge_id, "person_id": person_id})).one_or_none()
        if claimed is None:
            merge = await read_merge(connection, merge_id)
            raise MergeClaimed if merge.state == PENDING_APPROVAL else MergeNotPending
        if claimed.is_new:
            event = Event(EventKind.MERGE_CLAIMED, claimed.database_id, merge_id, token_id=token_id)
            await journal.record(connection, event)


async def release(store: Store, merge_id: UUID, person_id: int, token_id: str) -> None:
    """Gives a claim up; nothing where it is another's or nobody's."""
    async with store.transaction() as connection:
        released = await connection.execute(_RELEASE, {"merge_id": merge_id, "person_id": person_id})
        await _record_released(connection, released, person_id, token_id)


async def release_before_disabling(connection: AsyncConnection, person_id: int, by: str | None) -> None:
    """Gives up what the person has claimed, so that it is offered to others.

    Before, not after: whoever carries out a decision of theirs holds the merge, and then asks for their role.
    """
    released = await connection.execute(_RELEASE_BEFORE_DISABLING, {"person_id": person_id})
    await _record_released(connection, released, person_id, by)


async def release_before_taking(
    connection: AsyncConnection, person_id: int, database_id: int | None, by: str | None
) -> None:
    """The same before the role of a specialist is taken: what another role of theirs covers stays claimed."""
    released = await connection.execute(_RELEASE_BEFORE_TAKING, {"person_id": person_id, "taken": database_id})
    await _record_released(connection, released, person_id, by)


async def _record_released(
    connection: AsyncConnection, released: CursorResult[Any], person_id: int, by: str | None
) -> None:
    """`person_id` had claimed them; `by` is the token of whoever released them."""
    detail = {"person": person_id}
    events = [Event(EventKind.MERGE_RELEASED, row.database_id, row.id, token_id=by, detail=detail) for row in released]
    await journal.record(connection, *events)


async def comment(store: Store, merge_id: UUID, person_id: int, token_id: str, content: str) -> None:
    """Once, where somebody sends the same words twice in a row, as a double click does.

    Raises ValueInvalid for what nobody could read.
    """
    if fault := prose_flaw(content):
        raise ValueInvalid(f"The comment {fault}.")
    async with store.transaction() as connection:
        await connection.execute(_SPEAKING, {"person_id": person_id})  # two clicks come at once
        spoken = {"merge_id": merge_id, "person_id": person_id, "text": content}
        added = (await connection.execute(_COMMENT, spoken)).one_or_none()
        if added is not None:
            told = {"comment": added.id}
            event = Event(EventKind.COMMENT_ADDED, added.database_id, merge_id, token_id=token_id, detail=told)
            await journal.record(connection, event)


async def comments_of(connection: AsyncConnection, merge_id: UUID) -> list[Comment]:
    return [Comment(**row._mapping) for row in await connection.execute(_COMMENTS, {"merge_id": merge_id})]


async def revisions_of(connection: AsyncConnection, merge_id: UUID) -> list[Revision]:
    return [Revision(**row._mapping) for row in await connection.execute(_REVISIONS, {"merge_id": merge_id})]
