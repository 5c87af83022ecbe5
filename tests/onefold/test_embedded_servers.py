"""Both servers together, in the places and under the users that break others."""

import os
import pwd
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from onefold.children import Account, Task
from onefold.embedded.account import CAP_DAC_READ_SEARCH

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).with_name("embedded_round.py")
# Some user who is neither root nor nobody, and who can read this project wherever it lies.
ORDINARY = Account(pwd.getpwnam("daemon").pw_uid, pwd.getpwnam("daemon").pw_gid, CAP_DAC_READ_SEARCH)


@pytest.fixture
def round_on(tmp_path: Path, free_port: Callable[[], int]) -> Callable[..., str]:
    """Runs the program once on a data folder and gives what it said."""

    def run(data: Path, account: Account | None = None, **env: str) -> str:
        log = tmp_path / "round.log"
        argv = (sys.executable, str(PROGRAM), str(data), str(free_port()), str(free_port()))
        task = Task(name="round", title="The round", argv=argv, env=env, log=log)
        replace(task, account=account).run()
        return log.read_text(encoding="utf-8").splitlines()[-1]

    return run


@pytest.fixture
def difficult(tmp_path: Path) -> Path:
    """Below a folder closed to all but its owner, with spaces, quotes and more than 255 characters."""
    closed = tmp_path / ("it's a long folder " * 12) / "closed"
    closed.mkdir(parents=True)
    closed.chmod(0o700)
    return closed / "50% done?#" / "data"


def test_rows_outlive_a_restart_in_a_difficult_folder(round_on: Callable[..., str], difficult: Path) -> None:
    assert round_on(difficult).startswith("(1,")
    assert round_on(difficult).startswith("(2,")


def test_no_parent_folder_is_loosened(round_on: Callable[..., str], difficult: Path) -> None:
    parents = [difficult.parents[1], difficult.parents[2]]
    before = [(folder.stat().st_mode, folder.stat().st_uid) for folder in parents]
    round_on(difficult)
    assert [(folder.stat().st_mode, folder.stat().st_uid) for folder in parents] == before
    assert difficult.stat().st_mode & 0o777 == 0o700
    private = [path for path in difficult.iterdir() if path.stat().st_mode & 0o077]
    assert private == []


@pytest.mark.usefixtures("only_root")
def test_root_runs_postgresql_as_nobody(round_on: Callable[..., str], difficult: Path) -> None:
    round_on(difficult)
    assert (difficult / "postgres").owner() == "nobody"
    assert (difficult / "temporal.db").stat().st_uid == 0


@pytest.mark.usefixtures("only_root")
def test_an_ordinary_user_runs_both_and_root_takes_over_their_data(
    round_on: Callable[..., str], difficult: Path
) -> None:
    for folder in (difficult.parent, difficult):
        folder.mkdir()
        os.chown(folder, ORDINARY.uid, ORDINARY.gid)
    assert round_on(difficult, ORDINARY).startswith("(1,")
    assert (difficult / "postgres").stat().st_uid == ORDINARY.uid
    assert round_on(difficult).startswith("(2,")
    assert (difficult / "postgres").stat().st_uid == ORDINARY.uid


@pytest.mark.parametrize("locale", ["tr_TR.UTF-8", "tr_TR.ISO-8859-9", "no_such_locale", "C"])
def test_the_locale_of_the_caller_changes_nothing(round_on: Callable[..., str], tmp_path: Path, locale: str) -> None:
    said = round_on(tmp_path / "data", LANG=locale, LC_ALL=locale, PYTHONUTF8="1")
    assert said == "(1, 'İstanbul')"  # in a Turkish locale the dotted capital would become an i


def test_variables_meant_for_other_servers_change_nothing(round_on: Callable[..., str], tmp_path: Path) -> None:
    # PGPORT and PGHOST are given by every URL of ours; the program's own connection would obey the others.
    temporal = {"TEMPORAL_TLS": "true", "TEMPORAL_API_KEY": "x", "TEMPORAL_NAMESPACE": "other"}
    assert round_on(tmp_path / "data", PGPORT="1", PGHOST="db.invalid", PGUSER="x", **temporal).startswith("(1,")


def test_root_in_a_container_that_may_become_nobody_else_is_told_so(tmp_path: Path) -> None:
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", sys.executable, str(PROGRAM), str(tmp_path / "data"), "1", "2"],
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare" in done.stderr:
        pytest.skip("user namespaces cannot be made here")
    assert "PostgreSQL refuses to run as root" in done.stderr
