"""The inbox: merges that wait for a person, or did, with what a list of them says of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.merges import MergeRow, merge_of

SHOWN = 100
COUNTED = 1000

ITEMS = """
    SELECT m.*, b.name AS database_name, claimer.name AS claimer, decider.name AS decider, d.kind AS decided_kind,
      CASE t.owner_kind WHEN 'person' THEN asker.name ELSE t.owner END AS asked_by
    FROM merges m JOIN databases b ON b.id = m.database_id JOIN tokens t ON t.id = m.requester
    LEFT JOIN people asker ON asker.id = t.person_id LEFT JOIN people claimer ON claimer.id = m.claimed_by
    LEFT JOIN decisions d ON d.id = m.decision_id LEFT JOIN people decider ON decider.id = d.person_id
"""
"""What `item_of` reads of `merges m`."""
_REACHED = "(CAST(:reach AS bigint[]) IS NULL OR m.database_id = ANY(:reach))"
_TABS = {
    "mine": "m.state = 'pending_approval' AND m.claimed_by = :person_id",
    "unassigned": "m.state = 'pending_approval' AND m.claimed_by IS NULL",
    "open": "m.state = 'pending_approval'",
    "decided": "m.state = 'done' AND m.deadline IS NOT NULL",
}
_FILTERED = """
    (CAST(:database_id AS bigint) IS NULL OR m.database_id = :database_id)
    AND (CAST(:reason AS text) IS NULL OR :reason = ANY(m.reasons))
"""
_PAGES = {
    tab: f"""
        WHERE {_REACHED} AND {holds} AND {_FILTERED}
        ORDER BY {"m.settled DESC" if tab == "decided" else "m.deadline"}, m.id LIMIT {SHOWN}
    """
    for tab, holds in _TABS.items()
}
_LIST = {tab: text(ITEMS + page) for tab, page in _PAGES.items()}
_IDS = {tab: text("SELECT m.id FROM merges m" + page) for tab, page in _PAGES.items()}  # noqa: S608 - our own text
# What was decided grows for ever, so nobody waits until all of it is counted.
_COUNT = {
    tab: f"""(SELECT count(*) FROM (
        SELECT FROM merges m WHERE {_REACHED} AND {holds} AND {_FILTERED} LIMIT {COUNTED + 1}
    ) counted)"""  # noqa: S608 - our own text
    for tab, holds in _TABS.items()
}
_COUNTS = text("SELECT " + ", ".join(f"{counted} AS {tab}" for tab, counted in _COUNT.items()))
_ONE = text(f"{ITEMS} WHERE m.id = :merge_id")
_SOME = text(f"{ITEMS} WHERE m.id = ANY(:merge_ids) ORDER BY m.deadline, m.id")
_HOLDS = "jsonb_build_array(jsonb_build_object('value', CAST(:sought AS text)))"
# Of those that a person was asked about: all others are under /merges. Each way has an index.
_SEARCH = text(f"""
    {ITEMS} WHERE {_REACHED} AND m.deadline IS NOT NULL AND (
      m.id = CAST(:merge_id AS uuid) OR m.identity_value = :sought
      OR split_part(m.destination, '|', 1) IN (split_part(:sought, '|', 1), '+' || :sought)
        AND (m.destination IN (:sought, '+' || :sought) OR split_part(m.destination, '|', 1) = :sought)
      OR lower(m.device_snapshot ->> 'email') = lower(:sought) OR lower(m.lookup_snapshot ->> 'email') = lower(:sought)
      OR m.device_snapshot -> 'identities' @> {_HOLDS} OR m.lookup_snapshot -> 'identities' @> {_HOLDS}
    ) ORDER BY (m.state = 'done'), m.requested DESC LIMIT {SHOWN}
""")
# Nobody is offered a request of their own, which they could not decide on.
_NEXT = text(f"""
    SELECT m.id FROM merges m
    WHERE {_REACHED} AND m.state = 'pending_approval' AND (m.claimed_by IS NULL OR m.claimed_by = :person_id)
      AND {_FILTERED} AND m.id <> :but AND NOT EXISTS (
        SELECT FROM merge_requesters q JOIN tokens t ON t.id = q.token_id
        WHERE q.merge_id = m.id AND t.person_id = :person_id
      )
    ORDER BY (m.claimed_by IS NULL) <> :unclaimed_first, m.deadline, m.id LIMIT 1
""")  # noqa: S608 - our own text
_NOBODY = UUID(int=0)


class Tab(StrEnum):
    MINE = "mine"
    UNASSIGNED = "unassigned"
    OPEN = "open"
    DECIDED = "decided"


@dataclass(frozen=True)
class Item:
    """A merge with the names of those who have to do with it. `claimer` and `decider` None: nobody, or nobody yet."""

    merge: MergeRow
    database: str
    asked_by: str
    claimer: str | None
    decider: str | None
    decided: str | None
    snapshots: Mapping[int, Mapping[str, Any]]


@dataclass(frozen=True)
class Filter:
    """Which of the merges that somebody reaches. None: any."""

    database_id: int | None = None
    reason: str | None = None

    def parameters(self) -> dict[str, object]:
        return {"database_id": self.database_id, "reason": self.reason}


@dataclass(frozen=True)
class Onlooker:
    """Whose inbox it is; `reach` None: every database."""

    person_id: int
    reach: Sequence[int] | None

    def parameters(self) -> dict[str, object]:
        return {"person_id": self.person_id, "reach": self.reach}


_ANY = Filter()


async def list_items(connection: AsyncConnection, onlooker: Onlooker, tab: Tab, wanted: Filter) -> list[Item]:
    """Due first; what was decided, the last first. Not more than SHOWN."""
    rows = await connection.execute(_LIST[tab], onlooker.parameters() | wanted.parameters())
    return [item_of(row) for row in rows]


async def list_ids(connection: AsyncConnection, onlooker: Onlooker, tab: Tab, wanted: Filter) -> list[UUID]:
    """Of what `list_items` returns."""
    return list((await connection.execute(_IDS[tab], onlooker.parameters() | wanted.parameters())).scalars())


async def count_items(connection: AsyncConnection, onlooker: Onlooker, wanted: Filter) -> dict[str, int]:
    """By tab; one more than COUNTED where there are more."""
    row = (await connection.execute(_COUNTS, onlooker.parameters() | wanted.parameters())).one()
    return dict(row._mapping)


async def search(connection: AsyncConnection, onlooker: Onlooker, sought: str) -> list[Item]:
    """By the id of a merge, a device, an identity or an e-mail, each as a whole."""
    parameters = {"reach": onlooker.reach, "sought": sought, "merge_id": _merge_id(sought)}
    return [item_of(row) for row in await connection.execute(_SEARCH, parameters)]


async def read_item(connection: AsyncConnection, merge_id: UUID) -> Item | None:
    row = (await connection.execute(_ONE, {"merge_id": merge_id})).one_or_none()
    return item_of(row) if row else None


async def read_items(connection: AsyncConnection, merge_ids: Sequence[UUID]) -> list[Item]:
    return [item_of(row) for row in await connection.execute(_SOME, {"merge_ids": list(merge_ids)})]


async def next_item(
    connection: AsyncConnection,
    onlooker: Onlooker,
    wanted: Filter = _ANY,
    *,
    but: UUID = _NOBODY,
    unclaimed_first: bool = False,
) -> UUID | None:
    """What they could decide on next: their own claims before the others, or after."""
    parameters = onlooker.parameters() | wanted.parameters() | {"but": but, "unclaimed_first": unclaimed_first}
    return (await connection.execute(_NEXT, parameters)).scalar()


def _merge_id(sought: str) -> UUID | None:
    try:
        return UUID(sought)
    except ValueError:
        return None


def item_of(row: Row[Any]) -> Item:
    """A row that selects `ITEMS`."""
    snapshots = [snapshot for snapshot in (row.device_snapshot, row.lookup_snapshot) if snapshot]
    return Item(
        merge=merge_of(row),
        database=row.database_name,
        asked_by=row.asked_by,
        claimer=row.claimer,
        decider=row.decider,
        decided=row.decided_kind,
        snapshots={int(snapshot["id"]): snapshot for snapshot in snapshots},
    )
