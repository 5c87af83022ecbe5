"""An export: a tar file of one database's record, that whoever has it can check without us.

`manifest.json` names the other files with their sizes and hashes, and `manifest.note` signs it. Of `entries.ndjson`
each line holds an entry's hash and the bytes that were hashed, as they are; the others are lines of JSON.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.canonical import canonical
from domain.times import parse_time
from ledger.entry import Entry, Head, Payload
from ledger.unreadable import UNREADABLE

FORMAT = "onefold-export/1"
MANIFEST, SIGNATURE = "manifest.json", "manifest.note"
ENTRIES, PAYLOADS, CHECKPOINTS, ABSORBED, TOKENS = FILES = (
    "entries.ndjson",
    "payloads.ndjson",
    "checkpoints.ndjson",
    "absorbed.ndjson",
    "tokens.ndjson",
)
_ENTRY = re.compile(rb'\{"entry_hash":"([0-9a-f]{64})","entry":(.*)\}\n', re.DOTALL)


@dataclass(frozen=True)
class FileFacts:
    """What the manifest says of a file."""

    size: int
    lines: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """`origin` is the chain's name in its checkpoints. `values`: whether the values lie beside the entries."""

    database_id: int
    origin: str
    head: Head
    values: bool
    made: datetime
    person: int
    token: str
    files: Mapping[str, FileFacts]

    def content(self) -> bytes:
        return canonical(
            {
                "format": FORMAT,
                "database": self.database_id,
                "origin": self.origin,
                "head": {"seq": self.head.seq, "entry_hash": self.head.entry_hash.hex()},
                "values": self.values,
                "made": self.made,
                "by": {"person": self.person, "token": self.token},
                "files": {
                    name: {"size": file.size, "lines": file.lines, "sha256": file.sha256}
                    for name, file in self.files.items()
                },
            }
        )


def manifest_from(content: bytes) -> Manifest:
    """Raises ValueError: unreadable, or of another format."""
    try:
        document = json.loads(content)
        known = document["format"] == FORMAT
        head, by = document["head"], document["by"]
        manifest = Manifest(
            database_id=int(document["database"]),
            origin=document["origin"],
            head=Head(int(head["seq"]), bytes.fromhex(head["entry_hash"])),
            values=document["values"],
            made=parse_time(document["made"]),
            person=int(by["person"]),
            token=by["token"],
            files={
                name: FileFacts(int(file["size"]), int(file["lines"]), file["sha256"])
                for name, file in document["files"].items()
            },
        )
    except UNREADABLE:
        raise ValueError("the manifest cannot be read") from None
    if not known or set(manifest.files) != set(FILES):
        raise ValueError("the manifest is of another format")
    return manifest


def signed_text(digest: str) -> str:
    """What `manifest.note` says; `digest` is the manifest's SHA-256 in hexadecimal. No checkpoint reads so."""
    return f"{FORMAT}\nmanifest sha256 {digest}\n"


def entry_line(entry_hash: bytes, content: bytes) -> bytes:
    return b'{"entry_hash":"%s","entry":%s}\n' % (entry_hash.hex().encode(), content)


def entry_from(line: bytes, database_id: int) -> Entry:
    """The entry of a line, without its payloads. Raises ValueError: none can be read.

    Whether its bytes are what was hashed is for the check to say.
    """
    read = _ENTRY.fullmatch(line)
    if read is None:
        raise ValueError("the line cannot be read")
    claimed, content = bytes.fromhex(read[1].decode()), read[2]
    try:
        document = json.loads(content)
        seq, id_ = int(document["seq"]), UUID(document["id"])
        kind, at = str(document["kind"]), parse_time(document["at"])
    except UNREADABLE:
        raise ValueError("the line holds bytes that are no entry's") from None
    return Entry(database_id, seq, id_, kind, at, content, claimed, ())


def payload_line(seq: int, part: int, payload: Payload) -> bytes:
    return json_line(
        {
            "seq": seq,
            "part": part,
            "contact": payload.contact_id,
            "salt": payload.salt.hex(),
            "values": payload.values,
        }
    )


def payload_from(document: Any) -> Payload:
    """Raises what reading a document raises that is none of ours."""
    contact = document["contact"]
    return Payload(None if contact is None else int(contact), bytes.fromhex(document["salt"]), document["values"])


def json_line(document: Mapping[str, object]) -> bytes:
    return canonical(document) + b"\n"
