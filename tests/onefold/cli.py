"""The `onefold` command, run inside the test's own process as its user would run it."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import pytest

from onefold.cli import main


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, and what it said where."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.out.splitlines()]

    def line(self, beginning: str) -> str:
        """The first line that begins so, its columns one space apart."""
        return " ".join(next(line for line in self.lines if line.startswith(beginning)).split())


Command: TypeAlias = Callable[..., Ended]


def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """80 columns and no colour, as in a pipe."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("ONEFOLD_DATA", "/nowhere")  # no test touches a demo's data

    def run(*arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["onefold", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Ended(int(ended.value.code or 0), said.out, said.err)

    return run
