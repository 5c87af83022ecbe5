"""Appends to a database's chain, inside the transaction whose effect the entry records."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.encryption import encrypt_payload
from ledger.entry import Entry, Head, Payload, Receipt, seal
from store.contact_keys import DataKeys

_HEAD = text("""
    SELECT seq, entry_hash, clock_timestamp() AS at FROM ledger_heads WHERE database_id = :database_id FOR UPDATE
""")
_APPEND = text("""
    WITH entry AS (
      INSERT INTO ledger_entries (database_id, seq, id, kind, at, merge_id, canonical, entry_hash)
      VALUES (:database_id, :seq, :id, :kind, :at, :merge_id, :canonical, :entry_hash)
    ), payloads AS (
      INSERT INTO ledger_payloads (database_id, seq, part, contact_id, encrypted)
      SELECT :database_id, :seq, part - 1, contact_id, encrypted
      FROM unnest(CAST(:contact_ids AS bigint[]), CAST(:encrypted AS bytea[]))
        WITH ORDINALITY AS payload (contact_id, encrypted, part)
    )
    UPDATE ledger_heads SET seq = :seq, entry_hash = :entry_hash WHERE database_id = :database_id
""")


@dataclass(frozen=True)
class LockedHead:
    """The end of the chain, held until the transaction ends. `at` is the database's clock: the time of the commit."""

    head: Head
    at: datetime


async def lock_head(connection: AsyncConnection, database_id: int) -> LockedHead:
    """The last lock that a transaction takes."""
    row = (await connection.execute(_HEAD, {"database_id": database_id})).one()
    return LockedHead(Head(row.seq, row.entry_hash), row.at)


async def append(
    connection: AsyncConnection,
    locked: LockedHead,
    *,
    database_id: int,
    kind: str,
    merge_id: UUID | None,
    payloads: list[Payload],
    keys: DataKeys,
    body: Mapping[str, object],
) -> Receipt:
    """`keys` are those of the payloads' contacts, fetched before the head was locked."""
    entry = seal(
        locked.head, database_id=database_id, id=uuid4(), kind=kind, at=locked.at, body=body, payloads=payloads
    )
    await connection.execute(_APPEND, _parameters(entry, merge_id, keys))
    return Receipt(database_id, entry.seq, entry.entry_hash)


def _parameters(entry: Entry, merge_id: UUID | None, keys: DataKeys) -> dict[str, Any]:
    return {
        "database_id": entry.database_id,
        "seq": entry.seq,
        "id": entry.id,
        "kind": entry.kind,
        "at": entry.at,
        "merge_id": merge_id,
        "canonical": entry.canonical,
        "entry_hash": entry.entry_hash,
        "contact_ids": [payload.contact_id for payload in entry.payloads],
        "encrypted": [
            encrypt_payload(keys[payload.contact_id], entry.database_id, entry.seq, part, payload)
            for part, payload in enumerate(entry.payloads)
        ],
    }
