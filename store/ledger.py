"""Appends to a database's chain, inside the transaction whose effect the entry records."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.entry import Entry, Head, Payload, Receipt, seal

_HEAD = text("""
    SELECT seq, entry_hash, clock_timestamp() AS at FROM ledger_heads WHERE database_id = :database_id FOR UPDATE
""")
_APPEND = text("""
    WITH entry AS (
      INSERT INTO ledger_entries (database_id, seq, id, kind, at, merge_id, canonical, entry_hash)
      VALUES (:database_id, :seq, :id, :kind, :at, :merge_id, :canonical, :entry_hash)
    ), payloads AS (
      INSERT INTO ledger_payloads (database_id, seq, part, contact_id, salt, content)
      SELECT :database_id, :seq, part, contact_id, decode(salt, 'hex'), content
      FROM jsonb_to_recordset(:payloads) AS p (part int, contact_id bigint, salt text, content jsonb)
    )
    UPDATE ledger_heads SET seq = :seq, entry_hash = :entry_hash WHERE database_id = :database_id
""").bindparams(bindparam("payloads", type_=JSONB))


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
    body: Mapping[str, object],
) -> Receipt:
    entry = seal(
        locked.head, database_id=database_id, id=uuid4(), kind=kind, at=locked.at, body=body, payloads=payloads
    )
    await connection.execute(_APPEND, _parameters(entry, merge_id))
    return Receipt(database_id, entry.seq, entry.entry_hash)


def _parameters(entry: Entry, merge_id: UUID | None) -> dict[str, Any]:
    return {
        "database_id": entry.database_id,
        "seq": entry.seq,
        "id": entry.id,
        "kind": entry.kind,
        "at": entry.at,
        "merge_id": merge_id,
        "canonical": entry.canonical,
        "entry_hash": entry.entry_hash,
        "payloads": [
            {
                "part": part,
                "contact_id": payload.contact_id,
                "salt": payload.salt.hex(),
                "content": dict(payload.values),
            }
            for part, payload in enumerate(entry.payloads)
        ],
    }
