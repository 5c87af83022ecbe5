"""How the command was called, so that a hint can be pasted: after `make run` it is on nobody's path."""

import os
import shlex
import shutil
import sys
from pathlib import Path


def typed(words: str) -> str:
    """`words` after this command's name, as the person at the terminal would type both."""
    return f"{own_name()} {words}"


def own_name() -> str:
    """`onefold` where the shell finds this one by it, else the path that leads to it from here."""
    called = sys.argv[0]
    if called.endswith(".py"):  # python -m onefold
        called = str(Path(sys.executable).with_name("onefold"))
    found = shutil.which("onefold")
    if os.sep not in called or (found and Path(found).resolve() == Path(called).resolve()):
        return "onefold"
    path = Path(called).absolute()
    return shlex.quote(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))
