"""A worker that is struck at a chosen moment of its first merge: `python -m tests.chaos.struck_worker MOMENT`.

It is the product's own, its merge activity wrapped from out here: the product knows nothing of it.
"""

import os
import signal
import sys
from typing import Any
from unittest.mock import patch

from temporalio import activity

from activities.merge import Merge
from activities.names import MERGE
from domain.messages import MergeInput, MergeResult
from domain.plan import Outcome
from onefold import logs, worker
from onefold.commands.running import run, worker_settings
from store import merge_transaction
from store.settlement import settle

BEFORE, INSIDE, AFTER, FROZEN = "before", "inside", "after", "frozen"

_moment = ""


class StruckMerge(Merge):
    @activity.defn(name=MERGE)
    async def merge(self, due: MergeInput) -> MergeResult:
        _strike_if(BEFORE)
        result = await super().merge(due)
        _strike_if(AFTER)
        return result


async def _settle_and_be_struck(*args: Any) -> Outcome:
    """All is written then, and nothing committed."""
    outcome = await settle(*args)
    _strike_if(INSIDE, FROZEN)
    return outcome


def _strike_if(*moments: str) -> None:
    global _moment  # noqa: PLW0603 - a worker is struck once
    if _moment in moments:
        stroke = signal.SIGSTOP if _moment == FROZEN else signal.SIGKILL
        _moment = ""
        os.kill(os.getpid(), stroke)


if __name__ == "__main__":
    _moment = sys.argv[1]
    logs.configure()
    with (
        patch.object(worker, "Merge", StruckMerge),
        patch.object(merge_transaction, "settle", _settle_and_be_struck),
    ):
        run(worker.work(worker_settings()))
