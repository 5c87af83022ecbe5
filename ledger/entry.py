"""Entries of a database's chain, in their final form from the first.

`entry_hash = SHA-256(0x00 || canonical)`, where canonical is the stored RFC 8785 bytes, which name the previous
entry's hash. The values themselves lie in payloads beside the entry, one payload a contact, so that an erasure
can destroy them and the chain still verifies.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.canonical import canonical
from ledger.commitment import commitment

FORMAT = "onefold-ledger/1"
_LEAF = b"\x00"  # RFC 9162: a leaf can't be taken for a node


@dataclass(frozen=True)
class Head:
    """The last entry of a chain; `seq` 0 and 32 zero bytes before the first."""

    seq: int
    entry_hash: bytes


GENESIS = Head(0, bytes(32))


@dataclass(frozen=True)
class Payload:
    """The values that an entry commits to, of one contact (None: of nobody that is known), by path."""

    contact_id: int | None
    salt: bytes
    values: Mapping[str, object]

    def commitment(self, path: str) -> str:
        return commitment(self.salt, path, self.values[path])


@dataclass(frozen=True)
class Entry:
    """`canonical` is what was hashed, byte for byte."""

    database_id: int
    seq: int
    id: UUID
    kind: str
    at: datetime
    canonical: bytes
    entry_hash: bytes
    payloads: Sequence[Payload]


@dataclass(frozen=True)
class Receipt:
    """What a caller keeps: it commits to the entry and to all before it."""

    database_id: int
    seq: int
    entry_hash: bytes

    def document(self) -> dict[str, object]:
        return {"database": self.database_id, "seq": self.seq, "entry_hash": self.entry_hash.hex()}


def seal(
    head: Head,
    *,
    database_id: int,
    id: UUID,  # noqa: A002 - the entry's own id
    kind: str,
    at: datetime,
    body: Mapping[str, object],
    payloads: Sequence[Payload],
) -> Entry:
    """The next entry of the chain. `body` holds ids, rule names and commitments, never a personal value."""
    seq = head.seq + 1
    document = {
        "format": FORMAT,
        "database": database_id,
        "seq": seq,
        "id": id,
        "kind": kind,
        "at": at,
        "previous": head.entry_hash.hex(),
        "body": body,
    }
    content = canonical(document)
    return Entry(database_id, seq, id, kind, at, content, entry_hash(content), payloads)


def entry_hash(content: bytes) -> bytes:
    return hashlib.sha256(_LEAF + content).digest()
