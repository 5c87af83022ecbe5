"""What a next revision of a plan changed, for whoever saw the one before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]

CAUSES = {
    "requested": "it was asked for",
    "decided-on-another": "somebody decided on a plan that no longer held",
    "contacts-changed": "something that the plan depends on has changed",
}
"""Why a revision was shown, for people: a contact, a device, a column, a lookup key or the policy may have changed."""

# Told by name; the rest of a plan's document follows from these, or is not bound by its digest.
_MEMBERS = ("outcome", "survivor", "absorbed", "older", "newer", "winnerChannelIdentifier", "blockers")
_ROWS = ("fields", "identities")


@dataclass(frozen=True)
class PlanChange:
    """One thing that differs: `what` is its place in the plan. None: it was not there, or is no more."""

    what: str
    before: Any
    after: Any

    def document(self) -> dict[str, object]:
        return {"what": self.what, "before": self.before, "after": self.after}


def plan_changes(before: Document, after: Document) -> list[PlanChange]:
    """The differences between two plans' documents that their digests bind."""
    return list(_changes(before, after))


def _changes(before: Document, after: Document) -> Iterator[PlanChange]:
    pairs = {member: (before[member], after[member]) for member in _MEMBERS}
    pairs["policy"] = (before["policy"]["version"], after["policy"]["version"])
    for group in _ROWS:
        pairs.update(_paired(group, _by_name(before[group]), _by_name(after[group])))
    pairs.update(_paired("devices", _by_id(before["devices"]), _by_id(after["devices"])))
    for what, (old, new) in pairs.items():
        if old != new:
            yield PlanChange(what, old, new)


def _paired(group: str, before: Document, after: Document) -> dict[str, tuple[Any, Any]]:
    names = dict.fromkeys((*before, *after))
    return {f"{group}/{name}": (before.get(name), after.get(name)) for name in names}


def _by_name(rows: list[Document]) -> dict[str, Document]:
    """Without the time of the last change: the commit's own is another anyway."""
    return {row["name"]: row for row in rows if row["name"] != "lastModified"}


def _by_id(devices: list[Document]) -> dict[str, Document]:
    return {str(device["id"]): device for device in devices}
