"""Seals the journal into the chains, in batches: one entry stands for up to 500 events.

Events are looked for by what is in no entry yet. Their numbers are given before they are committed, so that one may
appear below those that are sealed.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import sealed
from ledger.events import RecordedEvent
from store.engine import Store
from store.ledger import append, lock_head

MOST = 500
# What came this far behind the last event is found as it comes; a transaction that was overtaken by more, by
# `seal_all`. Looking for it each second would read the whole journal.
_WINDOW = 10_000

_IS_OPEN = "NOT EXISTS (SELECT FROM ledger_seals s WHERE s.event_id = e.id)"
_OPEN = text(f"""
    SELECT e.database_id, min(e.position) AS first FROM ledger_events e
    WHERE e.position > coalesce((SELECT max(position) FROM ledger_events) - CAST(:window AS bigint), 0) AND {_IS_OPEN}
    GROUP BY e.database_id ORDER BY e.database_id
""")  # noqa: S608 - our own text
# Whoever has it is about to seal what there is: another one need not wait for it.
_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended('sealing', :database_id))")
_EVENTS = text(f"""
    SELECT e.id, e.kind, e.at, e.merge_id, e.contact_id, e.person_id, e.token_id, e.detail FROM ledger_events e
    WHERE e.database_id = :database_id AND e.position >= :first AND {_IS_OPEN} ORDER BY e.position LIMIT :most
""")  # noqa: S608 - our own text
_SEAL = text("""
    INSERT INTO ledger_seals (event_id, database_id, seq, place)
    SELECT id, :database_id, :seq, place - 1 FROM unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS e (id, place)
""")


async def seal_new(store: Store) -> int:
    """One entry for each database that has new events; returns how many the fullest holds, which `MOST` bounds."""
    async with store.statements() as connection:
        found = (await connection.execute(_OPEN, {"window": _WINDOW})).all()
    return await _seal_each(store, found)


async def seal_all(store: Store) -> int:
    """The same over the whole journal, which takes its time."""
    async with store.transaction() as connection:
        await connection.execute(text("SET LOCAL statement_timeout = 0"))
        found = (await connection.execute(_OPEN, {"window": None})).all()
    return await _seal_each(store, found)


async def _seal_each(store: Store, found: Sequence[Row[Any]]) -> int:
    return max([await _seal(store, row.database_id, row.first) for row in found], default=0)


async def _seal(store: Store, database_id: int, first: int) -> int:
    async with store.transaction() as connection:
        if not (await connection.execute(_LOCK, {"database_id": database_id})).scalar_one():
            return 0
        asked = {"database_id": database_id, "first": first, "most": MOST}
        events = [RecordedEvent(**row._mapping) for row in await connection.execute(_EVENTS, asked)]
        if events:
            await _append(connection, database_id, events)
        return len(events)


async def _append(connection: AsyncConnection, database_id: int, events: Sequence[RecordedEvent]) -> None:
    receipt = await append(
        connection,
        await lock_head(connection, database_id),
        database_id=database_id,
        kind=sealed.KIND,
        merge_id=None,
        payloads=[],
        keys={},
        body=sealed.sealed_body(events),
    )
    ids = [event.id for event in events]
    await connection.execute(_SEAL, {"database_id": database_id, "seq": receipt.seq, "ids": ids})
