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
}


def path(name: str) -> Path:
    return FOLDER / f"{name}.json"


def load(name: str) -> WorkflowHistory:
    return WorkflowHistory.from_json(f"establish-identity-{name}", path(name).read_text(encoding="utf-8"))
