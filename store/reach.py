"""Which databases a role or a token reaches at this moment: what is done with it is recorded in each of them."""

from collections.abc import Collection

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_OF_IDS = text("""
    SELECT id FROM databases WHERE CAST(:ids AS bigint[]) IS NULL OR id = ANY(:ids) ORDER BY id
""")
_OF_PERSON = text("""
    SELECT d.id FROM databases d WHERE EXISTS (
      SELECT FROM roles r WHERE r.person_id = :person_id AND (r.database_id IS NULL OR r.database_id = d.id))
    ORDER BY d.id
""")


async def reached_by(connection: AsyncConnection, database_ids: Collection[int] | None) -> list[int]:
    """Of these, those that exist; None: every database."""
    ids = None if database_ids is None else list(database_ids)
    return list((await connection.execute(_OF_IDS, {"ids": ids})).scalars())


async def reached_by_person(connection: AsyncConnection, person_id: int) -> list[int]:
    """By what their roles say, also while they are disabled."""
    return list((await connection.execute(_OF_PERSON, {"person_id": person_id})).scalars())
