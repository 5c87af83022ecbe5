"""Child processes: how one is described, started, waited for and stopped."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

LAUNCHER = Path(__file__).with_name("launch.py")
LOG_LIMIT = 10 * 1024 * 1024
POLL = 0.05


class ChildFailed(Exception):
    """A child did not do what it was started for; the message is a sentence for the person at the terminal."""


@dataclass(frozen=True)
class Account:
    """The user a child of root runs as, and the one capability it keeps."""

    uid: int
    gid: int
    capability: int


@dataclass(frozen=True, kw_only=True)
class Command:
    """A process to start: `name` is for files, `title` for people."""

    name: str
    title: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    log: Path
    folder: Path | None = None
    account: Account | None = None
    umask: int = -1
    death_signal: signal.Signals = signal.SIGKILL

    def start(self) -> "subprocess.Popen[bytes]":
        """Starts it in a session of its own; it dies when the calling thread's process does.

        Call it from a thread that lives as long as the child shall: the kernel's "parent" is that thread.
        """
        options = {
            "parent": os.getpid(),
            "death_signal": int(self.death_signal),
            "account": asdict(self.account) if self.account else None,
        }
        with open_log(self.log) as log:
            return subprocess.Popen(  # noqa: S603
                [sys.executable, "-I", "-S", str(LAUNCHER), json.dumps(options), *self.argv],
                env=dict(self.env),
                cwd=self.folder,
                umask=self.umask,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


@dataclass(frozen=True, kw_only=True)
class Task(Command):
    """A command that does its work and ends."""

    within: float = 120

    def run(self) -> None:
        with self.start() as process:
            try:
                code = process.wait(self.within)
            except subprocess.TimeoutExpired:
                process.kill()
                raise ChildFailed(f"{self.title} took longer than {self.within:g} s; see {self.log}") from None
        self.check(code)

    def check(self, code: int) -> None:
        if code != 0:
            raise ChildFailed(f"{self.title} {how_it_ended(code)}; see {self.log}{last_lines(self.log)}")


def do_nothing() -> None:
    pass


@dataclass(frozen=True, kw_only=True)
class Child(Command):
    """A server. `ready` says why it does not serve yet, or None once it does; `prepare` runs before each start."""

    ready: Callable[[], str | None]
    prepare: Callable[[], None] = do_nothing
    stop_signal: signal.Signals = signal.SIGTERM
    ready_within: float = 60
    stop_within: float = 15


@contextmanager
def running(child: Child) -> Iterator["subprocess.Popen[bytes]"]:
    """Runs one server outside the supervisor, for as long as the block lasts."""
    child.prepare()
    process = child.start()
    try:
        wait_until_ready(child, process)
        yield process
    finally:
        stop(child, process)


def wait_until_ready(child: Child, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + child.ready_within
    while (reason := child.ready()) is not None:
        if (code := process.poll()) is not None:
            raise ChildFailed(f"{child.title} {how_it_ended(code)}; see {child.log}{last_lines(child.log)}")
        if time.monotonic() > deadline:
            raise ChildFailed(not_ready(child, reason))
        time.sleep(POLL)


def not_ready(child: Child, reason: str) -> str:
    return f"{child.title} was not ready within {child.ready_within:g} s ({reason}); see {child.log}"


def stop(child: Child, process: "subprocess.Popen[bytes]") -> None:
    """Asks it to end, then makes it end; what it left in its session goes too."""
    if process.poll() is None:
        process.send_signal(child.stop_signal)
    try:
        process.wait(child.stop_within)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    kill_group(process.pid)


def kill_group(leader: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def how_it_ended(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    return f"was ended by {signal.Signals(-code).name}"


def last_lines(log: Path, count: int = 5) -> str:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4096))
        lines = file.read().decode(errors="replace").splitlines()[-count:]
    return "".join(f"\n    {line}" for line in lines)


def open_log(path: Path) -> BinaryIO:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_name(path.name + ".1"))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600), "ab")
