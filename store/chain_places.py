"""Entries where they stand in their chain: with what links them to their neighbours, and what was signed over them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.links import Links, links_of

_PLACES = text("""
    SELECT e.seq, e.kind, e.at, e.canonical, e.entry_hash, before.entry_hash AS before, after.canonical AS after
    FROM ledger_entries e
    LEFT JOIN ledger_entries before ON before.database_id = e.database_id AND before.seq = e.seq - 1
    LEFT JOIN ledger_entries after ON after.database_id = e.database_id AND after.seq = e.seq + 1
    WHERE e.database_id = :database_id AND e.seq = ANY(:seqs) ORDER BY e.seq
""")
_LAST_SIGNED = text("""
    SELECT origin, size, at FROM ledger_checkpoints WHERE database_id = :database_id ORDER BY at DESC, size DESC LIMIT 1
""")


@dataclass(frozen=True)
class LastSigned:
    """The latest checkpoint over a chain: it fixes the first `size` entries."""

    origin: str
    size: int
    at: datetime


@dataclass(frozen=True)
class ChainPlace:
    """`signed` is the latest checkpoint that covers the entry; None: none does yet."""

    seq: int
    kind: str
    at: datetime
    content: bytes
    entry_hash: bytes
    links: Links
    signed: LastSigned | None


async def places_of(connection: AsyncConnection, database_id: int, seqs: Collection[int]) -> dict[int, ChainPlace]:
    """Those of these entries that there are."""
    signed = await last_signed(connection, database_id)
    rows = await connection.execute(_PLACES, {"database_id": database_id, "seqs": sorted(seqs)})
    return {row.seq: _place(row, signed) for row in rows}


async def last_signed(connection: AsyncConnection, database_id: int) -> LastSigned | None:
    row = (await connection.execute(_LAST_SIGNED, {"database_id": database_id})).one_or_none()
    return LastSigned(**row._mapping) if row else None


def _place(row: Row[Any], signed: LastSigned | None) -> ChainPlace:
    return ChainPlace(
        seq=row.seq,
        kind=row.kind,
        at=row.at,
        content=row.canonical,
        entry_hash=row.entry_hash,
        links=links_of(row.canonical, row.entry_hash, row.before, row.after),
        signed=signed if signed and signed.size >= row.seq else None,
    )
