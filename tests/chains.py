"""Chains of many entries, made quickly: what a merge would record is not what is looked at."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg

from ledger.entry import GENESIS, Entry, Head, seal

BEGAN = datetime(2026, 11, 23, 9, tzinfo=UTC)


def entries(database_id: int, count: int, after: Head = GENESIS, outcome: str = "unchanged") -> list[Entry]:
    """So many entries after a head, in their final form."""
    made: list[Entry] = []
    for _ in range(count):
        at = BEGAN + timedelta(seconds=after.seq)
        entry = seal(
            after,
            database_id=database_id,
            id=uuid4(),
            kind="identity.unchanged",
            at=at,
            body={"outcome": outcome},
            payloads=(),
        )
        made.append(entry)
        after = Head(entry.seq, entry.entry_hash)
    return made


def write(url: str, chain: Sequence[Entry]) -> None:
    """As a superuser: these entries in place of what was there from the first of them on, the last as the head."""
    first, last = chain[0], chain[-1]
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cut(cursor, first.database_id, first.seq - 1)
        with cursor.copy(
            "COPY ledger_entries (database_id, seq, id, kind, at, canonical, entry_hash) FROM STDIN"
        ) as copy:
            for one in chain:
                copy.write_row((one.database_id, one.seq, one.id, one.kind, one.at, one.canonical, one.entry_hash))
        _point(cursor, first.database_id, Head(last.seq, last.entry_hash))


def cut(cursor: psycopg.Cursor[Any], database_id: int, length: int) -> None:
    """As a superuser: the chain ends there, and whoever looks at its head alone sees nothing wrong."""
    cursor.execute("SET session_replication_role = replica")
    cursor.execute("DELETE FROM ledger_entries WHERE database_id = %s AND seq > %s", (database_id, length))
    cursor.execute(
        "SELECT seq, entry_hash FROM ledger_entries WHERE database_id = %s AND seq = %s", (database_id, length)
    )
    _point(cursor, database_id, Head(*(cursor.fetchone() or (GENESIS.seq, GENESIS.entry_hash))))


def _point(cursor: psycopg.Cursor[Any], database_id: int, head: Head) -> None:
    cursor.execute(
        "UPDATE ledger_heads SET seq = %s, entry_hash = %s WHERE database_id = %s",
        (head.seq, head.entry_hash, database_id),
    )
