"""Reads one database's whole record at one moment, for somebody who checks it elsewhere."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import DatabaseNotFound, PersonRequired, ScopeMissing
from ledger.entry import Head
from ledger.export import ABSORBED, CHECKPOINTS, ENTRIES, PAYLOADS, TOKENS, entry_line, json_line, payload_line
from ledger.keyring import Keyring
from store.engine import Store
from store.entries import ENTRY, decrypted
from store.tokens import OwnerKind, Scope, Token

_BATCH = 500

_HEAD = text("SELECT seq, entry_hash, clock_timestamp() AS at FROM ledger_heads WHERE database_id = :database_id")
_ENTRIES = """
    SELECT {columns} FROM ledger_entries e WHERE e.database_id = :database_id AND e.seq > :after
    ORDER BY e.seq LIMIT :batch
"""
_HASHED = text(_ENTRIES.format(columns="e.seq, e.canonical, e.entry_hash"))
_WITH_VALUES = text(_ENTRIES.format(columns=ENTRY))
_CHECKPOINTS = text("""
    SELECT size, note, at FROM ledger_checkpoints
    WHERE database_id = :database_id AND origin = :origin AND size > :after ORDER BY size LIMIT :batch
""")
_ABSORBED = text("""
    SELECT id, merged_into FROM contacts WHERE database_id = :database_id AND merged_into IS NOT NULL AND id > :after
    ORDER BY id LIMIT :batch
""")
# Whose requests they were: who had asked must not have decided.
_TOKENS = text("""
    SELECT t.id, t.person_id FROM tokens t WHERE EXISTS (
      SELECT FROM merges m LEFT JOIN merge_requesters q ON q.merge_id = m.id
      WHERE m.database_id = :database_id AND t.id IN (m.requester, q.token_id)
    ) ORDER BY t.id
""")


class Write(Protocol):
    """Takes a line of one of the export's files."""

    def __call__(self, name: str, line: bytes) -> None: ...


def demand_exporter(token: Token, database_id: int, *, exists: bool, values: bool) -> None:
    """Raises DatabaseNotFound, PersonRequired or ScopeMissing: a person exports, and values who may read them."""
    if not exists or not token.reaches(database_id):
        raise DatabaseNotFound
    if token.owner_kind is not OwnerKind.PERSON:
        raise PersonRequired("An export says who made it: it takes a person's own token.")
    wanted = {Scope.MERGES_READ, *([Scope.CONTACTS_READ] if values else [])}
    if not all(token.may(scope, database_id) for scope in wanted):
        raise ScopeMissing


@dataclass(frozen=True)
class Wanted:
    """Which record. `origin`: whose checkpoints over it."""

    database_id: int
    origin: str
    values: bool


@dataclass(frozen=True)
class Exported:
    """Where the chain ended, when by the database's clock, and how many entries have values that nobody can decrypt."""

    head: Head
    at: datetime
    unreadable: int


async def export(store: Store, wanted: Wanted, write: Write, progress: Callable[[int, int], None]) -> Exported:
    """Writes every line, of one moment. `progress` is told of entries done and of all. Nothing is held but a batch."""
    database_id, unreadable = wanted.database_id, 0
    async with store.snapshot() as connection:
        head = (await connection.execute(_HEAD, {"database_id": database_id})).one()
        async for rows in _batches(connection, _WITH_VALUES if wanted.values else _HASHED, "seq", database_id):
            for row in rows:
                write(ENTRIES, entry_line(row.entry_hash, row.canonical))
            if wanted.values:
                unreadable += await _write_values(connection, store.ledger_keys, database_id, rows, write)
            progress(len(rows), head.seq)
        async for rows in _batches(connection, _CHECKPOINTS, "size", database_id, origin=wanted.origin):
            for row in rows:
                write(CHECKPOINTS, json_line({"size": row.size, "note": row.note, "at": row.at}))
        async for rows in _batches(connection, _ABSORBED, "id", database_id):
            for row in rows:
                write(ABSORBED, json_line({"contact": row.id, "into": row.merged_into}))
        for row in await connection.execute(_TOKENS, {"database_id": database_id}):
            write(TOKENS, json_line({"token": row.id, "person": row.person_id}))
    return Exported(Head(head.seq, head.entry_hash), head.at, unreadable)


async def _write_values(
    connection: AsyncConnection, keyring: Keyring, database_id: int, rows: Sequence[Row[Any]], write: Write
) -> int:
    """Returns how many entries have values that can't be decrypted, which are left out."""
    stored = await decrypted(connection, keyring, database_id, rows)
    for one in stored:
        for part, payload in enumerate(one.entry.payloads):
            write(PAYLOADS, payload_line(one.entry.seq, part, payload))
    return sum(bool(one.unreadable) for one in stored)


async def _batches(
    connection: AsyncConnection, statement: TextClause, key: str, database_id: int, **parameters: object
) -> AsyncIterator[Sequence[Row[Any]]]:
    """All rows, in the order of a key that begins above 0."""
    after, rows = 0, None
    while rows is None or len(rows) == _BATCH:
        asked = {"database_id": database_id, "after": after, "batch": _BATCH, **parameters}
        rows = (await connection.execute(statement, asked)).all()
        if rows:
            yield rows
            after = getattr(rows[-1], key)
