"""A merge as a person looks at it who decides: why they are asked, the plan, what changed in it, who said what."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from domain.approval import Reason
from domain.plan import CHANGING, Outcome
from onefold.commands.changes import print_revision
from onefold.commands.moments import left, moment
from onefold.commands.output import print_facts, sentence
from onefold.commands.plan_table import print_plan
from onefold.typed import typed

Document = Mapping[str, Any]

_REASONS: Mapping[str, str] = {
    Reason.ALWAYS: "the database's policy always asks",
    Reason.BOTH_IDENTIFIED: "both contacts carry an identity",
    Reason.EMAILS_DIFFER: "their e-mails differ",
    Reason.DEVICES_GAINED: "the survivor gains more devices than the policy lets pass",
    Reason.IDENTITY_CHANGED: "the device was given another identity a short while ago",
}
_ANSWERED = {*CHANGING, Outcome.UNCHANGED}
_EFFECTS = {True: "took effect", False: "without effect"}


def print_review(to: Console, merge: Document) -> None:
    """`merge` is what `GET /v1/merges/{id}` answers."""
    if "plan" not in merge:
        print_facts(to, [*_known(merge), ("Plan", "none yet: its run has just begun")])
        return
    print_facts(to, [*_known(merge), *_facts(merge)])
    to.print()
    print_plan(to, merge["plan"], lead=_lead(merge))
    if merge["revisions"][1:]:
        print_revision(to, merge["revisions"][-1])
    _print_decisions(to, merge["decisions"])
    _print_comments(to, merge["comments"])
    print_how_to_approve(to, merge)


def print_how_to_approve(to: Console, merge: Document) -> None:
    """Its last line is there to be pasted: whole, however narrow the terminal. Nothing where nobody is asked."""
    if merge["state"] != "pending_approval":
        return
    to.print()
    to.print("To approve exactly this plan:")
    to.print(typed(f"approve {merge['id']} --digest {merge['plan']['digest']}"), soft_wrap=True)


def winner(merge: Document) -> str:
    """Who answers for the device since the merge."""
    return f"contact {merge['winnerRecipientId']}, channel identifier {merge['winnerChannelIdentifier']}"


def receipt(given: Document) -> str:
    return f"entry {given['seq']}, hash {given['entry_hash']}"


def _lead(merge: Document) -> str:
    """A plan is written as if it were done. Where it is not, or never will be, that is said first."""
    if merge["outcome"] == merge["plan"]["outcome"]:
        return ""
    return "Planned, and not done: " if merge["outcome"] else "Planned, and not done yet: "


def _known(merge: Document) -> list[tuple[str, str]]:
    ended = f", {merge['outcome']}" if merge["outcome"] else ""
    return [
        ("Merge", merge["id"]),
        ("Database", str(merge["databaseId"])),
        ("State", f"{merge['state']}{ended}"),
    ]


def _facts(merge: Document) -> list[tuple[str, str]]:
    asked = merge["requested"]
    facts = [
        ("Revision", str(merge["plan"]["revision"])),
        ("Requested", f"{moment(asked['at'])} by {asked['by']}, with token {asked['token']}"),
    ]
    if merge["reasons"]:
        facts.append(("Asks because", "; ".join(_REASONS.get(one, one) for one in merge["reasons"])))
    if merge["settled"]:
        answered = [("Winner", winner(merge))] if merge["outcome"] in _ANSWERED else []
        settled = ("Settled", moment(merge["settled"]))
        return [*facts, settled, *answered, ("Receipt", receipt(merge["receipt"]))]
    if merge["deadline"]:
        facts.append(("Deadline", f"{moment(merge['deadline'])}, {left(merge['deadline'], datetime.now(UTC))}"))
    claimed = f"person {merge['claimedBy']}" if merge["claimedBy"] else "nobody"
    return [*facts, ("Claimed by", claimed)]


def _print_decisions(to: Console, decisions: Sequence[Document]) -> None:
    if decisions:
        to.print()
    for one in decisions:
        by = one["by"]["person"] or f"token {one['by']['token']}"
        refused = f" ({one['refused']})" if one["refused"] else ""
        what = f"{one['decision']} of revision {one['revision']}, {_EFFECTS[one['tookEffect']]}{refused}"
        why = f": {one['reason']}" if one["reason"] else ""
        to.print(sentence(f"{moment(one['at'])} {by}: {what}{why}"))


def _print_comments(to: Console, comments: Sequence[Document]) -> None:
    if comments:
        to.print()
    for one in comments:
        to.print(sentence(f"{moment(one['at'])} {one['by']}: {one['text']}"))
