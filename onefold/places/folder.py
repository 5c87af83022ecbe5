"""A folder: for each database a file of checkpoints, only ever appended to, and read back before the next is signed."""

import errno
import os
from dataclasses import dataclass, field
from pathlib import Path

from ledger.checkpoint_file import appended, notes_in
from onefold.places.own_thread import OwnThread
from onefold.places.place import PlaceFailed, Publication

_TAIL = 16 * 1024  # a note has some hundred bytes


@dataclass(frozen=True)
class Folder:
    """It must be there: a folder that is made where a disk was not mounted would hide what the disk holds."""

    path: Path
    _thread: OwnThread = field(default_factory=OwnThread, compare=False, repr=False)

    @property
    def name(self) -> str:
        return str(self.path)

    def file(self, origin: str) -> Path:
        """No origin has an underscore, so that no two share a file."""
        return self.path / f"{origin.replace('/', '_')}.checkpoints"

    async def put(self, publication: Publication) -> None:
        await self._thread.run(self._append, self.file(publication.checkpoint.origin), publication.note)

    async def last(self, origin: str) -> str | None:
        """The last note of this origin; None where there never was one. Raises PlaceFailed."""
        return await self._thread.run(self._last, self.file(origin))

    def _append(self, file: Path, note: str) -> None:
        try:
            opened = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
            try:
                size = os.fstat(opened).st_size
                written = appended(note, _decoded(os.pread(opened, 2, max(size - 2, 0)))).encode()
                if os.write(opened, written) != len(written):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(opened)
            finally:
                os.close(opened)
            if size == 0:
                self._keep_name()
        except OSError as error:
            raise PlaceFailed(f"cannot be written to: {os.strerror(error.errno or 0)}") from None

    def _keep_name(self) -> None:
        """A new file is there to stay once its folder says so too."""
        opened = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)

    def _last(self, file: Path) -> str | None:
        try:
            if not self.path.is_dir():
                raise PlaceFailed("is no folder that is there")
            if not file.exists():
                return None
            with file.open("rb") as opened:
                size = opened.seek(0, os.SEEK_END)
                opened.seek(max(size - _TAIL, 0))
                tail = _decoded(opened.read())
        except OSError as error:
            raise PlaceFailed(f"cannot be read: {os.strerror(error.errno or 0)}") from None
        if notes := notes_in(tail):
            return notes[-1]
        if size == 0:
            return None
        raise PlaceFailed(f"holds nothing that can be read in {file.name}")


def _decoded(content: bytes) -> str:
    return content.decode(errors="replace")
