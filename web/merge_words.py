"""A merge in words: what its state and outcome are called, and how a list shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.plan import Outcome
from domain.request import MergeRequest
from store.merges import MergeRow

STATES: Mapping[str, str] = {
    "preparing": "being prepared",
    "pending_approval": "waits for a person",
    "merging": "merging",
    "done": "done",
}
OUTCOMES: Mapping[str, str] = {
    Outcome.MERGED: "merged",
    Outcome.ASSIGNED: "identity assigned",
    Outcome.REASSIGNED: "identity replaced",
    Outcome.UNCHANGED: "nothing to change",
    Outcome.NOT_FOUND: "device not found",
    Outcome.BLOCKED: "blocked",
    Outcome.REJECTED: "rejected",
    Outcome.EXPIRED: "expired",
    Outcome.WITHDRAWN: "withdrawn",
}
_GOOD = frozenset({Outcome.MERGED, Outcome.ASSIGNED, Outcome.REASSIGNED})
_BAD = frozenset({Outcome.NOT_FOUND, Outcome.BLOCKED, Outcome.REJECTED, Outcome.EXPIRED})


@dataclass(frozen=True)
class ListedMerge:
    """One line of a list, its values as the viewer may see them. `mood` is the badge's colour, which words repeat."""

    id: UUID
    database_id: int
    state: str
    mood: str
    requested: datetime
    settled: datetime | None
    deadline: datetime | None
    requester: str
    identity_name: str
    identity_value: str
    channel: str
    qualifier: str
    destination: str
    survivor: int | None
    absorbed: int | None
    absorbs: str


def listed_merge(row: MergeRow, requester: str, seen: MergeRequest) -> ListedMerge:
    """`seen` is the row's request, as the viewer may see it."""
    address, identity = seen.address, seen.identity
    return ListedMerge(
        id=row.id,
        database_id=row.database_id,
        state=OUTCOMES[row.outcome] if row.outcome else STATES[row.state],
        mood=_mood(row.outcome),
        requested=row.requested,
        settled=row.settled,
        deadline=row.deadline,
        requester=requester,
        identity_name=identity.name,
        identity_value=identity.value,
        channel=address.channel.value,
        qualifier=address.qualifier,
        destination=address.destination,
        survivor=row.survivor_id or row.plan["survivor"],
        absorbed=row.absorbed_id or row.plan["absorbed"],
        absorbs=_absorbs(row.outcome),
    )


def _absorbs(outcome: str | None) -> str:
    if outcome is None:
        return "would absorb"
    return "absorbed" if outcome == Outcome.MERGED else "would have absorbed"


def _mood(outcome: str | None) -> str:
    if outcome is None:
        return "open"
    return "good" if outcome in _GOOD else "bad" if outcome in _BAD else "plain"
