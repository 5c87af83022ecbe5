"""The configured keys that wrap the data keys: which of them are in use, and how a new one takes an old one's place."""

from typing import Any

from sqlalchemy import Connection, Row, text

from ledger.encryption import Undecryptable, data_key_place, unwrap, wrap
from ledger.keyring import Keyring

_BATCH = 1000

_ONE_OF_EACH = text("""
    SELECT DISTINCT ON (key_id) database_id, contact_id, key_id, wrapped FROM contact_keys ORDER BY key_id
""")
_OLDER = text("SELECT database_id, contact_id, key_id, wrapped FROM contact_keys WHERE key_id <> :current")
_WRAP = text("""
    UPDATE contact_keys SET key_id = :key_id, wrapped = :wrapped WHERE database_id = :database_id
      AND (contact_id = :contact_id OR contact_id IS NULL AND CAST(:contact_id AS bigint) IS NULL)
""")


def in_use(connection: Connection, keyring: Keyring) -> dict[str, bool]:
    """The ids of the keys that wrap a data key, each with whether the keyring has that key."""
    return {row.key_id: _unwrapped(keyring, row) is not None for row in connection.execute(_ONE_OF_EACH)}


def wrap_anew(connection: Connection, keyring: Keyring) -> None:
    """By the current key, whatever an older one wraps. What can't be read stays as it is, for `in_use` to tell."""
    older = connection.execute(_OLDER, {"current": keyring.current}, execution_options={"yield_per": _BATCH})
    for batch in older.partitions():
        if anew := [_anew(keyring, row, key) for row in batch if (key := _unwrapped(keyring, row))]:
            connection.execute(_WRAP, anew)


def _anew(keyring: Keyring, row: Row[Any], key: bytes) -> dict[str, object]:
    key_id, wrapped = wrap(keyring, data_key_place(row.database_id, row.contact_id), key)
    return {"database_id": row.database_id, "contact_id": row.contact_id, "key_id": key_id, "wrapped": wrapped}


def _unwrapped(keyring: Keyring, row: Row[Any]) -> bytes | None:
    try:
        return unwrap(keyring, data_key_place(row.database_id, row.contact_id), row.key_id, row.wrapped)
    except Undecryptable:
        return None
