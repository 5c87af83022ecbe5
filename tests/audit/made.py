"""An export of a database with every outcome in it, made once by the command, and the file that checks it offline."""

import json
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from ledger.note import SigningKey
from ledger.offline import main

SEED = bytes(range(32))
KEY = SigningKey("onefold.example", SEED)
SIGNING = {
    "ONEFOLD_CHECKPOINT_KEY": b64encode(SEED).decode(),
    "ONEFOLD_CHECKPOINT_NAME": KEY.name,
    "ONEFOLD_CHECKPOINT_PLACES": "/nowhere/in/these/tests",
}


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def kinds(self) -> set[str]:
        return {finding["kind"] for finding in self.json["findings"]}


def onefold(env: Mapping[str, str], *arguments: object) -> Ended:
    return _run(env, "-m", "onefold", *arguments)


Check = Callable[..., Ended]
"""A run of the verifier: an export and what else it is given."""


@dataclass(frozen=True)
class Verifier:
    """The file, run as its user would: in a folder without anything of ours, with nothing but `packages` to import."""

    path: Path
    packages: Path

    def __call__(self, export: Path, *arguments: object, key: str = str(KEY.verifier)) -> Ended:
        return self.run(export, "--key", key, *arguments)

    def run(self, *arguments: object) -> Ended:
        return _run({"PYTHONPATH": str(self.packages)}, "-S", self.path, *arguments, cwd=self.path.parent)


def in_this_process(export: Path, *arguments: object) -> Ended:
    """The same code without a process for it, where many runs are wanted."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main([str(export), "--key", str(KEY.verifier), *map(str, arguments)])
    return Ended(code, out.getvalue(), err.getvalue())


def _run(env: Mapping[str, str], *arguments: object, cwd: Path | None = None) -> Ended:
    ended = subprocess.run(
        [sys.executable, *map(str, arguments)], env=dict(env), cwd=cwd, capture_output=True, text=True, check=False
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)
