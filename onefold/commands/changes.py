"""What a revision of a plan changed, for whoever saw the one before."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console

from domain.plan_changes import CAUSES
from onefold.commands.output import cell, table

Document = Mapping[str, Any]

_GROUPS = {"fields": "", "identities": "identity ", "devices": "device "}
_NAMES = {
    "older": "older contact",
    "newer": "newer contact",
    "winnerChannelIdentifier": "channel identifier",
    "policy": "policy version",
}
# What a row of a plan is about; its other members follow from these.
_TOLD = ("older", "newer", "result", "rule", "destination", "status", "contact")


def print_revision(to: Console, revision: Document) -> None:
    """`revision` is one of those that `GET /v1/merges/{id}` lists."""
    shown = table("What", "Before", "Now")
    for change in revision["changes"]:
        for what, before, after in _lines(change):
            shown.add_row(cell(what), cell(before), cell(after))
    to.print()
    to.print(f"Changed in revision {revision['revision']}, because {CAUSES.get(revision['cause'], revision['cause'])}:")
    to.print(shown)


def _lines(change: Document) -> Iterator[tuple[str, str | None, str | None]]:
    """A line for each member of a row that differs; one line for what is no row."""
    before, after = change["before"], change["after"]
    what = _name(change["what"])
    if not isinstance(before, dict) and not isinstance(after, dict):
        yield what, _text(before), _text(after)
        return
    was, now = before or {}, after or {}
    for member in _TOLD:
        if was.get(member) != now.get(member):
            yield f"{what}, {member}", _text(was.get(member)), _text(now.get(member))


def _name(what: str) -> str:
    group, _, name = what.partition("/")
    return f"{_GROUPS.get(group, '')}{name}" if name else _NAMES.get(group, group)


def _text(value: object) -> str | None:
    if isinstance(value, list):  # blockers
        return "; ".join(f"{one['name']} ({one['code']})" for one in value) or "none"
    return None if value is None else str(value)
