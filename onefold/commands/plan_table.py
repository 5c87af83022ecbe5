"""A plan for people: what would be lost first, what is the same on both sides folded."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from domain.plan import Rule
from domain.text import count
from onefold.commands.output import cell, print_facts, sentence, table
from onefold.commands.plan_summary import blocker_sentence, facts, outcome_sentence

Document = Mapping[str, Any]
Row = Mapping[str, Any]

TIME_OF_MERGE = "(time of the merge)"
_PLURALS = {"Field": "fields", "Identity": "identities"}
# These differ between any two contacts, and losing one of them is no loss of data.
_TIMES = {"created", "lastModified"}


def print_plan(to: Console, plan: Document, *, lead: str = "") -> None:
    """`plan` is a plan's document, as `GET /v1/merges/{id}` shows it; `lead` says what became of it."""
    to.print(sentence(lead + outcome_sentence(plan)))
    for blocker in plan["blockers"]:
        to.print(sentence(blocker_sentence(blocker)))
    to.print()
    print_facts(to, facts(plan))
    if plan["survivor"] is None:
        return
    pair = plan["newer"] is not None
    _print_rows(to, "Field", plan["fields"], pair)
    _print_rows(to, "Identity", plan["identities"], pair)
    _print_devices(to, plan)


def _print_rows(to: Console, heading: str, rows: Sequence[Row], pair: bool) -> None:
    empty = [row for row in rows if _values(row, pair) == {None}]
    same = [row for row in rows if row not in empty and len(_values(row, pair)) == 1]
    rest = [row for row in rows if row not in empty and row not in same]
    losing = [row for row in rest if row["lost"] and row["name"] not in _TIMES]
    others = [row for row in rest if row not in losing]
    sides = {"Older": "older", "Newer": "newer"} if pair else {"Before": "older"}
    if rest:
        shown = table(heading, *sides, "Result", "Rule", whole=["Rule"])
        for row in (*losing, *others):
            shown.add_row(
                cell(row["name"]),
                *(_cell(row, side) for side in sides.values()),
                _cell(row, "result"),
                row["rule"],
                end_section=bool(others) and row in losing[-1:],
            )
        to.print()
        if losing:
            to.print(f"A value is lost in {_count(losing, heading)}, listed first:")
        to.print(shown)
    elif rows:
        to.print()
    _print_folded(to, f"{_count(same, heading)} {'the same in both' if pair else 'kept as before'}", same)
    _print_folded(to, f"{_count(empty, heading)} null{' in both' if pair else ''}", empty)


def _values(row: Row, pair: bool) -> set[str | None]:
    result = None if row["rule"] == Rule.REGENERATED else row["result"]
    regenerated = {TIME_OF_MERGE} if row["rule"] == Rule.REGENERATED else set()
    return {row["older"], result, *([row["newer"]] if pair else []), *regenerated}


def _cell(row: Row, side: str) -> Text:
    if side == "result" and row["rule"] == Rule.REGENERATED:
        return Text(TIME_OF_MERGE, overflow="fold")
    if row["name"] in _TIMES and row[side] is not None:
        return Text(row[side].removesuffix("T00:00:00Z").replace("T", " "), overflow="fold")
    return cell(row[side])


def _print_folded(to: Console, what: str, rows: Sequence[Row]) -> None:
    if rows:
        names = ", ".join(row["name"] for row in rows)
        to.print(sentence(f"{what}: {names}"))


def _count(rows: Sequence[Row], heading: str) -> str:
    return count(len(rows), heading.lower(), _PLURALS[heading])


def _print_devices(to: Console, plan: Document) -> None:
    shown = table("Device", "Address", "Consent", "From contact", whole=["Device", "Consent"])
    for device in plan["devices"]:
        shown.add_row(
            cell(f"{device['channelType']}-{device['qualifier']}"),
            cell(device["destination"]),
            device["status"],
            str(device["contact"]),
        )
    to.print()
    to.print(shown)
