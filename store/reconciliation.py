"""What the reconciler looks for in the store, and what it has written down of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.findings import Finding, FindingKind
from ledger.events import Event, EventKind
from store import invariants
from store.engine import Store
from store.journal import record
from store.merges import MergeRow, merge_of

_OPEN = text("""
    SELECT * FROM merges WHERE state <> 'done' AND requested < now() - :grace AND id <> ALL(CAST(:but AS uuid[]))
""")
_STORED = text("""
    SELECT id, database_id, state = 'done' AND settled < now() - CAST(:grace AS interval) AS is_over
    FROM merges WHERE id = ANY(:ids)
""")
# A request about the same device that came later may have been answered already, in the light of which the earlier one
# would be wrong; one that a person decides on is looked at in that light.
_MAY_START_AGAIN = text("""
    SELECT m.state <> 'merging' OR NOT EXISTS (
      SELECT FROM merges later WHERE later.database_id = m.database_id AND later.requested > m.requested
        AND later.workflow_id = m.workflow_id AND later.id <> m.id
    ) FROM merges m WHERE m.id = :merge_id AND m.state <> 'done'
""")
# Each gives rows of subject, database_id, merge_id. A row of the outbox that failed is due again within an hour.
_LOOKS: Mapping[FindingKind, str] = {
    FindingKind.OUTBOX_STUCK: """
        SELECT o.channel AS subject, NULL::bigint AS database_id, NULL::uuid AS merge_id FROM outbox o
        WHERE o.sent IS NULL AND o.given_up IS NULL AND o.due < now() - interval '10 minutes' GROUP BY o.channel
    """,
    FindingKind.HISTORY_LATE: """
        SELECT id::text AS subject, database_id, id AS merge_id FROM merges
        WHERE state = 'done' AND archived IS NULL AND settled < now() - interval '1 hour' ORDER BY settled LIMIT 100
    """,
    # Of the newest: the sealer comes to older ones by itself, and to look through the whole journal takes long.
    FindingKind.EVENTS_UNSEALED: """
        SELECT e.database_id::text AS subject, e.database_id, NULL::uuid AS merge_id FROM ledger_events e
        WHERE e.position > coalesce((SELECT max(position) FROM ledger_events) - 10000, 0)
          AND e.at < now() - interval '1 minute'
          AND NOT EXISTS (SELECT FROM ledger_seals s WHERE s.event_id = e.id) GROUP BY e.database_id
    """,
}
_BETWEEN_LEDGER_AND_CONTACTS = (3, 4, 10)
"""The invariants that say of merges, contacts and entries that they go together."""
_MOST = 100
_NOTE = text("""
    INSERT INTO findings (kind, subject, database_id, merge_id)
    SELECT kind, subject, database_id, merge_id
    FROM jsonb_to_recordset(:found) AS f (kind text, subject text, database_id bigint, merge_id uuid)
    ON CONFLICT (kind, subject) WHERE ended IS NULL DO UPDATE SET last_seen = now()
    RETURNING kind, subject, attempts
""").bindparams(bindparam("found", type_=JSONB))
_END = text("""
    UPDATE findings SET ended = now(), healed = attempts > 0
    WHERE ended IS NULL AND kind = ANY(:kinds) AND NOT EXISTS (
      SELECT FROM jsonb_to_recordset(:found) AS f (kind text, subject text)
      WHERE f.kind = findings.kind AND f.subject = findings.subject
    )
    RETURNING kind, database_id, merge_id, healed
""").bindparams(bindparam("found", type_=JSONB))
_ATTEMPTED = text("""
    UPDATE findings SET attempts = attempts + 1 WHERE kind = :kind AND subject = :subject AND ended IS NULL
""")
_CURRENT = text("""
    SELECT kind, subject, database_id, merge_id, first_seen, last_seen, attempts FROM findings
    WHERE ended IS NULL AND (CAST(:every AS boolean) OR database_id = ANY(:database_ids))
    ORDER BY first_seen, id LIMIT :limit
""")


@dataclass(frozen=True)
class Noted:
    """A finding that stands, since when, and how often it was tried to heal it."""

    finding: Finding
    first_seen: datetime
    last_seen: datetime
    attempts: int


@dataclass(frozen=True)
class Stored:
    """What is stored of a merge, and whether it has been done for longer than the grace."""

    database_id: int
    is_over: bool


async def open_merges(store: Store, grace: timedelta, *, but: Collection[UUID]) -> Sequence[MergeRow]:
    """Those that have been open for longer, but for these: a plan is long, and very many may wait for a person."""
    async with store.statements() as connection:
        return [merge_of(row) for row in await connection.execute(_OPEN, {"grace": grace, "but": list(but)})]


async def stored(store: Store, merge_ids: Collection[UUID], grace: timedelta) -> dict[UUID, Stored]:
    async with store.statements() as connection:
        rows = await connection.execute(_STORED, {"ids": list(merge_ids), "grace": grace})
        return {row.id: Stored(row.database_id, row.is_over) for row in rows}


async def may_start_again(store: Store, merge_id: UUID) -> bool:
    """Whether executing it now is what its requester would expect; also not where it is done."""
    async with store.statements() as connection:
        return bool((await connection.execute(_MAY_START_AGAIN, {"merge_id": merge_id})).scalar_one_or_none())


async def look(store: Store) -> list[Finding]:
    """What the store alone can tell at any time: of the kinds in `LOOKED_FOR`."""
    async with store.statements() as connection:
        return [
            Finding(kind, row.subject, row.database_id, row.merge_id)
            for kind, statement in _LOOKS.items()
            for row in await connection.execute(text(statement))
        ]


LOOKED_FOR = frozenset(_LOOKS)


async def compare_ledger(store: Store) -> list[Finding]:
    """Whether merges, contacts and entries go together: reads all of them."""
    broken = await invariants.broken(store, _BETWEEN_LEDGER_AND_CONTACTS)
    return [Finding(FindingKind.LEDGER_TORN, one.what) for one in broken[:_MOST]]


async def note(store: Store, kinds: Collection[FindingKind], found: Collection[Finding]) -> dict[Finding, int]:
    """Writes down what was found of these kinds; of them, what was not found again has ended.

    Returns how often it was tried to heal each.
    """
    listed = [_listed(one) for one in found]
    async with store.transaction() as connection:
        rows = (await connection.execute(_NOTE, {"found": listed})).all()
        ended = (await connection.execute(_END, {"found": listed, "kinds": list(kinds)})).all()
        await _tell_healed(connection, ended)
    attempts = {(row.kind, row.subject): row.attempts for row in rows}
    return {one: attempts[one.kind, one.subject] for one in found}


async def count_attempt(store: Store, finding: Finding) -> None:
    """That it was tried to heal it."""
    async with store.statements() as connection:
        await connection.execute(_ATTEMPTED, {"kind": finding.kind, "subject": finding.subject})


async def current(store: Store, database_ids: Sequence[int] | None, limit: int = _MOST) -> list[Noted]:
    """What stands now, the oldest first: of these databases; None: of all, and what belongs to none."""
    where = {"every": database_ids is None, "database_ids": list(database_ids or ()), "limit": limit}
    async with store.statements() as connection:
        return [_noted(row) for row in await connection.execute(_CURRENT, where)]


async def _tell_healed(connection: AsyncConnection, ended: Sequence[Row[Any]]) -> None:
    healed = [one for one in ended if one.healed and one.database_id is not None]
    for one in healed:
        detail = {"what": one.kind}
        await record(connection, Event(EventKind.RECONCILER_HEALED, one.database_id, one.merge_id, detail=detail))


def _noted(row: Row[Any]) -> Noted:
    finding = Finding(FindingKind(row.kind), row.subject, row.database_id, row.merge_id)
    return Noted(finding, row.first_seen, row.last_seen, row.attempts)


def _listed(finding: Finding) -> dict[str, object]:
    return {
        "kind": finding.kind,
        "subject": finding.subject,
        "database_id": finding.database_id,
        "merge_id": finding.merge_id and str(finding.merge_id),
    }
