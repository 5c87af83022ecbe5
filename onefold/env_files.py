"""Files of shell variables, written so that a shell and `read_env` understand them alike."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from onefold.private_files import write_private


def write_env(path: Path, heading: str, variables: Mapping[str, str]) -> None:
    lines = [f"# {heading}", *(f"export {name}={shlex.quote(value)}" for name, value in variables.items())]
    write_private(path, "\n".join(lines) + "\n")


def read_env(path: Path) -> dict[str, str]:
    """The variables of a file that `write_env` wrote; none if there is no such file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    words = shlex.split(text, comments=True)
    return dict(word.split("=", 1) for word in words if "=" in word)
