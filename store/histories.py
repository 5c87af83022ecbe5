"""Histories: what happened in the runs of a merge, kept for longer than Temporal keeps them.

A history is encrypted under the keys of the contacts that its request is about, all of them: once the key of one is
destroyed, nobody reads it any more.
"""

import hashlib
import zlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.encryption import Undecryptable, combined, decrypt_bytes, encrypt_bytes
from ledger.events import Event, EventKind
from store.contact_keys import data_keys, read_data_keys
from store.engine import Store
from store.journal import record

_UNARCHIVED = text("""
    SELECT id, database_id, workflow_id, run_id, settled, now() - settled AS age FROM merges
    WHERE state = 'done' AND archived IS NULL AND (settled, id) > (:settled, :id)
    ORDER BY settled, id LIMIT :limit
""")
# The contacts that the plan was about: the request names a value of each.
_CONTACTS = text("""
    SELECT (device_snapshot->>'id')::bigint AS device, (lookup_snapshot->>'id')::bigint AS lookup
    FROM merges WHERE id = :merge_id
""")
_ARCHIVE = text("""
    INSERT INTO histories (run_id, merge_id, workflow_id, events, began, closed, digest, contact_ids, sealed)
    VALUES (:run_id, :merge_id, :workflow_id, :events, :began, :closed, :digest, :contact_ids, :sealed)
    ON CONFLICT DO NOTHING RETURNING run_id
""")
_ARCHIVED = text("UPDATE merges SET archived = now() WHERE id = :merge_id")
_OF_MERGE = text("""
    SELECT h.*, m.database_id FROM histories h JOIN merges m ON m.id = h.merge_id
    WHERE h.merge_id = :merge_id ORDER BY h.began NULLS FIRST, h.run_id
""")
_PAGE = text("""
    SELECT h.*, m.database_id FROM histories h JOIN merges m ON m.id = h.merge_id
    WHERE h.digest IS NOT NULL AND (h.merge_id, h.run_id) > (:merge_id, :run_id)
    ORDER BY h.merge_id, h.run_id LIMIT :limit
""")
_COUNT = text("SELECT count(*) FROM histories WHERE digest IS NOT NULL")
_BACKLOG = text("""
    SELECT (SELECT count(*) FROM merges WHERE state = 'done' AND archived IS NULL
              AND (CAST(:every AS boolean) OR database_id = ANY(:database_ids))) AS waiting,
      (SELECT count(*) FROM histories h JOIN merges m ON m.id = h.merge_id WHERE h.digest IS NULL
         AND (CAST(:every AS boolean) OR m.database_id = ANY(:database_ids))) AS forgotten
""")
_BATCH = 50


@dataclass(frozen=True)
class Unarchived:
    """A merge that is done, and whose runs are not all archived. `run_id` is the one that settled it."""

    id: UUID
    database_id: int
    workflow_id: str
    run_id: str
    settled: datetime
    age: timedelta


BEFORE_ALL = Unarchived(UUID(int=0), 0, "", "", datetime.min.replace(tzinfo=UTC), timedelta())


@dataclass(frozen=True)
class History:
    """What happened in a run that has closed, as Temporal gave it: JSON, its payloads as the codec left them."""

    events: int
    began: datetime
    closed: datetime
    content: bytes


@dataclass(frozen=True)
class ClosedRun:
    """A run, with its history; None: Temporal had forgotten it."""

    id: str
    history: History | None


@dataclass(frozen=True)
class ArchivedRun:
    """A run as it was archived. `digest` is None where Temporal had forgotten it.

    `content` is None also where it can't be read: a key is gone, or somebody changed it.
    """

    id: str
    merge_id: UUID
    workflow_id: str
    events: int | None
    began: datetime | None
    closed: datetime | None
    archived: datetime
    digest: bytes | None
    content: bytes | None

    @property
    def is_forgotten(self) -> bool:
        return self.digest is None

    @property
    def is_intact(self) -> bool:
        """Whether it is what was archived."""
        return self.content is not None and hashlib.sha256(self.content).digest() == self.digest


@dataclass(frozen=True)
class Backlog:
    """How many merges wait to be archived, and how many runs Temporal had forgotten before they were."""

    waiting: int
    forgotten: int


async def unarchived(store: Store, after: Unarchived, limit: int) -> Sequence[Unarchived]:
    """Merges that are done and not archived, the longest settled first."""
    position = {"settled": after.settled, "id": after.id, "limit": limit}
    async with store.statements() as connection:
        return [Unarchived(**row._mapping) for row in await connection.execute(_UNARCHIVED, position)]


async def archive(store: Store, merge: Unarchived, runs: Sequence[ClosedRun]) -> None:
    """Keeps what happened in all runs of a merge, with an event for each; those that are kept already stay."""

    async def work(connection: AsyncConnection) -> None:
        concerned = await _contacts(connection, merge.id)
        owners: list[int | None] = [*concerned] or [None]
        keys = await data_keys(connection, store.ledger_keys, merge.database_id, owners)
        key = combined(keys[one] for one in owners)
        for run in runs:
            row = {"run_id": run.id, "merge_id": merge.id, "workflow_id": merge.workflow_id}
            sealed = _sealed(key, merge.id, run, concerned)
            if (await connection.execute(_ARCHIVE, {**row, **sealed})).first():
                await record(connection, _event(merge, run, sealed["digest"]))
        await connection.execute(_ARCHIVED, {"merge_id": merge.id})

    await store.rerun(work)


async def runs_of(store: Store, merge_id: UUID) -> list[ArchivedRun]:
    """The archived runs of a merge, the first one first."""
    async with store.statements() as connection:
        rows = (await connection.execute(_OF_MERGE, {"merge_id": merge_id})).all()
        return [await _opened(connection, store, row) for row in rows]


async def all_runs(store: Store) -> AsyncIterator[ArchivedRun]:
    """Every run whose history is archived."""
    last: tuple[UUID, str] = (UUID(int=0), "")
    while True:
        async with store.statements() as connection:
            after = {"merge_id": last[0], "run_id": last[1], "limit": _BATCH}
            rows = (await connection.execute(_PAGE, after)).all()
            found = [await _opened(connection, store, row) for row in rows]
        for run in found:
            yield run
        if len(found) < _BATCH:
            return
        last = (found[-1].merge_id, found[-1].id)


async def count(store: Store) -> int:
    async with store.statements() as connection:
        return int((await connection.execute(_COUNT)).scalar_one())


async def read_backlog(store: Store, database_ids: Sequence[int] | None) -> Backlog:
    """Of these databases; None: of all."""
    where = {"every": database_ids is None, "database_ids": list(database_ids or ())}
    async with store.statements() as connection:
        return Backlog(**(await connection.execute(_BACKLOG, where)).one()._mapping)


async def _contacts(connection: AsyncConnection, merge_id: UUID) -> list[int]:
    row = (await connection.execute(_CONTACTS, {"merge_id": merge_id})).one()
    return sorted({one for one in (row.device, row.lookup) if one is not None})


def _sealed(key: bytes, merge_id: UUID, run: ClosedRun, concerned: list[int]) -> dict[str, Any]:
    if run.history is None:
        return dict.fromkeys(("events", "began", "closed", "digest", "contact_ids", "sealed"))
    content = run.history.content
    return {
        "events": run.history.events,
        "began": run.history.began,
        "closed": run.history.closed,
        "digest": hashlib.sha256(content).digest(),
        "contact_ids": concerned,
        "sealed": encrypt_bytes(key, _place(merge_id, run.id), zlib.compress(content)),
    }


async def _opened(connection: AsyncConnection, store: Store, row: Row[Any]) -> ArchivedRun:
    return ArchivedRun(
        row.run_id,
        row.merge_id,
        row.workflow_id,
        row.events,
        row.began,
        row.closed,
        row.archived,
        row.digest,
        None if row.digest is None else await _content(connection, store, row),
    )


async def _content(connection: AsyncConnection, store: Store, row: Row[Any]) -> bytes | None:
    owners = row.contact_ids or [None]
    keys = await read_data_keys(connection, store.ledger_keys, row.database_id, owners)
    try:
        key = combined(keys[one] for one in owners)
        return zlib.decompress(decrypt_bytes(key, _place(row.merge_id, row.run_id), row.sealed))
    except (KeyError, Undecryptable, zlib.error):
        return None


def _place(merge_id: UUID, run_id: str) -> str:
    return f"history/{merge_id}/{run_id}"


def _event(merge: Unarchived, run: ClosedRun, digest: bytes | None) -> Event:
    if run.history is None or digest is None:
        return Event(EventKind.HISTORY_FORGOTTEN, merge.database_id, merge.id, detail={"run": run.id})
    detail = {"run": run.id, "events": run.history.events, "digest": digest.hex()}
    return Event(EventKind.HISTORY_ARCHIVED, merge.database_id, merge.id, detail=detail)
