"""How far a request is: steps that are over, the one it is at, those to come. Each is read from the store or from its
run; none is guessed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from api.gateway import Doing
from domain.decision import Kind
from domain.plan import CHANGING
from store.decisions import Decision
from store.inbox import Item
from store.merges import PENDING_APPROVAL, PREPARING, MergeRow
from store.reviews import Revision
from web.wording import DECIDED


class Reached(StrEnum):
    OVER = "over"
    NOW = "now"
    TO_COME = "to come"


@dataclass(frozen=True)
class Step:
    """`what` happened, `told` the rest of the sentence. `said` is what a person wrote with it."""

    reached: Reached
    what: str
    told: str = ""
    at: datetime | None = None
    note: str = ""
    said: str | None = None
    hash: str | None = None


BEGUN_STEPS = (
    Step(Reached.OVER, "Asked for"),
    Step(Reached.NOW, "Finding the device, reading both contacts, planning"),
    Step(Reached.TO_COME, "Merged, or shown to a person first"),
    Step(Reached.TO_COME, "Recorded in the ledger"),
)
"""Of a request whose run has started and has stored nothing yet."""


def is_under_way(merge: MergeRow, doing: Doing | None) -> bool:
    """Neither done nor waiting for anybody."""
    if merge.state == PENDING_APPROVAL:
        return doing is not None and (doing.is_merging or doing.is_ending)
    return merge.outcome is None


def steps_of(
    item: Item, revisions: Sequence[Revision], decisions: Sequence[Decision], doing: Doing | None
) -> list[Step]:
    merge = item.merge
    done = merge.outcome is not None
    return [
        Step(Reached.OVER, "Asked for", f"by {item.asked_by}", merge.requested),
        *(_shown(one) for one in revisions[-1:]),
        *(_decided(item, decisions) if done else _said(item, decisions)),
        *(_ended(merge) if done else _going_on(merge, doing)),
    ]


def _shown(revision: Revision) -> Step:
    return Step(Reached.OVER, "Planned", f"and shown as revision {revision.revision}", revision.created)


def _decided(item: Item, decisions: Sequence[Decision]) -> Iterator[Step]:
    """By whom, or by what, it was ended."""
    merge = item.merge
    effective = next((one for one in decisions if one.took_effect), None)
    if effective is not None:
        yield _decision(item, effective)
    elif merge.outcome == "expired":
        yield Step(Reached.OVER, "Nobody decided", "until its deadline", merge.deadline)
    elif not merge.reasons:
        yield Step(Reached.OVER, "No person was asked", "as the policy says")
    if effective is not None and effective.kind is Kind.APPROVE and merge.outcome in CHANGING:
        yield Step(Reached.OVER, "Read again", "under lock: the plan was still exactly this one")


def _said(item: Item, decisions: Sequence[Decision]) -> list[Step]:
    """What people have said of the plan as it stands, which has not taken effect yet."""
    if not item.merge.reasons:
        return [Step(Reached.OVER, "No person was asked", "as the policy says")]
    return [_decision(item, one) for one in decisions if one.revision == item.merge.revision and not one.refused]


def _decision(item: Item, decision: Decision) -> Step:
    return Step(
        Reached.OVER,
        DECIDED[decision.kind].capitalize(),
        f"by {decision.person or item.asked_by}",
        decision.at,
        f"seeing revision {decision.revision}" + (". They are kept apart" if decision.not_same_person else ""),
        decision.reason,
    )


def _going_on(merge: MergeRow, doing: Doing | None) -> list[Step]:
    tried = f"(try {doing.attempt})" if doing and doing.attempt > 1 else ""
    recorded = Step(Reached.TO_COME, "Recorded in the ledger")
    if doing and doing.is_ending:
        return [Step(Reached.NOW, "Ending without a change", tried), recorded]
    if merge.state == PREPARING or (doing and doing.is_proposing):
        return [Step(Reached.NOW, "Being shown to the reviewers", tried), Step(Reached.TO_COME, "A person decides")]
    again = Step(Reached.NOW, "Reading both contacts again under lock, then merging", tried)
    return [again, Step(Reached.TO_COME, "Merged"), recorded]


def _ended(merge: MergeRow) -> Iterator[Step]:
    changed = merge.outcome in CHANGING
    yield Step(Reached.OVER, str(merge.outcome).capitalize() if changed else "Nothing was changed", "", merge.settled)
    if merge.receipt:
        told = f"as entry {merge.receipt.seq} of the ledger of database {merge.database_id}"
        yield Step(Reached.OVER, "Recorded", told, hash=merge.receipt.entry_hash.hex())
