"""What waits: open merges by state, and what has not left the outbox yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from store.engine import Store

_STATES = text("""
    SELECT state, count(*) AS number FROM merges
    WHERE state <> 'done' AND (CAST(:every AS boolean) OR database_id = ANY(:database_ids)) GROUP BY state
""")
_LONGEST_WAITING = text("""
    SELECT id, database_id, requested, deadline FROM merges
    WHERE state = 'pending_approval' AND (CAST(:every AS boolean) OR database_id = ANY(:database_ids))
    ORDER BY requested, id LIMIT 1
""")
_OUTBOX = text("""
    SELECT o.channel, count(*) FILTER (WHERE o.given_up IS NULL) AS waiting,
      count(*) FILTER (WHERE o.given_up IS NULL AND o.attempts > 0) AS tried,
      count(*) FILTER (WHERE o.given_up IS NOT NULL) AS given_up,
      min(o.created) FILTER (WHERE o.given_up IS NULL) AS oldest
    FROM outbox o JOIN merges m ON m.id = o.merge_id
    WHERE o.sent IS NULL AND (CAST(:every AS boolean) OR m.database_id = ANY(:database_ids))
    GROUP BY o.channel ORDER BY o.channel
""")


@dataclass(frozen=True)
class Waiting:
    """The request that has waited longest for a person."""

    id: UUID
    database_id: int
    requested: datetime
    deadline: datetime | None


@dataclass(frozen=True)
class Unsent:
    """Of one way out: how many wait, how many of those were tried in vain so far, and how many were given up."""

    channel: str
    waiting: int
    tried: int
    given_up: int
    oldest: datetime | None


@dataclass(frozen=True)
class Backlog:
    """`open` counts the merges that have not ended, by state."""

    open: Mapping[str, int]
    longest_waiting: Waiting | None
    unsent: Sequence[Unsent]


async def read_backlog(store: Store, database_ids: Sequence[int] | None) -> Backlog:
    """Of these databases; None: of all."""
    where = {"every": database_ids is None, "database_ids": list(database_ids or ())}
    async with store.transaction() as connection:
        states = (await connection.execute(_STATES, where)).all()
        first = (await connection.execute(_LONGEST_WAITING, where)).one_or_none()
        unsent = [Unsent(**row._mapping) for row in await connection.execute(_OUTBOX, where)]
    return Backlog({row.state: row.number for row in states}, Waiting(**first._mapping) if first else None, unsent)
