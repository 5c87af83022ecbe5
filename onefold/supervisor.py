"""Starts servers one after the other, keeps them running, and stops them in the opposite order."""

import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from onefold.children import Child, ChildFailed, Task, how_it_ended, kill_group, last_lines, not_ready
from onefold.leftovers import forget, remember, stop_leftovers
from onefold.signals import Signals

if TYPE_CHECKING:
    import subprocess

RESTARTS = 3
RESTART_WINDOW = 60.0
QUICK, CALM = 0.1, 1.0

# A stage is done once its task has ended well, or once all of its servers are ready.
Stage: TypeAlias = Task | tuple[Child, ...]


class Stopped(Exception):
    """Somebody asked for the end; not a failure."""


@dataclass
class Slot:
    """A server's place, in which one process may follow another."""

    child: Child
    process: "subprocess.Popen[bytes]"
    since: float
    ready: bool = False
    deaths: deque[float] = field(default_factory=deque)


class Supervisor:
    def __init__(self, run_folder: Path, say: Callable[[str], None]) -> None:
        self._run_folder = run_folder
        self._say = say
        self._slots: list[Slot] = []
        self._signals = Signals()
        self._parent = os.getppid()

    def run(self, plan: Callable[[], Sequence[Stage]], when_ready: Callable[[], None]) -> int:
        """Runs until it is asked to stop (0) or something cannot be helped (1).

        `plan` is asked for the stages once leftovers of an earlier run are gone, and with them what they held.
        """
        with self._signals:
            try:
                stop_leftovers(self._run_folder, self._say)
                for stage in plan():
                    self._bring_up(stage)
                when_ready()
                while True:
                    self._tend(CALM if all(slot.ready for slot in self._slots) else QUICK)
            except Stopped as reason:
                self._say(str(reason))
                return 0
            except ChildFailed as failure:
                self._say(str(failure))
                return 1
            finally:
                self._stop_all()

    def _bring_up(self, stage: Stage) -> None:
        if isinstance(stage, Task):
            self._perform(stage)
            return
        slots = []
        for child in stage:
            self._say(f"Starting {child.title}.")
            child.prepare()
            slots.append(Slot(child, child.start(), time.monotonic()))
            self._slots.append(slots[-1])
            self._remember(slots[-1])
        while not all(slot.ready for slot in slots):
            self._tend(QUICK)

    def _perform(self, task: Task) -> None:
        self._say(f"{task.title}.")
        deadline = time.monotonic() + task.within
        process = task.start()
        try:
            while (code := process.poll()) is None:
                if time.monotonic() > deadline:
                    raise ChildFailed(f"{task.title} took longer than {task.within:g} s; see {task.log}")
                self._tend(QUICK)
        finally:
            process.kill()
            process.wait()
            kill_group(process.pid)
        task.check(code)

    def _tend(self, seconds: float) -> None:
        """Waits a little, then looks after each server."""
        self._signals.wait(seconds)
        if self._signals.stop:
            raise Stopped(f"Stopping ({self._signals.stop.name}).")
        if os.getppid() != self._parent and not self._signals.outlives_its_parent:
            raise Stopped("Stopping: the process that started this one is gone (nohup keeps it running).")
        for slot in self._slots:
            code = slot.process.poll()
            if code is not None:
                self._revive(slot, code)
            elif not slot.ready:
                self._look_whether_ready(slot)

    def _look_whether_ready(self, slot: Slot) -> None:
        child, waited = slot.child, time.monotonic() - slot.since
        reason = child.ready()
        if reason is None:
            slot.ready = True
            self._say(f"{child.title} is ready ({waited:.1f} s).")
        elif waited > child.ready_within:
            raise ChildFailed(not_ready(child, reason))

    def _revive(self, slot: Slot, code: int) -> None:
        child, now = slot.child, time.monotonic()
        happened = f"{child.title} (process {slot.process.pid}) {how_it_ended(code)}"
        kill_group(slot.process.pid)
        while slot.deaths and now - slot.deaths[0] > RESTART_WINDOW:
            slot.deaths.popleft()
        slot.deaths.append(now)
        if len(slot.deaths) > RESTARTS:
            raise ChildFailed(
                f"{happened}, for the {len(slot.deaths)}th time within a minute; see {child.log}{last_lines(child.log)}"
            )
        self._say(f"{happened}; starting it again ({len(slot.deaths)} of {RESTARTS} within a minute).")
        child.prepare()
        slot.process, slot.since, slot.ready = child.start(), now, False
        self._remember(slot)

    def _remember(self, slot: Slot) -> None:
        remember(self._run_folder, slot.child, self._slots.index(slot), slot.process.pid)

    def _stop_all(self) -> None:
        for slot in reversed(self._slots):
            self._say(f"Stopping {slot.child.title}.")
            self._stop(slot)
            forget(self._run_folder, slot.child)

    def _stop(self, slot: Slot) -> None:
        child, process = slot.child, slot.process
        deadline = time.monotonic() + child.stop_within
        if process.poll() is None:
            process.send_signal(child.stop_signal)
        while process.poll() is None:
            if time.monotonic() > deadline or self._signals.interrupts > 1:
                self._say(f"{child.title} does not stop by itself; killing it.")
                process.kill()
                process.wait()
            self._signals.wait(QUICK)
        kill_group(process.pid)
