import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from onefold.lockfile import AlreadyRunning, hold


def test_a_folder_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    refusal = pytest.raises(AlreadyRunning, match=rf"already runs on .* \(process {os.getpid()}\)")
    with hold(tmp_path), refusal, hold(tmp_path):
        pass
    with hold(tmp_path):
        pass


def test_a_killed_holder_gives_the_folder_back_though_its_child_lives(tmp_path: Path) -> None:
    program = (
        "import pathlib, signal, os, subprocess, sys\n"
        "from onefold.lockfile import hold\n"
        "with hold(pathlib.Path(sys.argv[1])):\n"
        "    child = subprocess.Popen(['sleep', '60'])\n"
        "    print(child.pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    # Not run(): the child keeps the pipe open, and waiting for its end would be waiting for the child.
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        child = int(holder.stdout.readline())
        holder.wait()
        try:
            with hold(tmp_path):
                os.kill(child, 0)
        finally:
            os.kill(child, signal.SIGKILL)
