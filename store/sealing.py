"""Seals the journal into the chains, in batches: one entry stands for up to 500 events.

Events are looked for by what is in no entry yet. Their numbers are given before they are committed, so that one may
appear below those that are sealed.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import sealed
from ledger.events import RecordedEvent
from store.engine import Store
from store.ledger import append, lock_head

MOST = 500
# The newest events, of which those are found at once that are in no entry. What a transaction committed that was
# overtaken by as many is found by `seal_all`, which reads the whole journal: too much for each second.
_WINDOW = 3000

# So many are found by one look at a journal of which much waits, as after an outage: a look for each entry would take
# longer than new ones take to come.
BACKLOG = 20_000

# Asked of each event by itself: as an anti-join it would read all seals for the sake of the newest events.
_IS_OPEN = "(SELECT s.seq FROM ledger_seals s WHERE s.event_id = e.id) IS NULL"
_OPEN = text(f"""
    SELECT database_id, array_agg(id ORDER BY position) AS ids FROM (
      SELECT e.* FROM (SELECT * FROM ledger_events ORDER BY position DESC LIMIT CAST(:window AS bigint)) e
      WHERE {_IS_OPEN} ORDER BY e.position LIMIT CAST(:most AS bigint)
    ) oldest GROUP BY database_id ORDER BY database_id
""")  # noqa: S608 - our own text
# Whoever has it is about to seal what there is: another one need not wait for it.
_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended('sealing', :database_id))")
_EVENTS = text(f"""
    SELECT e.id, e.kind, e.at, e.merge_id, e.contact_id, e.person_id, e.token_id, e.detail FROM ledger_events e
    WHERE e.id = ANY(:ids) AND {_IS_OPEN} ORDER BY e.position
""")  # noqa: S608 - our own text
_SEAL = text("""
    INSERT INTO ledger_seals (event_id, database_id, seq, place)
    SELECT id, :database_id, :seq, place - 1 FROM unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS e (id, place)
""")


async def seal_new(store: Store) -> int:
    """An entry for each database that has new events, or for each `MOST` of them; returns how many were sealed."""
    async with store.statements() as connection:
        found = (await connection.execute(_OPEN, {"window": _WINDOW, "most": None})).all()
    if sum(len(row.ids) for row in found) > _WINDOW / 2:
        return await seal_all(store)  # there may be more behind them
    return await _seal_each(store, found)


async def seal_all(store: Store) -> int:
    """The same over the whole journal, which takes its time: the oldest first, `BACKLOG` of them."""
    async with store.snapshot() as connection:
        found = (await connection.execute(_OPEN, {"window": None, "most": BACKLOG})).all()
    return await _seal_each(store, found)


async def _seal_each(store: Store, found: Sequence[Row[Any]]) -> int:
    batches = [(row.database_id, row.ids[at : at + MOST]) for row in found for at in range(0, len(row.ids), MOST)]
    return sum([await _seal(store, database_id, ids) for database_id, ids in batches])


async def _seal(store: Store, database_id: int, ids: Sequence[UUID]) -> int:
    async with store.transaction() as connection:
        if not (await connection.execute(_LOCK, {"database_id": database_id})).scalar_one():
            return 0
        events = [RecordedEvent(**row._mapping) for row in await connection.execute(_EVENTS, {"ids": ids})]
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
