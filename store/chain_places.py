"""Entries where they stand in their chain: with what links them to their neighbours, and what was signed over them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.links import Links, links_of
from store.receipts import SignedCheckpoint, newest_over

_PLACES = text("""
    SELECT e.seq, e.kind, e.at, e.canonical, e.entry_hash, before.entry_hash AS before, after.canonical AS after
    FROM ledger_entries e
    LEFT JOIN ledger_entries before ON before.database_id = e.database_id AND before.seq = e.seq - 1
    LEFT JOIN ledger_entries after ON after.database_id = e.database_id AND after.seq = e.seq + 1
    WHERE e.database_id = :database_id AND e.seq = ANY(:seqs) ORDER BY e.seq
""")


@dataclass(frozen=True)
class ChainPlace:
    """`signed` is the latest checkpoint that covers the entry; None: none does yet."""

    seq: int
    kind: str
    at: datetime
    content: bytes
    entry_hash: bytes
    links: Links
    signed: SignedCheckpoint | None


async def places_of(connection: AsyncConnection, database_id: int, seqs: Collection[int]) -> dict[int, ChainPlace]:
    """Those of these entries that there are."""
    signed = await newest_over(connection, database_id)
    rows = await connection.execute(_PLACES, {"database_id": database_id, "seqs": sorted(seqs)})
    return {row.seq: _place(row, signed) for row in rows}


def _place(row: Row[Any], signed: SignedCheckpoint | None) -> ChainPlace:
    return ChainPlace(
        seq=row.seq,
        kind=row.kind,
        at=row.at,
        content=row.canonical,
        entry_hash=row.entry_hash,
        links=links_of(row.canonical, row.entry_hash, row.before, row.after),
        signed=signed if signed and signed.checkpoint.size >= row.seq else None,
    )
