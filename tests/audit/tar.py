"""An export taken apart, changed and put together again, as somebody would who has it in their hands."""

import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from domain.canonical import canonical
from ledger.checkpoint import Checkpoint
from ledger.entry import GENESIS, Head, entry_hash
from ledger.export import ENTRIES, FILES, MANIFEST, SIGNATURE, FileFacts, entry_line, manifest_from, signed_text
from ledger.note import SigningKey
from ledger.tree import root

Document = dict[str, Any]


@dataclass(frozen=True)
class Tar:
    """The files of an export by name."""

    files: Mapping[str, bytes]

    @classmethod
    def read(cls, path: Path) -> "Tar":
        with tarfile.open(path) as tar:
            opened = ((member.name, tar.extractfile(member)) for member in tar)
            return cls({name: file.read() for name, file in opened if file is not None})

    def write(self, path: Path) -> Path:
        with tarfile.open(path, "w") as tar:
            for name, content in self.files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
        return path

    def having(self, name: str, content: bytes) -> "Tar":
        return Tar({**self.files, name: content})

    def lines(self, name: str = ENTRIES) -> list[bytes]:
        return self.files[name].splitlines(keepends=True)

    def changed(self, change: Callable[[list[bytes]], list[bytes]], name: str = ENTRIES) -> "Tar":
        """With other lines in a file; the manifest still tells of those before."""
        return self.having(name, b"".join(change(self.lines(name))))

    def documents(self, name: str = ENTRIES) -> list[Document]:
        read = [json.loads(line) for line in self.lines(name)]
        return [one["entry"] for one in read] if name == ENTRIES else read

    def signed(self, key: SigningKey) -> "Tar":
        """With a manifest that tells of these very files, signed: what only who holds the key can make."""
        manifest = manifest_from(self.files[MANIFEST])
        facts = {
            name: FileFacts(len(content), content.count(b"\n"), hashlib.sha256(content).hexdigest())
            for name, content in self.files.items()
            if name in FILES
        }
        content = replace(manifest, files=facts, head=self._head()).content()
        note = key.sign(signed_text(hashlib.sha256(content).hexdigest()))
        return self.having(MANIFEST, content).having(SIGNATURE, note.encode())

    def _head(self) -> Head:
        if not self.lines():
            return GENESIS
        last = json.loads(self.lines()[-1])
        return Head(int(last["entry"]["seq"]), bytes.fromhex(last["entry_hash"]))

    def checkpoint(self, size: int, key: SigningKey) -> str:
        """What was signed when the chain was of this size."""
        leaves = [bytes.fromhex(json.loads(line)["entry_hash"]) for line in self.lines()]
        origin = manifest_from(self.files[MANIFEST]).origin
        return Checkpoint(origin, size, root(leaves[:size])).signed(key)

    def receipt(self, seq: int) -> Document:
        line = json.loads(self.lines()[seq - 1])
        return {"database": int(line["entry"]["database"]), "seq": seq, "entry_hash": line["entry_hash"]}


def rewritten(tar: Tar, documents: list[Document]) -> Tar:
    """With a chain of these entries in which everything fits, each numbered and linked anew."""
    lines, previous = [], bytes(32)
    for seq, document in enumerate(documents, start=1):
        content = canonical({**document, "seq": str(seq), "previous": previous.hex()})
        previous = entry_hash(content)
        lines.append(entry_line(previous, content))
    return tar.having(ENTRIES, b"".join(lines))
