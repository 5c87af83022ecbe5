"""Reads an export's files, a line at a time, and holds them against its manifest."""

import hashlib
import json
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from typing import IO, Any

from ledger.entry import Payload
from ledger.export import (
    CHECKPOINTS,
    FILES,
    MANIFEST,
    PAYLOADS,
    SIGNATURE,
    FileFacts,
    manifest_from,
    payload_from,
    signed_text,
)
from ledger.findings import FindingKind
from ledger.note import NoteRefused, VerifierKey, open_note
from ledger.unreadable import UNREADABLE

_CHUNK = 1 << 20
_Told = tuple[FindingKind, int | None, str]


class NoExport(Exception):
    """A file that is no export of a form that is known here."""


class Export:
    """An export that was opened. Nothing of it is written anywhere."""

    def __init__(self, path: Path) -> None:
        """Raises NoExport."""
        with ExitStack() as held:
            try:
                self._tar = held.enter_context(tarfile.open(path, "r:"))
                self._members = {member.name: member for member in self._tar if member.isfile()}
                self._names = self._tar.getnames()
                self._manifest = self._read(MANIFEST)
                self.manifest = manifest_from(self._manifest)
            except (OSError, KeyError, tarfile.TarError, ValueError) as error:
                raise NoExport(str(error)) from None
            held.pop_all()  # all is well: it stays open until the export is left

    def __enter__(self) -> "Export":
        return self

    def __exit__(self, *_: object) -> None:
        self._tar.close()

    def faults(self, keys: Sequence[VerifierKey]) -> Iterator[_Told]:
        """Where it is not what was written and signed."""
        yield from self._signature_faults(keys)
        for name in sorted({name for name in self._names if name not in (*FILES, MANIFEST, SIGNATURE)}):
            yield FindingKind.CONTENTS, None, f"holds {name}, which no export does"
        if len(set(self._names)) != len(self._names):
            yield FindingKind.CONTENTS, None, "holds a file twice"
        for name in FILES:
            if name not in self._members:
                yield FindingKind.CONTENTS, None, f"{name} is not there"
            elif self._facts(name) != self.manifest.files[name]:
                yield FindingKind.CONTENTS, None, f"{name} is not the file that the manifest names"

    def lines(self, name: str) -> Iterator[bytes]:
        """A file's lines; none where it is not there."""
        if name in self._members:
            with self._open(name) as file:
                yield from file

    def documents(self, name: str) -> Iterator[Any]:
        """The documents of a file's lines. Raises what reading one raises that is none of ours."""
        return (json.loads(line) for line in self.lines(name))

    def payloads(self) -> "PayloadsInOrder":
        return PayloadsInOrder(self.documents(PAYLOADS))

    def notes(self) -> "NotesInOrder":
        return NotesInOrder(self.documents(CHECKPOINTS))

    def _signature_faults(self, keys: Sequence[VerifierKey]) -> Iterator[_Told]:
        try:
            text = open_note(self._read(SIGNATURE).decode(), keys)
        except KeyError:
            yield FindingKind.UNSIGNED, None, "the manifest is not signed at all"
        except UnicodeDecodeError:
            yield FindingKind.UNSIGNED, None, "the manifest's signature cannot be read"
        except NoteRefused as error:
            yield FindingKind.UNSIGNED, None, f"the manifest {error}"
        else:
            if text != signed_text(hashlib.sha256(self._manifest).hexdigest()):
                yield FindingKind.CONTENTS, None, "the manifest is not the one that was signed"

    def _facts(self, name: str) -> FileFacts:
        digest, lines = hashlib.sha256(), 0
        with self._open(name) as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                lines += chunk.count(b"\n")
        return FileFacts(self._members[name].size, lines, digest.hexdigest())

    def _read(self, name: str) -> bytes:
        with self._open(name) as file:
            return file.read()

    def _open(self, name: str) -> IO[bytes]:
        opened = self._tar.extractfile(self._members[name])
        assert opened is not None  # noqa: S101 - only files are members
        return opened


class PayloadsInOrder:
    """The values beside the entries, asked for in the entries' order. `broken`: the rest of them can't be read."""

    name = PAYLOADS

    def __init__(self, documents: Iterator[Any]) -> None:
        self.beside_none: list[int] = []
        self.broken = False
        self._groups = groupby(documents, key=lambda one: int(one["seq"]))
        self._next = self._read()

    def of(self, seq: int) -> list[Payload]:
        """Those of the entry at this place; what lies before it was of none."""
        while self._next and self._next[0] < seq:
            self.beside_none.append(self._next[0])
            self._next = self._read()
        if self._next is None or self._next[0] > seq:
            return []
        _, payloads = self._next
        self._next = self._read()
        return payloads

    def skip(self) -> None:
        """There are no more entries."""
        while self._next:
            self.of(self._next[0] + 1)

    def _read(self) -> tuple[int, list[Payload]] | None:
        try:
            group = next(self._groups, None)
            return group and (group[0], [payload_from(one) for one in group[1]])
        except UNREADABLE:
            self.broken = True
            return None


class NotesInOrder:
    """The export's checkpoints, asked for in order of size. `broken`: the rest of them can't be read."""

    name = CHECKPOINTS

    def __init__(self, documents: Iterator[Any]) -> None:
        self.broken = False
        self._documents = documents
        self._size = 0

    def up_to(self, size: int) -> Iterator[str]:
        """Those that were not asked for yet, up to the first of at least this size."""
        while self._size < size and (note := self._read()) is not None:
            yield note

    def others(self) -> Iterator[str]:
        while (note := self._read()) is not None:
            yield note

    def _read(self) -> str | None:
        try:
            document = next(self._documents, None)
            if document is None:
                return None
            self._size, note = int(document["size"]), str(document["note"])
        except UNREADABLE:
            self.broken = True
            return None
        return note
