"""Reads one database's whole record at one moment, for somebody who checks it elsewhere."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import DatabaseNotFound, PersonRequired, ScopeMissing
from ledger.entry import Head, Payload
from ledger.export import ABSORBED, ENTRIES, PAYLOADS, TOKENS, entry_line, json_line, payload_line
from store.engine import Store
from store.tokens import OwnerKind, Scope, Token

_BATCH = 500

_HEAD = text("SELECT seq, entry_hash, clock_timestamp() AS at FROM ledger_heads WHERE database_id = :database_id")
_ENTRIES = text("""
    SELECT e.seq, e.canonical, e.entry_hash, CASE WHEN :values THEN (
        SELECT jsonb_agg(jsonb_build_array(p.part, p.contact_id, encode(p.salt, 'hex'), p.content) ORDER BY p.part)
        FROM ledger_payloads p WHERE p.database_id = e.database_id AND p.seq = e.seq
      ) END AS payloads
    FROM ledger_entries e WHERE e.database_id = :database_id AND e.seq > :after ORDER BY e.seq LIMIT :batch
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


async def export(
    store: Store, database_id: int, *, values: bool, write: Write, progress: Callable[[int, int], None]
) -> tuple[Head, datetime]:
    """Writes every line; returns where the chain ends, and when by the database's clock.

    `progress` is told of entries done and of all. Nothing is held but a batch.
    """
    async with store.transaction() as connection:
        await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        await connection.execute(text("SET LOCAL statement_timeout = 0"))
        head = (await connection.execute(_HEAD, {"database_id": database_id})).one()
        async for row in _batched(connection, _ENTRIES, database_id, "seq", values=values):
            write(ENTRIES, entry_line(row.entry_hash, row.canonical))
            for part, contact_id, salt, content in row.payloads or []:
                payload = Payload(contact_id, bytes.fromhex(salt), content)
                write(PAYLOADS, payload_line(row.seq, part, payload))
            progress(1, head.seq)
        async for row in _batched(connection, _ABSORBED, database_id, "id"):
            write(ABSORBED, json_line({"contact": row.id, "into": row.merged_into}))
        for row in await connection.execute(_TOKENS, {"database_id": database_id}):
            write(TOKENS, json_line({"token": row.id, "person": row.person_id}))
    return Head(head.seq, head.entry_hash), head.at


async def _batched(
    connection: AsyncConnection, statement: TextClause, database_id: int, key: str, **parameters: object
) -> AsyncIterator[Row[Any]]:
    """All rows, in the order of a key that begins above 0."""
    after = 0
    while True:
        asked = {"database_id": database_id, "after": after, "batch": _BATCH, **parameters}
        rows = (await connection.execute(statement, asked)).all()
        for row in rows:
            yield row
        if len(rows) < _BATCH:
            return
        after = getattr(rows[-1], key)
