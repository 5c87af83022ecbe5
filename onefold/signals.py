"""Waiting for something to happen: a signal, the end of a child, or the passing of time."""

import os
import select
import signal
from types import FrameType
from typing import Any, Self

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signals:
    """Within the block the stop signals are noted instead of obeyed, and `wait` ends early on each of them."""

    def __init__(self) -> None:
        self.stop: signal.Signals | None = None
        self.interrupts = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self._reader, self._writer = os.pipe()
        for end in (self._reader, self._writer):
            os.set_blocking(end, False)
        self._wakeup_before = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
                continue  # nohup: whoever asks for it means to outlive the terminal
            self._before[number] = signal.signal(number, self._note)
        self._poll = select.poll()
        self._poll.register(self._reader, select.POLLIN)
        if not self.outlives_its_parent:
            # The hang-up signal goes to the session's leader alone, and `make` as one keeps it to itself.
            for terminal in filter(os.isatty, (0, 1, 2)):
                self._poll.register(terminal, 0)
        self._before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda number, frame: None)
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup_before)
        os.close(self._reader)
        os.close(self._writer)

    @property
    def outlives_its_parent(self) -> bool:
        return signal.SIGHUP not in self._before

    def wait(self, seconds: float) -> None:
        for descriptor, _ in self._poll.poll(seconds * 1000):
            if descriptor == self._reader:
                os.read(self._reader, 4096)
            else:
                self.stop = self.stop or signal.SIGHUP
                self._poll.unregister(descriptor)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.stop = self.stop or signal.Signals(number)
        self.interrupts += number == signal.SIGINT
