"""One supervisor to a data folder: two servers on one set of files would both run."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AlreadyRunning(Exception):
    def __init__(self, folder: Path, pid: str) -> None:
        super().__init__(
            f"Onefold already runs on {folder} (process {pid or 'unknown'}): stop it first (Ctrl-C where it runs),"
            " or set ONEFOLD_DATA to another folder."
        )


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Holds the folder's lock. The kernel gives it back however this process ends; no child inherits it."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(folder, file.read().strip()) from None
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
