"""The stored histories: what each is of, and where it lies."""

from collections.abc import Mapping
from pathlib import Path

from temporalio.client import WorkflowHistory

from domain.plan import Outcome

FOLDER = Path(__file__).with_name("histories")
HISTORIES: Mapping[str, Outcome] = {
    "merged": Outcome.MERGED,
    "assigned": Outcome.ASSIGNED,
    "reassigned": Outcome.REASSIGNED,
    "unchanged": Outcome.UNCHANGED,
    "not-found": Outcome.NOT_FOUND,
    "blocked": Outcome.BLOCKED,
    "merged-at-the-second-attempt": Outcome.MERGED,
    "joined": Outcome.MERGED,
    "another-request-refused": Outcome.MERGED,
    "approved": Outcome.MERGED,
    "assigned-as-approved": Outcome.ASSIGNED,
    "stale-then-approved": Outcome.MERGED,
    "planned-anew-then-approved": Outcome.MERGED,
    "decision-refused-then-approved": Outcome.MERGED,
    "decided-twice-at-once": Outcome.MERGED,
    "rejected": Outcome.REJECTED,
    "withdrawn": Outcome.WITHDRAWN,
    "went-on-in-another-run": Outcome.MERGED,
    "approved-in-another-run": Outcome.MERGED,
    "reminded-then-expired": Outcome.EXPIRED,
    "expired-at-the-second-attempt": Outcome.EXPIRED,
    "device-gone-while-it-waited": Outcome.NOT_FOUND,
    "blocked-while-it-waited": Outcome.BLOCKED,
}
WENT_ON = "went-on-in-another-run"
"""The only one that does not end with the outcome: the next one does."""
ASKED = tuple(HISTORIES)[tuple(HISTORIES).index("approved") :]
"""Those in which a person was asked."""


def path(name: str) -> Path:
    return FOLDER / f"{name}.json"


def load(name: str) -> WorkflowHistory:
    return WorkflowHistory.from_json(f"establish-identity-{name}", path(name).read_text(encoding="utf-8"))
