"""Hints can be pasted: they name the command as it was called."""

import sys
from pathlib import Path

import pytest

from onefold.typed import typed


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed command in a folder below the one that the shell is in."""
    found = tmp_path / ".venv" / "bin" / "onefold"
    found.parent.mkdir(parents=True)
    found.write_text("")
    found.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    return found


def test_a_command_that_is_on_nobodys_path_is_named_as_it_was_called(
    script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for called in (".venv/bin/onefold", str(script)):
        monkeypatch.setattr(sys, "argv", [called])
        assert typed("doctor") == ".venv/bin/onefold doctor"


def test_from_another_folder_it_is_named_whole_and_quoted(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spaced = tmp_path / "a folder" / "onefold"
    monkeypatch.setattr(sys, "argv", [str(spaced)])
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert typed("doctor") == f"'{spaced}' doctor"


def test_where_the_shell_finds_this_one_its_name_is_enough(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [str(script)])
    monkeypatch.setenv("PATH", str(script.parent))
    assert typed("doctor") == "onefold doctor"


def test_another_one_on_the_path_is_not_meant(script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "onefold"
    other.write_text("")
    other.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(script)])
    monkeypatch.setenv("PATH", str(tmp_path))
    assert typed("doctor") == ".venv/bin/onefold doctor"


def test_as_a_module_it_is_named_as_the_command_beside_its_python(
    script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(script.with_name("python")))
    monkeypatch.setattr(sys, "argv", ["/somewhere/onefold/__main__.py"])
    assert typed("doctor") == ".venv/bin/onefold doctor"
