"""A plan for people: what would be lost first, what is the same on both sides folded."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from domain.plan import Outcome, Rule
from domain.visible import visible
from onefold.commands.output import cell, count, print_facts, table

Document = Mapping[str, Any]
Row = Mapping[str, Any]

TIME_OF_MERGE = "(time of the merge)"
_PLURALS = {"Field": "fields", "Identity": "identities"}
# These differ between any two contacts, and losing one of them is no loss of data.
_TIMES = {"created", "lastModified"}
_OUTCOMES: Mapping[str, str] = {
    Outcome.MERGED: "merged: contact {survivor} survives and absorbs contact {absorbed}.",
    Outcome.ASSIGNED: "assigned: contact {survivor} gets the identity, which no other contact holds.",
    Outcome.REASSIGNED: "reassigned: contact {survivor} gets the identity and gives up {lost}.",
    Outcome.UNCHANGED: "unchanged: contact {survivor} holds the identity already.",
    Outcome.NOT_FOUND: "not_found: no contact owns the device.",
    Outcome.BLOCKED: "blocked: nothing changes, because",
}
_BLOCKED_BY = {
    "required-column-empty": "required column {name} would have no value",
    "lookup-key-inactive": "{name} is not an active lookup key of the database",
}


def print_plan(to: Console, plan: Document) -> None:
    """`plan` is a plan's document, as `GET /v1/merges/{id}` shows it."""
    to.print(cell_of(outcome_sentence(plan)))
    for blocker in plan["blockers"]:
        to.print(cell_of(f"- {_blocker_sentence(blocker)} ({blocker['code']})"))
    to.print()
    print_facts(to, _facts(plan))
    if plan["survivor"] is None:
        return
    pair = plan["newer"] is not None
    _print_rows(to, "Field", plan["fields"], pair)
    _print_rows(to, "Identity", plan["identities"], pair)
    _print_devices(to, plan)


def outcome_sentence(plan: Document) -> str:
    name = plan["request"]["identity"]["name"]
    lost = [f"{name} = {value}" for row in plan["identities"] if row["name"] == name for value in row["lost"]]
    sentence = _OUTCOMES.get(plan["outcome"], "{outcome}.")
    return sentence.format_map({**plan, "lost": " and ".join(lost)})


def cell_of(sentence: str) -> Text:
    return Text(visible(sentence), overflow="fold")


def _blocker_sentence(blocker: Mapping[str, str]) -> str:
    return _BLOCKED_BY.get(blocker["code"], "{name}").format(name=blocker["name"])


def _facts(plan: Document) -> list[tuple[str, str | Text]]:
    request = plan["request"]
    facts: list[tuple[str, str | Text]] = [
        ("Device", f"{request['channel']}-{request['qualifier']} {request['destination']}"),
        ("Identity", f"{request['identity']['name']} = {request['identity']['value']}"),
    ]
    if plan["newer"] is not None:
        facts += [(side.capitalize(), _fate(plan, plan[side])) for side in ("older", "newer")]
        facts += [
            (
                "Inbox",
                f"messages of contact {plan['inbox']['kept']}; those of {plan['inbox']['archived']} are archived",
            ),
            ("Events", "of both contacts" if plan["events"]["merged"] else f"of contact {plan['survivor']} only"),
        ]
    if plan["contactLists"]:
        facts.append(("Contact lists", ", ".join(str(one) for one in plan["contactLists"])))
    return [
        *facts,
        ("Answer", f"recipient {plan['survivor'] or 'none'}, channel identifier {plan['winnerChannelIdentifier']}"),
        ("Rules", f"{plan['ruleset']}, policy version {plan['policy']['version']}"),
        ("Digest", plan["digest"]),
    ]


def _fate(plan: Document, contact: int) -> str:
    survives = contact == plan["survivor"]
    if plan["blockers"]:
        return f"contact {contact}, would {'survive' if survives else 'be absorbed'}"
    return f"contact {contact}, {'survives' if survives else 'is absorbed'}"


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
            end_section = bool(others) and row is (losing or rest)[-1]
            shown.add_row(
                cell(row["name"]),
                *(_cell(row, side) for side in sides.values()),
                _cell(row, "result"),
                row["rule"],
                end_section=end_section,
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
        to.print(cell_of(f"{what}: {names}"))


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
