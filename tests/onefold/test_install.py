import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
SOURCES = ("Makefile", "README.md", "pyproject.toml", "requirements", "scripts", "onefold")
NEEDED = ("sh", "make", "cat", "cksum", "dirname", "rm", "mkdir")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    folder = tmp_path / ("a clone in a long folder " * 6) / "it's here"
    folder.mkdir(parents=True)
    for name in SOURCES:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder


@pytest.fixture
def commands(tmp_path: Path) -> Path:
    """A PATH with the commands that `make install` needs, and no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in NEEDED:
        (folder / name).symlink_to(str(shutil.which(name)))
    return folder


def fake_python(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def make(clone: Path, *words: str, **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["make", *words], cwd=clone, env={**os.environ, **env}, capture_output=True, text=True, check=False
    )


def test_no_python_gets_a_sentence(clone: Path, commands: Path) -> None:
    done = make(clone, "install", PATH=str(commands), PYTHON="")
    assert done.returncode != 0
    assert "Python 3.11 or newer is needed and none was found: install it" in done.stderr


def test_an_old_python_gets_a_sentence(clone: Path, commands: Path) -> None:
    fake_python(commands, "python3", "exit 1")
    assert "Python 3.11 or newer is needed" in make(clone, "install", PATH=str(commands), PYTHON="").stderr
    assert (
        "PYTHON=python3 is not Python 3.11 or newer"
        in make(clone, "install", "PYTHON=python3", PATH=str(commands)).stderr
    )
    assert not (clone / ".venv").exists()


def test_a_python_without_venv_gets_a_sentence(clone: Path, commands: Path) -> None:
    fake_python(commands, "python3", f'case "$*" in *ensurepip*) exit 1;; esac; exec "{sys.executable}" "$@"')
    done = make(clone, "install", PATH=str(commands), PYTHON="")
    assert "python3 cannot make virtual environments: install the missing part" in done.stderr
    assert "apt-get install python3-venv" in done.stderr
    assert not (clone / ".venv").exists()


def test_a_command_that_only_prints_an_error_is_passed_over(clone: Path, commands: Path) -> None:
    fake_python(commands, "python3.13", "echo 'pyenv: python3.13: command not found' >&2; exit 127")
    fake_python(commands, "python3", f'case "$*" in *ensurepip*) exit 1;; esac; exec "{sys.executable}" "$@"')
    assert "onefold: python3 cannot make" in make(clone, "install", PATH=str(commands), PYTHON="").stderr


def test_the_locks_name_no_index_and_no_path() -> None:
    for lock in (PROJECT / "requirements").iterdir():
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text
        assert "--index" not in text
        assert "--find-links" not in text
        assert str(PROJECT) not in text
        pins = [line for line in text.splitlines() if "==" in line]
        assert pins
        assert all(line.endswith("\\") for line in pins), "each pin is followed by its hashes"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_fresh_clone_is_set_up_once_and_its_command_runs(clone: Path) -> None:
    quickly = {"UV_COMPILE_BYTECODE": "0", "LC_ALL": "tr_TR.UTF-8"}
    first = make(clone, "install", **quickly)
    assert first.returncode == 0, first.stderr
    help_text = subprocess.run(
        [str(clone / ".venv" / "bin" / "python"), "-c", "import onefold; print(onefold.__file__)"],
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
    )
    assert help_text.stdout.strip() == str(clone / "onefold" / "__init__.py")
    script = subprocess.run([str(clone / ".venv/bin/uvicorn"), "--version"], capture_output=True, check=False)
    assert script.returncode == 0
    again = make(clone, "install")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")

    moved = clone.with_name("moved")
    clone.rename(moved)
    assert make(moved, "install", **quickly).returncode == 0
    assert str(moved) in (moved / ".venv" / "bin" / "uvicorn").read_text(encoding="utf-8")
