"""What happened to a merge, in words."""

from collections.abc import Callable, Mapping

from domain.decision import Kind
from domain.plan_changes import CAUSES
from ledger.events import EventKind
from store.story import REMINDED, Passage
from web.wording import DECIDED

_REFUSALS = {
    Kind.APPROVE: "An approval was refused",
    Kind.REJECT: "A rejection was refused",
    Kind.WITHDRAW: "A withdrawal was refused",
}

WORDS: Mapping[str, str] = {
    EventKind.MERGE_REQUESTED: "Asked for",
    EventKind.MERGE_JOINED: "Asked for once more",
    EventKind.PLAN_MADE: "Planned",
    EventKind.PLAN_SEEN: "Seen",
    EventKind.MERGE_CLAIMED: "Claimed",
    EventKind.MERGE_RELEASED: "Released",
    EventKind.COMMENT_ADDED: "Commented",
    EventKind.DECISION_MADE: "Decided",
    EventKind.DECISION_REFUSED: "A decision was refused",
    EventKind.VALUES_REVEALED: "Values revealed",
    EventKind.KEPT_APART_ADDED: "Kept apart",
    EventKind.KEPT_APART_LIFTED: "Kept apart no longer",
    EventKind.HISTORY_ARCHIVED: "History archived",
    EventKind.HISTORY_FORGOTTEN: "History lost",
    EventKind.RECONCILER_HEALED: "Set right",
    REMINDED: "Reviewers reminded",
    "merge.executed": "Merged",
    "identity.assigned": "Identity assigned",
    "identity.reassigned": "Identity replaced",
    "identity.unchanged": "Nothing to change",
    "device.not_found": "Device not found",
    "merge.blocked": "Blocked",
    "merge.rejected": "Ended: rejected",
    "merge.expired": "Ended: nobody decided in time",
    "merge.withdrawn": "Ended: withdrawn",
}
"""By kind; what a decision was stands in its passage."""

_GOOD = frozenset({"merge.executed", "identity.assigned", "identity.reassigned"})
_BAD = frozenset({EventKind.DECISION_REFUSED, EventKind.HISTORY_FORGOTTEN, "merge.blocked", "device.not_found"})


def what(passage: Passage) -> str:
    """A kind that nobody knows is told by its name."""
    says = str(passage.detail.get("says"))
    if passage.kind == EventKind.DECISION_MADE and says in set(Kind):
        return DECIDED[Kind(says)].capitalize()
    if passage.kind == EventKind.DECISION_REFUSED and says in set(Kind):
        return _REFUSALS[Kind(says)]
    return WORDS.get(passage.kind, passage.kind)


def told(passage: Passage) -> str:
    """The rest of the sentence."""
    return " ".join(part for part in (_by(passage), _further(passage)) if part)


def mood(passage: Passage) -> str:
    """A colour that repeats what the words say."""
    return "good" if passage.kind in _GOOD else "bad" if passage.kind in _BAD else "plain"


def _by(passage: Passage) -> str:
    return f"by {passage.by}" if passage.by else ""


def _further(passage: Passage) -> str:
    tell = _FURTHER.get(passage.kind)
    return tell(passage) if tell else ""


def _planned(passage: Passage) -> str:
    cause = CAUSES.get(str(passage.detail.get("cause")), "nobody knows why")
    return f"as revision {passage.detail.get('revision')}: {cause}"


def _seen(passage: Passage) -> str:
    masked = ", its values masked" if passage.detail.get("masked") else ""
    return f"revision {passage.detail.get('revision')}{masked}"


def _released(passage: Passage) -> str:
    return f"what {passage.whom} had claimed" if passage.whom != passage.by else ""


def _decided(passage: Passage) -> str:
    apart = ". They are not the same person" if passage.detail.get("notSamePerson") else ""
    return f"seeing revision {passage.detail.get('revision')}{apart}"


def _refused(passage: Passage) -> str:
    return f"({passage.detail.get('code')})"


def _apart(passage: Passage) -> str:
    one = passage.event.contact_id if passage.event else None
    return f"contacts {one} and {passage.detail.get('other')}"


def _archived(passage: Passage) -> str:
    return f"of run {passage.detail.get('run')}, {passage.detail.get('events')} events"


def _forgotten(passage: Passage) -> str:
    return f"of run {passage.detail.get('run')}: Temporal had forgotten it"


def _healed(passage: Passage) -> str:
    return f"by the reconciler ({passage.detail.get('what')})"


_FURTHER: Mapping[str, Callable[[Passage], str]] = {
    EventKind.PLAN_MADE: _planned,
    EventKind.PLAN_SEEN: _seen,
    EventKind.MERGE_RELEASED: _released,
    EventKind.DECISION_MADE: _decided,
    EventKind.DECISION_REFUSED: _refused,
    EventKind.KEPT_APART_ADDED: _apart,
    EventKind.KEPT_APART_LIFTED: _apart,
    EventKind.HISTORY_ARCHIVED: _archived,
    EventKind.HISTORY_FORGOTTEN: _forgotten,
    EventKind.RECONCILER_HEALED: _healed,
}
