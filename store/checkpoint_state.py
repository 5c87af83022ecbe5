"""How it goes with signing: which places fail, which chains are refused, what no checkpoint covers yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from store.engine import Store

PLACES_WANTED = 2
SILENT_AFTER = timedelta(minutes=1)
"""A signer that has not told of itself for so long is none; an entry that is not covered for so long is late."""

_REPORT = text("""
    INSERT INTO checkpoint_places (name, seen, failing_since, fault)
    SELECT name, now(), CASE WHEN fault IS NOT NULL THEN now() END, fault
    FROM jsonb_to_recordset(:places) AS p (name text, fault text)
    ON CONFLICT (name) DO UPDATE SET seen = now(), fault = excluded.fault,
      failing_since = CASE WHEN excluded.fault IS NOT NULL
        THEN coalesce(checkpoint_places.failing_since, now()) END
""").bindparams(bindparam("places", type_=JSONB))
_FORGET = text("DELETE FROM checkpoint_places WHERE name <> ALL(:names)")
_REFUSE = text("""
    INSERT INTO checkpoint_refusals (database_id, doubt, what) VALUES (:database_id, :doubt, :what)
    ON CONFLICT (database_id) DO UPDATE SET doubt = excluded.doubt, what = excluded.what
""")
_ALLOW = text("DELETE FROM checkpoint_refusals WHERE database_id = :database_id")
_PLACES = text("""
    SELECT name, fault, failing_since, seen < now() - :silent_after AS is_silent FROM checkpoint_places ORDER BY name
""")
_REFUSALS = text("""
    SELECT database_id, doubt, what, since FROM checkpoint_refusals
    WHERE CAST(:every AS boolean) OR database_id = ANY(:database_ids) ORDER BY since, database_id
""")
_LATE = text("""
    SELECT count(*) AS databases, min(e.at) AS oldest FROM ledger_heads h
    LEFT JOIN LATERAL (
      SELECT size FROM ledger_checkpoints c WHERE c.database_id = h.database_id ORDER BY at DESC, size DESC LIMIT 1
    ) c ON true
    JOIN ledger_entries e ON e.database_id = h.database_id AND e.seq = coalesce(c.size, 0) + 1
    WHERE e.at < now() - :silent_after AND (CAST(:every AS boolean) OR h.database_id = ANY(:database_ids))
""")


@dataclass(frozen=True)
class Place:
    """`fault`: what is wrong with it, a sentence that goes on after its name. Silent: no signer tells of it now."""

    name: str
    fault: str | None
    failing_since: datetime | None
    is_silent: bool


@dataclass(frozen=True)
class RefusedChain:
    """Nothing is signed over this chain; `what` says why."""

    database_id: int
    doubt: str
    what: str
    since: datetime


@dataclass(frozen=True)
class CheckpointState:
    """`late` databases have entries that no checkpoint covers after a minute, the first of them since `oldest`."""

    places: Sequence[Place]
    refusals: Sequence[RefusedChain]
    late: int
    oldest: datetime | None

    @property
    def is_signing(self) -> bool:
        return any(not place.is_silent for place in self.places)

    @property
    def has_places(self) -> bool:
        """As many as are asked for."""
        return len(self.places) >= PLACES_WANTED


async def report_places(connection: AsyncConnection, faults: dict[str, str | None]) -> None:
    """What a signer knows of each of its places, by name; those that it does not name are no places any more."""
    await connection.execute(_REPORT, {"places": [{"name": name, "fault": fault} for name, fault in faults.items()]})
    await connection.execute(_FORGET, {"names": list(faults)})


async def refuse(store: Store, database_id: int, doubt: str, what: str) -> None:
    """Remembers since when nothing is signed over the chain."""
    async with store.statements() as connection:
        await connection.execute(_REFUSE, {"database_id": database_id, "doubt": doubt, "what": what})


async def allow(store: Store, database_id: int) -> None:
    """The chain extends what was published: whatever was wrong is over."""
    async with store.statements() as connection:
        await connection.execute(_ALLOW, {"database_id": database_id})


async def read_state(store: Store, database_ids: Sequence[int] | None) -> CheckpointState:
    """Chains of these databases (None: of all), and every place."""
    where = {"every": database_ids is None, "database_ids": list(database_ids or ()), "silent_after": SILENT_AFTER}
    async with store.transaction() as connection:
        places = [Place(**row._mapping) for row in await connection.execute(_PLACES, where)]
        refusals = [RefusedChain(**row._mapping) for row in await connection.execute(_REFUSALS, where)]
        late = (await connection.execute(_LATE, where)).one()
    return CheckpointState(places, refusals, late.databases, late.oldest)
