"""What each revision of a plan changed, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from domain.plan_changes import CAUSES, PlanChange, plan_changes
from store.reviews import Revision
from web.seen_merge import MergeSight

_MEMBERS = {
    "outcome": "What would happen",
    "survivor": "The contact that remains",
    "absorbed": "The contact that is absorbed",
    "older": "The older contact",
    "newer": "The newer contact",
    "winnerChannelIdentifier": "The channel identifier that is answered",
    "blockers": "What is in the way",
    "policy": "The version of the policy",
}


@dataclass(frozen=True)
class Change:
    """One thing that differs, before and after. None: it was not there, or is no more."""

    what: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class RevisionView:
    number: int
    cause: str
    at: datetime
    changes: list[Change]


def revision_views(revisions: Sequence[Revision], seen: MergeSight) -> list[RevisionView]:
    """The last first; the first one changed nothing."""
    first = [_view(one, []) for one in revisions[:1]]
    later = [_view(after, changes_between(before, after, seen)) for before, after in pairwise(revisions)]
    return [*first, *later][::-1]


def changes_between(before: Revision, after: Revision, seen: MergeSight) -> list[Change]:
    """What differs between any two of them."""
    return [_change(seen.change(one)) for one in plan_changes(before.plan, after.plan)]


def _view(revision: Revision, changes: list[Change]) -> RevisionView:
    return RevisionView(revision.revision, CAUSES[revision.cause], revision.created, changes)


def _change(change: PlanChange) -> Change:
    group, _, name = change.what.partition("/")
    if group in {"fields", "identities"}:
        return Change(name, _row(change.before), _row(change.after))
    if group == "devices":
        return Change("Device", _device(change.before), _device(change.after))
    return Change(_MEMBERS[change.what], _member(change.before), _member(change.after))


def _row(row: Mapping[str, Any] | None) -> str | None:
    if row is None:
        return None
    result = "no value" if row["result"] is None else row["result"]
    gone = f"; lost: {', '.join(row['lost'])}" if row["lost"] else ""
    return f"{result} ({row['rule']}){gone}"


def _device(device: Mapping[str, Any] | None) -> str | None:
    if device is None:
        return None
    return f"{device['channelType']} {device['destination']} of contact {device['contact']}, {device['status']}"


def _member(value: Any) -> str | None:
    if isinstance(value, list):
        return ", ".join(f"{one['code']}: {one['name']}" for one in value) or "nothing"
    return None if value is None else str(value)
