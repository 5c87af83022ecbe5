"""Children that outlived their supervisor: written down when started, found again and stopped by the next one."""

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from onefold.children import Child
from onefold.private_files import make_private_folder, write_private
from onefold.processes import started_at


@dataclass(frozen=True)
class Record:
    """A child as it was started. Its pid alone could by now be somebody else's."""

    title: str
    order: int
    pid: int
    started: str
    stop_signal: int
    stop_within: float

    @property
    def alive(self) -> bool:
        return started_at(self.pid) == self.started


def remember(folder: Path, child: Child, order: int, pid: int) -> None:
    started = started_at(pid)
    if started is None:
        return
    make_private_folder(folder)
    record = Record(child.title, order, pid, started, int(child.stop_signal), child.stop_within)
    write_private(folder / f"{child.name}.json", json.dumps(asdict(record)))


def forget(folder: Path, child: Child) -> None:
    (folder / f"{child.name}.json").unlink(missing_ok=True)


def stop_leftovers(folder: Path, say: Callable[[str], None]) -> None:
    """Stops them as a supervisor would have: last started, first stopped."""
    records = {path: read(path) for path in folder.glob("*.json")}
    for record in sorted((r for r in records.values() if r), key=lambda r: r.order, reverse=True):
        if record.alive:
            say(f"Stopping {record.title}, left over from a run that was killed (process {record.pid}).")
            end(record)
    for path in records:
        path.unlink()


def read(path: Path) -> Record | None:
    try:
        return Record(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        return None


def end(record: Record) -> None:
    os.kill(record.pid, record.stop_signal)
    deadline = time.monotonic() + record.stop_within
    while record.alive:
        if time.monotonic() > deadline:
            os.kill(record.pid, signal.SIGKILL)
        time.sleep(0.02)
