"""What can be amiss between requests, their runs, the ledger and the contacts, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class FindingKind(StrEnum):
    RUN_MISSING = "run-missing"
    ROW_MISSING = "row-missing"
    RUN_LEFT = "run-left"
    OUTBOX_STUCK = "outbox-stuck"
    HISTORY_LATE = "history-late"
    EVENTS_UNSEALED = "events-unsealed"
    LEDGER_TORN = "ledger-torn"


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be. `subject` tells it from others of its kind, and is never a value."""

    kind: FindingKind
    subject: str
    database_id: int | None = None
    merge_id: UUID | None = None

    @property
    def named(self) -> str:
        """What it is found of, where that is no merge."""
        return f"{_SUBJECTS.get(self.kind, '')} {self.subject}".strip()


_SUBJECTS: Mapping[FindingKind, str] = {
    FindingKind.ROW_MISSING: "run",
    FindingKind.OUTBOX_STUCK: "channel",
    FindingKind.EVENTS_UNSEALED: "database",
}
TOLD: Mapping[FindingKind, str] = {
    FindingKind.RUN_MISSING: "A merge is open, and no workflow runs for it.",
    FindingKind.ROW_MISSING: "A workflow has run for over a minute, and nothing is stored of its merge.",
    FindingKind.RUN_LEFT: "A merge is done, and its workflow still runs.",
    FindingKind.OUTBOX_STUCK: "Notices or signals are due, and nobody sends them.",
    FindingKind.HISTORY_LATE: "A merge has been done for over an hour, and what its workflow did is not archived.",
    FindingKind.EVENTS_UNSEALED: "Events have waited for over a minute to be sealed into a database's ledger.",
    FindingKind.LEDGER_TORN: "Contacts, merges and the ledger tell different things.",
}
ADVICE: Mapping[FindingKind, str] = {
    FindingKind.RUN_MISSING: (
        "It is started again by itself, unless another request for its device came later: then decide which of them "
        "counts. `onefold reconcile --start ID` executes it after all."
    ),
    FindingKind.ROW_MISSING: (
        "Look whether workers run and reach PostgreSQL: it stores its merge as soon as they do. If nobody asked for "
        "it, terminate it in Temporal."
    ),
    FindingKind.RUN_LEFT: "It is told to look again, which ends it. If it stays, terminate it in Temporal.",
    FindingKind.OUTBOX_STUCK: "Look whether a worker runs that has this channel's settings, and what its log says.",
    FindingKind.HISTORY_LATE: (
        "Look whether a worker runs and reaches Temporal, before Temporal's retention is over; its log says more."
    ),
    FindingKind.EVENTS_UNSEALED: "Look whether a worker runs and reaches PostgreSQL; its log says more.",
    FindingKind.LEDGER_TORN: (
        "Somebody wrote to the database by hand, or restored a part of it. `onefold invariants` names all that "
        "contradicts itself, `onefold audit verify` whether the ledger was touched."
    ),
}
