"""Checkpoints over the chains: what the signer reads, and what it keeps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.checkpoint import Checkpoint
from ledger.entry import Entry, Head
from store.engine import Store

LEAVES_AT_ONCE = 5000
ENTRIES_AT_ONCE = 500

_HEADS = text("SELECT database_id, seq, entry_hash FROM ledger_heads ORDER BY database_id")
_LAST = text("""
    SELECT note FROM ledger_checkpoints WHERE database_id = :database_id AND origin = :origin
    ORDER BY size DESC LIMIT 1
""")
# Hashed where the bytes lie: they are many times as long as what is read of them.
_LEAVES = text("""
    SELECT seq, entry_hash AS stored, sha256('\\x00'::bytea || canonical) AS leaf FROM ledger_entries
    WHERE database_id = :database_id AND seq > :after AND seq <= :until ORDER BY seq LIMIT :batch
""")
_ENTRIES = text("""
    SELECT database_id, seq, id, kind, at, canonical, entry_hash FROM ledger_entries
    WHERE database_id = :database_id AND seq > :after AND seq <= :until ORDER BY seq LIMIT :batch
""")
_KEEP = text("""
    WITH tiles AS (
      INSERT INTO ledger_tiles (database_id, origin, number, root)
      SELECT :database_id, :origin, :first_tile + number - 1, root
      FROM unnest(CAST(:tiles AS bytea[])) WITH ORDINALITY AS t (root, number)
      ON CONFLICT DO NOTHING
    )
    INSERT INTO ledger_checkpoints (database_id, origin, size, root, note, at)
    VALUES (:database_id, :origin, :size, :root, :note, :at) ON CONFLICT DO NOTHING
""")


@dataclass(frozen=True)
class ChainHead:
    database_id: int
    head: Head


@dataclass(frozen=True)
class Leaf:
    """`stored` is the hash that is filed with an entry, `leaf` that of its bytes."""

    seq: int
    stored: bytes
    leaf: bytes


@dataclass(frozen=True)
class Signed:
    """A checkpoint's note, and when it was signed."""

    note: str
    at: datetime


async def read_heads(connection: AsyncConnection) -> list[ChainHead]:
    """Where every chain ends, according to the database."""
    rows = await connection.execute(_HEADS)
    return [ChainHead(row.database_id, Head(row.seq, row.entry_hash)) for row in rows]


async def read_last(store: Store, database_id: int, origin: str) -> str | None:
    """The note of the longest chain that was signed under this origin, according to the database."""
    async with store.statements() as connection:
        found = await connection.execute(_LAST, {"database_id": database_id, "origin": origin})
        return found.scalar_one_or_none()


async def read_leaves(store: Store, database_id: int, after: int, until: int) -> list[Leaf]:
    """So many at once, in the order of the chain."""
    bounds = {"database_id": database_id, "after": after, "until": until, "batch": LEAVES_AT_ONCE}
    async with store.statements() as connection:
        return [Leaf(row.seq, row.stored, row.leaf) for row in await connection.execute(_LEAVES, bounds)]


async def read_entries(store: Store, database_id: int, after: int, until: int) -> list[Entry]:
    """So many at once, without the values beside them."""
    bounds = {"database_id": database_id, "after": after, "until": until, "batch": ENTRIES_AT_ONCE}
    async with store.statements() as connection:
        return [Entry(**row._mapping, payloads=()) for row in await connection.execute(_ENTRIES, bounds)]


async def keep(
    store: Store,
    database_id: int,
    checkpoint: Checkpoint,
    signed: Signed,
    *,
    first_tile: int,
    tiles: Sequence[bytes],
) -> None:
    """Keeps a checkpoint that was published, once, and the roots of its chain's tiles from `first_tile` on."""
    parameters = {
        "database_id": database_id,
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": checkpoint.root,
        "note": signed.note,
        "at": signed.at,
        "first_tile": first_tile,
        "tiles": list(tiles),
    }
    async with store.statements() as connection:
        await connection.execute(_KEEP, parameters)
