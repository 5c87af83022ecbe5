"""Whether a receipt is of an entry in the chain, and the proof that a checkpoint covers it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import ChainContradicted, CheckpointNotFound, ReceiptUnknown
from ledger.chain import TILE, proof_by_tiles
from ledger.checkpoint import Checkpoint
from ledger.entry import Receipt
from ledger.tree import root, verify_inclusion
from store.engine import Store

_ENTRY = text("""
    SELECT kind, at, merge_id, entry_hash = :entry_hash AS is_it FROM ledger_entries
    WHERE database_id = :database_id AND seq = :seq
""")
_NEWEST = text("""
    SELECT origin, size, root, note, at FROM ledger_checkpoints WHERE database_id = :database_id
    ORDER BY at DESC, size DESC LIMIT 1
""")
_TILES = text("""
    SELECT root FROM ledger_tiles WHERE database_id = :database_id AND origin = :origin AND number < :number
    ORDER BY number
""")
_LEAVES = text("""
    SELECT entry_hash FROM ledger_entries WHERE database_id = :database_id AND seq > :after AND seq <= :until
    ORDER BY seq
""")


@dataclass(frozen=True)
class SignedCheckpoint:
    """`note` is what was signed, and when."""

    checkpoint: Checkpoint
    note: str
    at: datetime


@dataclass(frozen=True)
class Covered:
    """The checkpoint that covers an entry, and the RFC 9162 inclusion proof of it."""

    by: SignedCheckpoint
    proof: Sequence[bytes]


@dataclass(frozen=True)
class CheckedReceipt:
    """The entry that a receipt is of; `covered` None: no checkpoint was signed since."""

    kind: str
    at: datetime
    merge_id: UUID | None
    covered: Covered | None


async def newest_over(connection: AsyncConnection, database_id: int) -> SignedCheckpoint | None:
    """The one that was signed last; None: none was yet."""
    row = (await connection.execute(_NEWEST, {"database_id": database_id})).one_or_none()
    if row is None:
        return None
    return SignedCheckpoint(Checkpoint(row.origin, row.size, row.root), row.note, row.at)


async def newest_checkpoint(store: Store, database_id: int) -> SignedCheckpoint:
    """The one that was signed last. Raises CheckpointNotFound."""
    async with store.statements() as connection:
        newest = await newest_over(connection, database_id)
    if newest is None:
        raise CheckpointNotFound
    return newest


async def check_receipt(store: Store, receipt: Receipt) -> CheckedReceipt:
    """Raises ReceiptUnknown where the chain has no such entry, ChainContradicted where its proof leads elsewhere."""
    named = {"database_id": receipt.database_id, "seq": receipt.seq, "entry_hash": receipt.entry_hash}
    async with store.statements() as connection:
        entry = (await connection.execute(_ENTRY, named)).one_or_none()
        if entry is None:
            raise ReceiptUnknown(f"The chain has no entry {receipt.seq}.")
        if not entry.is_it:
            raise ReceiptUnknown(f"Entry {receipt.seq} of the chain has another hash than the receipt names.")
        newest = await newest_over(connection, receipt.database_id)
        covered = None
        if newest and newest.checkpoint.size >= receipt.seq:
            covered = Covered(newest, await _proof(connection, receipt, newest.checkpoint))
    return CheckedReceipt(entry.kind, entry.at, entry.merge_id, covered)


async def _proof(connection: AsyncConnection, receipt: Receipt, checkpoint: Checkpoint) -> list[bytes]:
    """Reads the entry's own tile and the last one, and of the others what their trees' roots are."""
    index, size, database_id = receipt.seq - 1, checkpoint.size, receipt.database_id
    own, last = index // TILE, size // TILE
    leaves = await _leaves(connection, database_id, own, size)
    full = {"database_id": database_id, "origin": checkpoint.origin, "number": last}
    tiles = list((await connection.execute(_TILES, full)).scalars())
    if size % TILE:
        tiles.append(root(leaves if own == last else await _leaves(connection, database_id, last, size)))
    try:
        proof = proof_by_tiles(tiles, leaves, index)
    except IndexError:
        raise ChainContradicted from None
    if not verify_inclusion(receipt.entry_hash, index, size, proof, checkpoint.root):
        raise ChainContradicted
    return proof


async def _leaves(connection: AsyncConnection, database_id: int, tile: int, size: int) -> list[bytes]:
    bounds = {"database_id": database_id, "after": tile * TILE, "until": min((tile + 1) * TILE, size)}
    return list((await connection.execute(_LEAVES, bounds)).scalars())
