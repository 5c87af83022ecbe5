"""A server as the supervisor's tests need one: keeps a diary, is ready when its file is there, obeys a mode file."""

import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

folder, name = Path(sys.argv[1]), sys.argv[2]
mode_file = folder / f"{name}.mode"
mode = mode_file.read_text(encoding="ascii") if mode_file.exists() else ""


def note(what: str) -> None:
    with (folder / "diary").open("a", encoding="ascii") as diary:
        diary.write(f"{what} {name} {os.getpid()}\n")


def obey(number: int, frame: FrameType | None) -> None:
    if mode != "stubborn":
        note("stopped")
        sys.exit(0)


signal.signal(signal.SIGTERM, obey)
note("started")
if mode == "broken":
    sys.exit("it is broken")
if mode == "with a helper" and os.fork() == 0:
    name = "helper"
    note("started")
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
elif mode != "never ready":
    (folder / f"{name}.ready").touch()
while True:
    time.sleep(10)
