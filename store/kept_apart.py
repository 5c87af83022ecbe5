"""Pairs of contacts that a person decided are not the same person, until someone lifts it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.events import Event, EventKind
from ledger.merge_record import DecisionRecord
from store import journal
from store.engine import Store
from store.tables import kept_apart

_STANDING = text("""
    SELECT EXISTS (
      SELECT FROM kept_apart
      WHERE lifted IS NULL AND contact_id IN (:one, :other) AND other_id IN (:one, :other)
    )
""")
_LIST = text("""
    SELECT n.id, n.contact_id, n.other_id, n.created, d.merge_id, p.name AS person, d.reason
    FROM kept_apart n JOIN decisions d ON d.id = n.decision_id JOIN people p ON p.id = d.person_id
    WHERE n.database_id = :database_id AND n.lifted IS NULL ORDER BY n.id
""")
# Several decisions may have kept the same two apart: none of them stands any more.
_LIFT = text("""
    UPDATE kept_apart n SET lifted = now(), lifted_by = :person_id FROM kept_apart named
    WHERE named.id = :id AND named.database_id = :database_id AND named.lifted IS NULL AND n.lifted IS NULL
      AND n.contact_id IN (named.contact_id, named.other_id) AND n.other_id IN (named.contact_id, named.other_id)
    RETURNING n.id, n.contact_id, n.other_id,
      (SELECT d.merge_id FROM decisions d WHERE d.id = n.decision_id) AS merge_id
""")


@dataclass(frozen=True)
class KeptApart:
    """A standing "not the same person": both live contacts, and the decision that said so."""

    id: int
    contact_id: int
    other_id: int
    created: datetime
    merge_id: UUID
    person: str
    reason: str


async def are_kept_apart(connection: AsyncConnection, one: int, other: int) -> bool:
    return bool((await connection.execute(_STANDING, {"one": one, "other": other})).scalar_one())


async def keep_apart(
    connection: AsyncConnection, database_id: int, merge_id: UUID, one: int, other: int, decision: DecisionRecord
) -> None:
    """Two live contacts. The caller holds their locks, so that no merge of either is under way."""
    pair = {"database_id": database_id, "contact_id": one, "other_id": other, "decision_id": decision.id}
    await connection.execute(insert(kept_apart).values(pair))
    told = {"other": other, "decision": str(decision.id)}
    event = Event(
        EventKind.KEPT_APART_ADDED, database_id, merge_id, contact_id=one, token_id=decision.token, detail=told
    )
    await journal.record(connection, event)


async def list_standing(store: Store, database_id: int) -> list[KeptApart]:
    async with store.statements() as connection:
        return [KeptApart(**row._mapping) for row in await connection.execute(_LIST, {"database_id": database_id})]


async def lift(store: Store, database_id: int, id_: int, person_id: int, token_id: str) -> bool:
    """Lets the two contacts of this pair be merged again. Whether there was such a pair."""
    asked = {"id": id_, "database_id": database_id, "person_id": person_id}
    async with store.transaction() as connection:
        events = [
            Event(
                EventKind.KEPT_APART_LIFTED,
                database_id,
                row.merge_id,
                contact_id=row.contact_id,
                token_id=token_id,
                detail={"other": row.other_id, "pair": row.id},
            )
            for row in await connection.execute(_LIFT, asked)
        ]
        await journal.record(connection, *events)
    return bool(events)
