"""Whatever tells somebody to type a command names one that exists, with options that it takes."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from typer.main import get_command

from onefold.cli import app

ROOT = Path(__file__).parents[1]
COMMAND: Any = get_command(app)
TELLING = [
    ROOT / "README.md",
    *(ROOT / "docs").rglob("*.md"),
    *(ROOT / "web" / "templates").glob("*.html"),
    *(path for part in ("domain", "web", "onefold") for path in (ROOT / part).rglob("*.py")),
]
# Marked as code, a line of a shell block, or a hint that begins with however the command was called.
NAMED = re.compile(r"""(?:[`/>]|^|\bexec \w+ )onefold\s([a-z-][^`<\n]*)|\btyped\(f?["']([^"'\n]+)""", re.MULTILINE)
CONTINUED = re.compile(r'"\n\s+f?"')
FILLED_IN = re.compile(r"\{\{.*?\}\}|\{.*?\}|\{.*|\$\(.*?\)")
AFTER = re.compile(r" #| \|\| |[ (]*$")


def named(path: Path) -> Iterator[str]:
    """Commands of one group may be named at once: `merge list|claim`."""
    text = CONTINUED.sub("", path.read_text(encoding="utf-8"))
    for marked, typed in NAMED.findall(text):
        first, *others = AFTER.split(FILLED_IN.sub("X", marked or typed))[0].split("|")
        group = " ".join(group_of(first.split())[0])
        yield first
        yield from (f"{group} {other}" for other in others)


def group_of(words: Sequence[str]) -> tuple[Sequence[str], Any]:
    """Those of the words that lead to the innermost group, and the group."""
    found = COMMAND
    for at, word in enumerate(words):
        if not hasattr(found.commands.get(word), "commands"):
            return words[:at], found
        found = found.commands[word]
    return words, found


def fault(told: str) -> str | None:
    words = told.split()
    led, found = group_of(words)
    rest = words[len(led) :]
    if rest and not rest[0].startswith("-"):
        if rest[0] not in found.commands:
            return f"there is no command {rest[0]}"
        found = found.commands[rest.pop(0)]
    options = {"--help", *(option for one in found.params for option in (*one.opts, *one.secondary_opts))}
    strange = [word for word in rest if word.startswith("--") and word not in options]
    return f"{strange[0]} is none of its options" if strange else None


def test_what_people_are_told_to_type_can_be_typed() -> None:
    told = {(str(path.relative_to(ROOT)), one) for path in TELLING for one in named(path)}
    assert len(told) > 100
    assert {(where, one): wrong for where, one in told if (wrong := fault(one))} == {}


def test_what_can_not_be_typed_is_found() -> None:
    assert fault("merge list --database 7 --json") is None
    assert fault("merge lists") == "there is no command lists"
    assert fault("merge list --datebase 7") == "--datebase is none of its options"
