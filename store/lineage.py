"""What became of whom: the contacts that ended in a contact, the merges that did it, and what is open about it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.contact import Contact
from domain.documents import contact_from
from store.merges import MergeRow, merge_of

# Every contact that ended in this one, by whatever way; the contact itself first.
_ENDED_HERE = """
    WITH RECURSIVE family AS (
      SELECT id FROM contacts WHERE id = :id
      UNION ALL
      SELECT c.id FROM contacts c JOIN family ON c.merged_into = family.id
    )
    SELECT m.* FROM merges m WHERE """
_CHANGES = text(f"""{_ENDED_HERE} m.survivor_id IN (SELECT id FROM family)
    AND m.outcome IN ('merged', 'assigned', 'reassigned') ORDER BY m.settled DESC, m.ledger_seq DESC
""")  # noqa: S608 - our own text
_OPEN = text(f"""{_ENDED_HERE} m.database_id = :database_id AND m.state <> 'done' AND (
      m.device_snapshot ->> 'id' = ANY(SELECT id::text FROM family)
      OR m.lookup_snapshot ->> 'id' = ANY(SELECT id::text FROM family)
    ) ORDER BY m.requested
""")  # noqa: S608 - our own text
_ABSORPTION = text("""
    WITH RECURSIVE chain AS (
      SELECT id, merged_into FROM contacts WHERE id = :id
      UNION ALL
      SELECT c.id, c.merged_into FROM contacts c JOIN chain ON c.id = chain.merged_into
    )
    SELECT m.id, m.settled, m.survivor_id, m.device_snapshot, m.lookup_snapshot,
      (SELECT id FROM chain WHERE merged_into IS NULL) AS live_id
    FROM merges m WHERE m.absorbed_id = :id AND m.outcome = 'merged'
""")
# UNION forgets what it has been to: a circle, which only somebody's hand can have made, ends.
_FAMILY = text("""
    WITH RECURSIVE later AS (
      SELECT id, merged_into FROM contacts WHERE id = :id
      UNION
      SELECT c.id, c.merged_into FROM contacts c JOIN later ON c.id = later.merged_into
    ),
    family AS (
      SELECT id, merged_into FROM later WHERE merged_into IS NULL
      UNION
      SELECT c.id, c.merged_into FROM contacts c JOIN family ON c.merged_into = family.id
    )
    SELECT f.id, f.merged_into, m.id AS merge_id, m.settled AS at
    FROM family f LEFT JOIN merges m ON m.absorbed_id = f.id AND m.outcome = 'merged' ORDER BY m.settled, f.id
""")
_APART = text("""
    SELECT CASE n.contact_id WHEN :id THEN n.other_id ELSE n.contact_id END AS other_id, n.created, d.merge_id,
      p.name AS person, d.reason
    FROM kept_apart n JOIN decisions d ON d.id = n.decision_id JOIN people p ON p.id = d.person_id
    WHERE (n.contact_id = :id OR n.other_id = :id) AND n.lifted IS NULL ORDER BY n.id
""")
_LISTS = text("""
    SELECT l.id, l.name FROM contact_lists l JOIN contact_list_members m ON m.list_id = l.id
    WHERE m.contact_id = :id ORDER BY l.name
""")


@dataclass(frozen=True)
class Absorption:
    """How a contact ended: the merge, the row that survived it, and who answers for both today."""

    merge_id: UUID
    at: datetime
    survivor_id: int
    live_id: int
    contact: Contact


@dataclass(frozen=True)
class Relative:
    """A contact that is one with others today; `merged_into` None: the one that lives.

    `merge_id` and `at` are how and when it was absorbed.
    """

    id: int
    merged_into: int | None
    merge_id: UUID | None
    at: datetime | None


@dataclass(frozen=True)
class Apart:
    """A contact that a person said is somebody else."""

    other_id: int
    created: datetime
    merge_id: UUID
    person: str
    reason: str | None


@dataclass(frozen=True)
class ContactList:
    id: int
    name: str


async def changes_of(connection: AsyncConnection, contact_id: int) -> list[MergeRow]:
    """The requests that wrote to this contact or to one that ended in it, newest first."""
    return [merge_of(row) for row in await connection.execute(_CHANGES, {"id": contact_id})]


async def open_requests_of(connection: AsyncConnection, database_id: int, contact_id: int) -> list[MergeRow]:
    asked = {"id": contact_id, "database_id": database_id}
    return [merge_of(row) for row in await connection.execute(_OPEN, asked)]


async def absorption_of(connection: AsyncConnection, contact_id: int) -> Absorption | None:
    """None for a contact that lives."""
    row = (await connection.execute(_ABSORPTION, {"id": contact_id})).one_or_none()
    return _absorption(row, contact_id) if row else None


async def family_of(connection: AsyncConnection, contact_id: int) -> list[Relative]:
    """Every contact that is one with this one today, itself among them, in the order in which they were absorbed."""
    return [Relative(**row._mapping) for row in await connection.execute(_FAMILY, {"id": contact_id})]


async def apart_from(connection: AsyncConnection, contact_id: int) -> list[Apart]:
    return [Apart(**row._mapping) for row in await connection.execute(_APART, {"id": contact_id})]


async def lists_of(connection: AsyncConnection, contact_id: int) -> list[ContactList]:
    return [ContactList(**row._mapping) for row in await connection.execute(_LISTS, {"id": contact_id})]


def _absorption(row: Row[Any], contact_id: int) -> Absorption:
    """The contact as the merge found it."""
    snapshots = [one for one in (row.device_snapshot, row.lookup_snapshot) if one]
    snapshot = next(one for one in snapshots if int(one["id"]) == contact_id)
    return Absorption(row.id, row.settled, row.survivor_id, row.live_id, contact_from(snapshot))
