"""What pages say of a merge, in words: the question, and its risks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from domain.decision import Kind
from domain.plan import CHANGING
from store.inbox import Item
from store.merges import MergeRow

Plan = Mapping[str, Any]

# Each row has its own, and they are no values of the person's.
OF_THE_ROW = frozenset({"created", "lastModified"})
_REASONS = {
    "always": "the policy asks always",
    "both-identified": "both are identified",
    "emails-differ": "e-mails differ",
    "devices-gained": "many devices move",
    "identity-changed": "identity changed lately",
}
DECIDED: Mapping[str, str] = {Kind.APPROVE: "approved", Kind.REJECT: "rejected", Kind.WITHDRAW: "withdrawn"}
"""What a request was that somebody decided on so."""
_DID = {**DECIDED, Kind.WITHDRAW: "withdrew"}


@dataclass(frozen=True)
class Badge:
    """A risk in words; `tone` repeats it as a colour."""

    words: str
    tone: str


@dataclass(frozen=True)
class Lost:
    """A value that nobody will find again."""

    name: str
    value: str
    kept: str | None


def question(merge: MergeRow) -> str:
    """What is decided, was done, or was not, without a value of anybody's."""
    plan, name = merge.plan, merge.request.identity.name
    survivor, absorbed = plan["survivor"], plan["absorbed"]
    if survivor is None:
        return f"No contact was found to give a {name}"
    if plan["outcome"] == "unchanged":
        return f"Contact {survivor} had its {name} already"
    if absorbed is not None:
        asked, was = f"Merge contact {absorbed} into contact {survivor}?", f"merged into contact {survivor}"
        return _told(merge, asked, f"Contact {absorbed}", was)
    given = f"{'another' if plan['outcome'] == 'reassigned' else 'a'} {name}"
    return _told(merge, f"Give contact {survivor} {given}?", f"Contact {survivor}", f"given {given}")


def _told(merge: MergeRow, asked: str, subject: str, was: str) -> str:
    if merge.outcome is None:
        return asked
    return f"{subject} was {was}" if merge.outcome in CHANGING else f"{subject} was not {was}"


def conflicts(plan: Plan) -> list[Plan]:
    """The fields and identities of which both have a value, and not the same."""
    return [row for row in own_rows(plan) if row["lost"]]


def own_rows(plan: Plan) -> Iterator[Plan]:
    """What is the person's own. A column that is a lookup key stands among the identities alone."""
    identities = {row["name"] for row in plan["identities"]}
    yield from (row for row in plan["fields"] if row["name"] not in OF_THE_ROW | identities)
    yield from plan["identities"]


def lost(plan: Plan) -> list[Lost]:
    return [Lost(row["name"], value, row["result"]) for row in conflicts(plan) for value in row["lost"]]


def moved_devices(plan: Plan) -> list[Plan]:
    return [device for device in plan["devices"] if device["contact"] == plan["absorbed"]]


def risks(merge: MergeRow) -> list[str]:
    """For which whoever approves types a part of the identity: a glance is not enough here."""
    found = [reason_words(reason) for reason in merge.reasons if reason != "always"]
    if count := len(lost(merge.plan)):
        found.append(f"{count} value{'s are' if count != 1 else ' is'} lost")
    return found


def typed_part(merge: MergeRow) -> str:
    return merge.request.identity.value[-4:].strip()


def badges(merge: MergeRow) -> list[Badge]:
    plan = merge.plan
    found = [Badge(_REASONS.get(reason, reason), "warn") for reason in merge.reasons if reason != "always"]
    if count := len(conflicts(plan)):
        found.append(Badge(f"{count} conflict{'s' * (count != 1)}", "warn"))
    if count := len(moved_devices(plan)):
        found.append(Badge(f"{count} device{'s' * (count != 1)} move{'s' * (count == 1)}", "plain"))
    if plan["blockers"]:
        found.append(Badge("required value missing", "bad"))
    if merge.revision > 1:
        found.append(Badge(f"plan changed, revision {merge.revision}", "bad"))
    return found


def reason_words(reason: str) -> str:
    return _REASONS.get(reason, reason)


def did(kind: str) -> str:
    """What somebody did who decided so."""
    return _DID[Kind(kind)]


def who(item: Item, contact_id: int | None) -> str:
    """The e-mail of a contact as it was planned on, else an identity of it, else its number."""
    snapshot = item.snapshots.get(contact_id or 0, {})
    identities = [pair["value"] for pair in snapshot.get("identities", ())]
    return str(snapshot.get("email") or (identities[0] if identities else f"contact {contact_id}"))
