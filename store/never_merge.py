"""Pairs of contacts that a person decided are not the same person, until someone lifts it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.engine import Store

_STANDING = text("""
    SELECT EXISTS (
      SELECT FROM never_merge
      WHERE lifted IS NULL AND contact_id IN (:one, :other) AND other_id IN (:one, :other)
    )
""")
# A contact that was absorbed since it was shown is represented by its survivor, as ever after.
_KEEP_APART = text("""
    WITH RECURSIVE chain AS (
      SELECT id AS start, id, merged_into FROM contacts WHERE id IN (:one, :other)
      UNION ALL
      SELECT chain.start, c.id, c.merged_into FROM contacts c JOIN chain ON c.id = chain.merged_into
    )
    INSERT INTO never_merge (database_id, contact_id, other_id, decision_id)
    SELECT :database_id, one.id, other.id, :decision_id FROM chain one, chain other
    WHERE one.start = :one AND other.start = :other AND one.merged_into IS NULL AND other.merged_into IS NULL
    AND one.id <> other.id
""")
_LIST = text("""
    SELECT n.id, n.contact_id, n.other_id, n.created, d.merge_id, p.name AS person, d.reason
    FROM never_merge n JOIN decisions d ON d.id = n.decision_id JOIN people p ON p.id = d.person_id
    WHERE n.database_id = :database_id AND n.lifted IS NULL ORDER BY n.id
""")
_LIFT = text("""
    UPDATE never_merge SET lifted = now(), lifted_by = :person_id
    WHERE id = :id AND database_id = :database_id AND lifted IS NULL RETURNING id
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


async def keep_apart(connection: AsyncConnection, database_id: int, one: int, other: int, decision_id: UUID) -> None:
    """The caller holds the locks of both contacts, so that no merge of them is under way."""
    await connection.execute(
        _KEEP_APART, {"database_id": database_id, "one": one, "other": other, "decision_id": decision_id}
    )


async def list_standing(store: Store, database_id: int) -> list[KeptApart]:
    async with store.statements() as connection:
        return [KeptApart(**row._mapping) for row in await connection.execute(_LIST, {"database_id": database_id})]


async def lift(store: Store, database_id: int, id_: int, person_id: int) -> bool:
    """Whether there was such a pair."""
    async with store.statements() as connection:
        lifted = await connection.execute(_LIFT, {"id": id_, "database_id": database_id, "person_id": person_id})
        return lifted.one_or_none() is not None
