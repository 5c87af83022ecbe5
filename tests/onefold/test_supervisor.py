import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from onefold.processes import started_at

PROGRAM = [sys.executable, str(Path(__file__).with_name("supervised.py"))]
Eventually = Callable[[Callable[[], bool]], None]


class Supervised:
    """The program under test, and what can be seen of it from outside."""

    def __init__(self, folder: Path, eventually: Eventually) -> None:
        self.folder = folder
        self.eventually = eventually
        self.output = folder / "output"

    def start(self, *before: str, stdin: int | None = None) -> "subprocess.Popen[bytes]":
        command = [*before, *PROGRAM, str(self.folder)]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(command, stdin=stdin, stdout=output, stderr=output)
        return self.process

    def start_and_wait(self, *before: str, stdin: int | None = None) -> "subprocess.Popen[bytes]":
        process = self.start(*before, stdin=stdin)
        self.eventually(lambda: self.said("everything is ready"))
        return process

    def said(self, sentence: str) -> bool:
        return sentence in self.output.read_text()

    def diary(self) -> list[tuple[str, str]]:
        return [(what, name) for what, name, _ in self._entries()]

    def pid(self, name: str) -> int:
        """That of the latest process of this name."""
        return int([pid for what, who, pid in self._entries() if (what, who) == ("started", name)][-1])

    def living(self) -> list[int]:
        return [int(pid) for what, _, pid in self._entries() if what == "started" and started_at(int(pid))]

    def _entries(self) -> list[list[str]]:
        diary = self.folder / "diary"
        return [line.split() for line in diary.read_text().splitlines()] if diary.exists() else []

    def clean_up(self) -> None:
        with suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
        for pid in self.living():
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def supervised(tmp_path: Path, eventually: Eventually) -> Iterator[Supervised]:
    program = Supervised(tmp_path, eventually)
    yield program
    program.clean_up()


def test_children_of_a_stage_start_once_those_before_are_ready(supervised: Supervised) -> None:
    supervised.start_and_wait()
    said = supervised.output.read_text().splitlines()
    assert said[0] == "Starting alpha."
    assert said[1].startswith("alpha is ready (")
    assert said[2:4] == ["Starting beta.", "Starting gamma."]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_signal_ends_all_children_in_the_opposite_order(supervised: Supervised, number: signal.Signals) -> None:
    process = supervised.start_and_wait()
    process.send_signal(number)
    assert process.wait(10) == 0
    stopped = [name for what, name in supervised.diary() if what == "stopped"]
    assert stopped == ["gamma", "beta", "alpha"]
    assert supervised.living() == []
    assert list((supervised.folder / "run").iterdir()) == []


def test_a_hang_up_does_not_end_what_runs_under_nohup(supervised: Supervised) -> None:
    process = supervised.start_and_wait("nohup")
    process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1.5)
    assert len(supervised.living()) == 3


def test_no_child_outlives_a_killed_supervisor(supervised: Supervised) -> None:
    process = supervised.start_and_wait()
    process.kill()
    process.wait()
    supervised.eventually(lambda: supervised.living() == [])


def test_the_death_of_its_own_parent_ends_a_supervisor(supervised: Supervised) -> None:
    shell = supervised.start_and_wait("sh", "-c", '"$@"; true', "sh")
    shell.kill()
    shell.wait()
    supervised.eventually(lambda: supervised.living() == [])
    supervised.eventually(lambda: supervised.said("Stopping alpha."))
    assert supervised.said("the process that started this one is gone")


def test_a_closed_terminal_ends_it_though_the_session_leader_keeps_the_hang_up_to_itself(
    supervised: Supervised,
) -> None:
    ours, theirs = pty.openpty()
    leader = ["setsid", "--ctty", "sh", "-c", 'trap : HUP; "$@"; true', "sh"]
    process = supervised.start_and_wait(*leader, stdin=theirs)
    os.close(theirs)
    os.close(ours)
    assert process.wait(10) == 0
    assert supervised.said("Stopping (SIGHUP).")
    assert supervised.living() == []


@pytest.mark.parametrize("name", ["alpha", "beta", "gamma"])
def test_a_killed_child_is_started_again(supervised: Supervised, name: str) -> None:
    supervised.start_and_wait()
    first = supervised.pid(name)
    os.kill(first, signal.SIGKILL)
    supervised.eventually(lambda: supervised.output.read_text().count(f"{name} is ready") == 2)
    assert supervised.said(f"{name} (process {first}) was ended by SIGKILL; starting it again (1 of 3 within a minute)")
    assert supervised.pid(name) != first
    assert f'"pid": {supervised.pid(name)}' in (supervised.folder / "run" / f"{name}.json").read_text()
    assert len(supervised.living()) == 3


def test_a_child_that_dies_a_fourth_time_within_a_minute_ends_everything(supervised: Supervised) -> None:
    process = supervised.start_and_wait()
    for round_number in range(2, 6):
        os.kill(supervised.pid("beta"), signal.SIGKILL)
        if round_number < 5:
            supervised.eventually(lambda n=round_number: supervised.output.read_text().count("beta is ready") == n)  # type: ignore[misc]
    assert process.wait(10) == 1
    assert supervised.said("for the 4th time within a minute; see ")
    assert supervised.said(str(supervised.folder / "logs" / "beta.log"))
    assert supervised.living() == []


def test_a_child_that_is_broken_from_the_start_is_reported_with_the_end_of_its_log(supervised: Supervised) -> None:
    (supervised.folder / "beta.mode").write_text("broken")
    assert supervised.start().wait(10) == 1
    assert supervised.said("beta.log\n")
    assert supervised.said("    it is broken\n")
    assert supervised.living() == []


def test_a_child_that_never_gets_ready_is_given_up_with_a_sentence(supervised: Supervised) -> None:
    (supervised.folder / "gamma.mode").write_text("never ready")
    assert supervised.start().wait(10) == 1
    assert supervised.said("gamma was not ready within 2 s (its file is not there); see ")
    assert supervised.living() == []


def test_a_child_that_ignores_the_stop_signal_is_killed(supervised: Supervised) -> None:
    (supervised.folder / "beta.mode").write_text("stubborn")
    process = supervised.start_and_wait()
    process.terminate()
    assert process.wait(10) == 0
    assert supervised.said("beta does not stop by itself; killing it.")
    assert supervised.living() == []


def test_a_second_interrupt_waits_no_longer(supervised: Supervised) -> None:
    (supervised.folder / "gamma.mode").write_text("stubborn")
    process = supervised.start_and_wait()
    process.send_signal(signal.SIGINT)
    supervised.eventually(lambda: supervised.said("Stopping gamma."))
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1.5)
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    assert supervised.living() == []


def test_what_a_child_started_goes_with_it(supervised: Supervised) -> None:
    (supervised.folder / "gamma.mode").write_text("with a helper")
    process = supervised.start_and_wait()
    supervised.eventually(lambda: len(supervised.living()) == 4)
    process.terminate()
    assert process.wait(10) == 0
    supervised.eventually(lambda: supervised.living() == [])


def test_a_task_that_fails_ends_everything_and_shows_why(supervised: Supervised) -> None:
    (supervised.folder / "task.py").write_text("raise SystemExit('there is no such table')")
    assert supervised.start().wait(10) == 1
    assert supervised.said("The task ended with exit code 1; see ")
    assert supervised.said("    there is no such table\n")
    assert ("started", "beta") not in supervised.diary()
    assert supervised.living() == []


def test_a_stop_signal_ends_a_running_task_and_what_it_started(supervised: Supervised) -> None:
    (supervised.folder / "task.py").write_text(
        "import os, subprocess, time\n"
        "helper = subprocess.Popen(['sleep', '60'])\n"
        f"with open({str(supervised.folder / 'diary')!r}, 'a') as diary:\n"
        "    diary.write(f'started helper {helper.pid}\\nstarted task {os.getpid()}\\n')\n"
        "time.sleep(60)"
    )
    process = supervised.start()
    supervised.eventually(lambda: ("started", "task") in supervised.diary())
    process.terminate()
    assert process.wait(10) == 0
    supervised.eventually(lambda: supervised.living() == [])


@pytest.fixture
def leftover(supervised: Supervised) -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


def record(folder: Path, process: "subprocess.Popen[bytes]", started: str) -> None:
    (folder / "run").mkdir()
    text = (
        f'{{"title": "beta", "order": 1, "pid": {process.pid}, "started": "{started}",'
        ' "stop_signal": 15, "stop_within": 5}'
    )
    (folder / "run" / "beta.json").write_text(text)


def test_a_child_left_over_from_a_killed_run_is_stopped_first(
    supervised: Supervised, leftover: "subprocess.Popen[bytes]"
) -> None:
    record(supervised.folder, leftover, str(started_at(leftover.pid)))
    supervised.start_and_wait()
    assert leftover.wait(1) == -signal.SIGTERM
    assert supervised.said(f"Stopping beta, left over from a run that was killed (process {leftover.pid}).")


def test_a_stranger_who_got_the_pid_of_an_old_child_is_left_alone(
    supervised: Supervised, leftover: "subprocess.Popen[bytes]"
) -> None:
    record(supervised.folder, leftover, "another-boot 12345")
    supervised.start_and_wait()
    assert leftover.poll() is None
    assert not supervised.said("left over")


def test_each_child_is_written_down_as_it_starts(supervised: Supervised) -> None:
    supervised.start_and_wait()
    for order, name in enumerate(("alpha", "beta", "gamma")):
        text = (supervised.folder / "run" / f"{name}.json").read_text()
        pid = supervised.pid(name)
        assert f'"pid": {pid}' in text
        assert f'"order": {order}' in text
        assert str(started_at(pid)) in text
