"""Entries as they are stored, with the values beside them decrypted."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.encryption import Undecryptable, decrypt_payload
from ledger.entry import Entry, Payload
from ledger.keyring import Keyring
from store.contact_keys import DataKeys, read_data_keys

ENTRY = """
    e.database_id, e.seq, e.id, e.kind, e.at, e.canonical, e.entry_hash,
    coalesce((SELECT jsonb_agg(jsonb_build_array(p.part, p.contact_id, encode(p.encrypted, 'hex')) ORDER BY p.part)
              FROM ledger_payloads p WHERE p.database_id = e.database_id AND p.seq = e.seq), '[]') AS payloads
"""
"""What `decrypted` reads of `ledger_entries e`."""


class StoredEntry(NamedTuple):
    """`unreadable`: the contacts (None: of nobody known) whose values can't be decrypted; the entry is without them."""

    entry: Entry
    unreadable: Sequence[int | None]


async def decrypted(
    connection: AsyncConnection, keyring: Keyring, database_id: int, rows: Sequence[Row[Any]]
) -> list[StoredEntry]:
    """The entries of rows that select `ENTRY`, of one database; one statement for all of their keys."""
    contact_ids = {contact_id for row in rows for _, contact_id, _ in row.payloads}
    keys = await read_data_keys(connection, keyring, database_id, contact_ids)
    return [_entry(row, keys) for row in rows]


def _entry(row: Row[Any], keys: DataKeys) -> StoredEntry:
    payloads, unreadable = [], []
    for part, contact_id, encrypted in row.payloads:
        try:
            payloads.append(_payload(row, keys, part, contact_id, bytes.fromhex(encrypted)))
        except Undecryptable:
            unreadable.append(contact_id)
    entry = Entry(row.database_id, row.seq, row.id, row.kind, row.at, row.canonical, row.entry_hash, payloads)
    return StoredEntry(entry, unreadable)


def _payload(row: Row[Any], keys: DataKeys, part: int, contact_id: int | None, encrypted: bytes) -> Payload:
    if contact_id not in keys:
        raise Undecryptable
    return decrypt_payload(keys[contact_id], row.database_id, row.seq, part, contact_id, encrypted)
