"""Writes an export: its files line by line into a folder of their own, then all of them into one."""

import hashlib
import io
import tarfile
from pathlib import Path
from typing import IO

from ledger.export import FILES, MANIFEST, SIGNATURE, FileFacts, Manifest, signed_text
from ledger.note import SigningKey


class ExportWriter:
    """Keeps of what it wrote a hash and a count: a record of any length passes through."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = {name: _File(folder / name) for name in FILES}

    def __enter__(self) -> "ExportWriter":
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()

    def write(self, name: str, line: bytes) -> None:
        self._files[name].write(line)

    def facts(self) -> dict[str, FileFacts]:
        return {name: file.facts() for name, file in self._files.items()}

    def pack(self, manifest: Manifest, key: SigningKey) -> Path:
        """The export, in the folder. The same record gives the same bytes, but for who made it and when."""
        content = manifest.content()
        path = self._folder / "export.tar"
        with tarfile.open(path, "w:", format=tarfile.GNU_FORMAT) as tar:
            note = key.sign(signed_text(hashlib.sha256(content).hexdigest()))
            for name, held in ((MANIFEST, content), (SIGNATURE, note.encode())):
                tar.addfile(_member(name, len(held), manifest), io.BytesIO(held))
            for name, file in self._files.items():
                file.close()
                with (self._folder / name).open("rb") as opened:
                    tar.addfile(_member(name, manifest.files[name].size, manifest), opened)
        return path


class _File:
    def __init__(self, path: Path) -> None:
        self._opened: IO[bytes] = path.open("wb")
        self._digest = hashlib.sha256()
        self._size = 0
        self._lines = 0

    def write(self, line: bytes) -> None:
        self._opened.write(line)
        self._digest.update(line)
        self._size += len(line)
        self._lines += line.count(b"\n")

    def facts(self) -> FileFacts:
        return FileFacts(self._size, self._lines, self._digest.hexdigest())

    def close(self) -> None:
        self._opened.close()


def _member(name: str, size: int, manifest: Manifest) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o600, int(manifest.made.timestamp())
    return member
