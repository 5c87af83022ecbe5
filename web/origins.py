"""Where a value of a contact comes from: the plans of the merges that ended in it tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.plan import Outcome, Rule, Side
from store.merges import MergeRow


@dataclass(frozen=True)
class Step:
    """A merge that chose the value, the rule it chose by, and whose value it was; None: both had it, or the request."""

    merge_id: UUID
    at: datetime | None
    rule: str
    source: int | None
    side: str | None


@dataclass(frozen=True)
class Origin:
    """The merges that chose the value, the latest first; none where the contact has it by itself.

    `written_since` is the latest merge, where the value is not the one that it chose.
    """

    steps: tuple[Step, ...] = ()
    written_since: UUID | None = None


def origin(name: str, value: str, contact_id: int, changes: Sequence[MergeRow]) -> Origin:
    """`changes` are those of the contact and of all that ended in it, newest first."""
    steps: list[Step] = []
    holder = contact_id
    for merge in changes:
        row = _choice(merge, name) if merge.survivor_id == holder else None
        if row is None:
            continue
        if row["result"] != value:
            return Origin(tuple(steps), merge.id)
        source = _source(merge, row["winner"])
        steps.append(Step(merge.id, merge.settled, row["rule"], source, row["winner"]))
        if source is None:
            break
        holder = source
    return Origin(tuple(steps))


def _choice(merge: MergeRow, name: str) -> Mapping[str, Any] | None:
    """What the plan says of this name; a request that merged nobody chose nothing but the identity it was about."""
    rows = [row for row in (*merge.plan["fields"], *merge.plan["identities"]) if row["name"] == name]
    if merge.outcome != Outcome.MERGED:
        rows = [row for row in rows if row["rule"] == Rule.REQUESTED]
    return rows[0] if rows else None


def _source(merge: MergeRow, winner: str | None) -> int | None:
    found: int | None = merge.plan[winner] if winner in {Side.OLDER, Side.NEWER} else None
    return found
