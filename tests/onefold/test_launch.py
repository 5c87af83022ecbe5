import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from onefold.children import LAUNCHER, LOG_LIMIT, ChildFailed, Task
from onefold.embedded.account import CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, capability_to_keep
from onefold.processes import started_at

DOCKERS_DEFAULT = 0xA80425FB


def test_a_child_whose_parent_died_before_it_asked_for_the_death_signal_does_not_start(tmp_path: Path) -> None:
    options = {"parent": 1, "death_signal": 9, "account": None}
    touch = ["/bin/sh", "-c", ': > "$0"', str(tmp_path / "started")]
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(LAUNCHER), json.dumps(options), *touch],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "already gone" in done.stderr
    assert not (tmp_path / "started").exists()


def test_a_command_that_is_not_there_gets_a_sentence(tmp_path: Path) -> None:
    task = Task(name="x", title="It", argv=("/no/such/command",), env={}, log=tmp_path / "x.log")
    with pytest.raises(ChildFailed, match=r"cannot start /no/such/command: .* No such file or directory"):
        task.run()


@pytest.mark.usefixtures("only_root")
def test_a_child_of_root_keeps_one_capability_and_nothing_else(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys\n"
        "from onefold.children import Account, Task\n"
        f"account = Account(65534, 65534, {CAP_DAC_OVERRIDE})\n"
        "command = {'argv': ('/bin/cat', '/proc/self/status'), 'env': {}, 'account': account}\n"
        "Task(name='s', title='s', log=pathlib.Path(sys.argv[1]), **command).run()\n"
    )
    log = tmp_path / "status.log"
    subprocess.run([sys.executable, "-c", program, str(log)], extra_groups=[0, 4], check=True)
    status = dict(line.split(":", 1) for line in log.read_text().splitlines())
    assert status["Uid"].split() == ["65534"] * 4
    assert status["Gid"].split() == ["65534"] * 4
    assert status["Groups"].split() == []
    assert {int(status[name], 16) for name in ("CapPrm", "CapEff", "CapInh", "CapAmb")} == {1 << CAP_DAC_OVERRIDE}


def test_reading_everywhere_is_enough_where_it_can_be_had() -> None:
    assert capability_to_keep(-1) == CAP_DAC_READ_SEARCH


def test_a_container_with_dockers_default_capabilities_is_enough() -> None:
    assert capability_to_keep(DOCKERS_DEFAULT) == CAP_DAC_OVERRIDE


@pytest.mark.parametrize("effective", [0, 1 << CAP_DAC_OVERRIDE])
def test_root_without_the_right_to_become_another_user_is_told_so(effective: int) -> None:
    with pytest.raises(ChildFailed, match="PostgreSQL refuses to run as root, and root cannot"):
        capability_to_keep(effective)


@pytest.mark.parametrize("account", ["None", "Account(65534, 65534, 1)"])
def test_a_child_ends_with_the_process_that_started_it(
    tmp_path: Path, eventually: Callable[[Callable[[], bool]], None], account: str
) -> None:
    if account != "None" and os.geteuid() != 0:
        pytest.skip("only root can become another user")
    program = (
        "import os, pathlib, sys, time\n"
        "from onefold.children import Account, Task\n"
        "command = {'argv': ('/bin/sleep', '60'), 'env': {}, 'log': pathlib.Path(sys.argv[1])}\n"
        f"pid = Task(name='t', title='t', account={account}, **command).start().pid\n"
        "while b'sleep' not in pathlib.Path(f'/proc/{pid}/comm').read_bytes(): time.sleep(0.01)\n"
        "print(pid, flush=True)\n"
        "os._exit(0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path / "log")], stdout=subprocess.PIPE, check=True)
    eventually(lambda: started_at(int(done.stdout)) is None)


def test_a_log_that_grew_large_is_set_aside(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    for size in (LOG_LIMIT, LOG_LIMIT + 1):
        log.write_bytes(b"x" * size)
        Task(name="x", title="It", argv=("/bin/echo", "new"), env={}, log=log).run()
    assert log.read_text() == "new\n"
    assert (tmp_path / "x.log.1").stat().st_size == LOG_LIMIT + 1
