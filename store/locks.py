"""Locks, always in this order: keys, contacts by id, ledger head. Never a further one while holding the last.

A contact's row lock covers its devices and identities: whoever changes one of them locks their owner first and
reads again. Keys cover what has no row yet: an identity that nobody holds, an address that nobody registered.
"""

from collections.abc import Collection, Iterable

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.address import Address
from domain.identity import Identity
from store.engine import RowsChanged

# Taken in the order of the hashes, so that two transactions never wait for each other crosswise.
_KEYS = text("""
    SELECT pg_advisory_xact_lock(hash)
    FROM (SELECT DISTINCT hashtextextended(key, 0) AS hash FROM unnest(CAST(:keys AS text[])) AS key ORDER BY 1) hashes
""")
_SCHEMA_SHARED = text("SELECT pg_advisory_xact_lock_shared(hashtextextended('schema', :database_id))")
_SCHEMA = text("SELECT pg_advisory_xact_lock(hashtextextended('schema', :database_id))")
_REQUEST = text("""
    SELECT pg_advisory_xact_lock_shared(hashtextextended('schema', :database_id)),
      pg_advisory_xact_lock(hashtextextended(:key, 0))
""")
_CONTACTS = text("""
    SELECT id FROM contacts WHERE id = ANY(:ids) AND database_id = :database_id ORDER BY id FOR UPDATE
""")

_SURVIVORS = text("""
    WITH RECURSIVE chain AS (
      SELECT id, merged_into FROM contacts WHERE id = ANY(:ids) AND database_id = :database_id
      UNION
      SELECT c.id, c.merged_into FROM contacts c JOIN chain ON c.id = chain.merged_into
    )
    SELECT id FROM chain WHERE merged_into IS NULL
""")


def identity_key(database_id: int, identity: Identity) -> str:
    return f"identity\x1f{database_id}\x1f{identity.name}\x1f{identity.value}"


def address_key(database_id: int, address: Address) -> str:
    return f"device\x1f{database_id}\x1f{address.channel}\x1f{address.qualifier}\x1f{address.destination}"


async def lock_keys(connection: AsyncConnection, keys: Iterable[str]) -> None:
    """Waits until no other transaction is about to give one of these identities or addresses to a contact."""
    if listed := list(keys):
        await connection.execute(_KEYS, {"keys": listed})


async def lock_schema_shared(connection: AsyncConnection, database_id: int) -> None:
    """Keeps the database's lookup keys as they are: whether a column is an identity can't change meanwhile."""
    await connection.execute(_SCHEMA_SHARED, {"database_id": database_id})


async def lock_request(connection: AsyncConnection, database_id: int, identity: Identity) -> None:
    """What a merge locks before its contacts: the schema, shared, and the requested identity."""
    key = identity_key(database_id, identity)
    await connection.execute(_REQUEST, {"database_id": database_id, "key": key})


async def lock_schema(connection: AsyncConnection, database_id: int) -> None:
    """Waits for every writer of the database's contacts, and keeps new ones out."""
    await connection.execute(_SCHEMA, {"database_id": database_id})


async def lock_contacts(connection: AsyncConnection, database_id: int, ids: Iterable[int]) -> None:
    """In the order of the ids: two merges of the same pair, asked for both ways, can't deadlock."""
    await connection.execute(_CONTACTS, {"database_id": database_id, "ids": sorted(ids)})


async def lock_survivors(connection: AsyncConnection, database_id: int, ids: Collection[int]) -> set[int]:
    """Locks contacts and the live ones that they ended in, and returns the latter.

    Raises RowsChanged where one of these was absorbed meanwhile.
    """
    survivors = await _survivors(connection, database_id, ids)
    await lock_contacts(connection, database_id, {*ids, *survivors})
    if await _survivors(connection, database_id, ids) != survivors:
        raise RowsChanged
    return survivors


async def _survivors(connection: AsyncConnection, database_id: int, ids: Collection[int]) -> set[int]:
    rows = await connection.execute(_SURVIVORS, {"database_id": database_id, "ids": list(ids)})
    return set(rows.scalars())
