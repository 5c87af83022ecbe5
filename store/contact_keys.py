"""The data keys of contacts, wrapped: what the values beside the ledger's entries are encrypted under."""

from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import ServiceUnavailable
from ledger.encryption import Undecryptable, data_key_place, new_data_key, unwrap, wrap
from ledger.keyring import Keyring
from store.engine import RowsChanged

DataKeys = Mapping[int | None, bytes]
"""Data keys in clear by contact; None: the database's own, for what belongs to no contact that is known."""

_OF_CONTACTS = """
    SELECT contact_id, key_id, wrapped FROM contact_keys
    WHERE database_id = :database_id AND (contact_id = ANY(:contact_ids) OR :own AND contact_id IS NULL)
"""
_READ = text(_OF_CONTACTS)
# The candidates of those who have a key already come to nothing.
_READ_OR_MAKE = text(f"""
    WITH made AS (
      INSERT INTO contact_keys (database_id, contact_id, key_id, wrapped)
      SELECT :database_id, contact_id, :key_id, wrapped
      FROM unnest(CAST(:candidates AS bigint[]), CAST(:wrapped AS bytea[])) AS candidate (contact_id, wrapped)
      ON CONFLICT (database_id, contact_id) DO NOTHING
      RETURNING contact_id, key_id, wrapped
    )
    SELECT * FROM made UNION ALL {_OF_CONTACTS}
""")  # noqa: S608 - our own text

log = structlog.get_logger()


async def data_keys(
    connection: AsyncConnection, keyring: Keyring, database_id: int, contact_ids: Iterable[int | None]
) -> DataKeys:
    """The key of each contact, made where it has none. To be taken before the chain's head is locked.

    Raises RowsChanged where another transaction made one at this moment.
    """
    wanted = sorted(set(contact_ids), key=lambda contact_id: contact_id or 0)
    candidates = [wrap(keyring, data_key_place(database_id, one), new_data_key())[1] for one in wanted]
    rows = await connection.execute(
        _READ_OR_MAKE,
        {
            **_parameters(database_id, wanted),
            "candidates": wanted,
            "key_id": keyring.current,
            "wrapped": candidates,
        },
    )
    try:
        keys = {row.contact_id: _unwrapped(keyring, database_id, row) for row in rows}
    except Undecryptable:
        log.error("store.data_key_unreadable", database_id=database_id)  # noqa: TRY400 - a setting is wrong, not code
        raise ServiceUnavailable from None
    if keys.keys() != set(wanted):
        raise RowsChanged
    return keys


async def read_data_keys(
    connection: AsyncConnection, keyring: Keyring, database_id: int, contact_ids: Iterable[int | None]
) -> DataKeys:
    """The keys of those contacts that have one which can be read."""
    keys = {}
    for row in await connection.execute(_READ, _parameters(database_id, list(contact_ids))):
        try:
            keys[row.contact_id] = _unwrapped(keyring, database_id, row)
        except Undecryptable:
            continue
    return keys


def _parameters(database_id: int, contact_ids: list[int | None]) -> dict[str, Any]:
    known = [one for one in contact_ids if one is not None]
    return {"database_id": database_id, "contact_ids": known, "own": None in contact_ids}


def _unwrapped(keyring: Keyring, database_id: int, row: Row[Any]) -> bytes:
    return unwrap(keyring, data_key_place(database_id, row.contact_id), row.key_id, row.wrapped)
