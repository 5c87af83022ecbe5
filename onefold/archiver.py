"""The archiver: keeps what happened in the runs of settled merges before Temporal forgets it.

What is due is whatever is not archived, so that it misses nothing while it is down.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta

import structlog
from temporalio.client import Client, WorkflowHistory

from api.gateway_runs import Run, listed_runs, read_runs
from onefold.loops import again_and_again
from store import histories
from store.engine import Store
from store.histories import BEFORE_ALL, ClosedRun, History, Unarchived
from store.leadership import leading

log = structlog.get_logger()

_PAUSE = timedelta(seconds=5)
_PAGE = 50
_AT_ONCE = 5


@dataclass(frozen=True)
class Archiver:
    """`patience`: how long a merge has been done before a server that does not know its run has forgotten it.

    Until then it may be another server's, named by a wrong setting, and what is archived can't be taken back.
    """

    store: Store
    client: Client
    patience: timedelta = timedelta(hours=1)

    async def run(self) -> None:
        """Until it is cancelled."""
        await again_and_again("archive", self.archive, None, _PAUSE)

    async def archive(self) -> int:
        """Archives whatever can be; returns of how many merges. Nothing while another process is at it."""
        async with leading(self.store, "archive") as connection:
            return await self._archive_all() if connection else 0

    async def _archive_all(self) -> int:
        number, last = 0, BEFORE_ALL
        while page := await histories.unarchived(self.store, last, _PAGE):
            number += await self._archive_page(page)
            last = page[-1]
        return number

    async def _archive_page(self, page: Sequence[Unarchived]) -> int:
        listed = await listed_runs(self.client, [merge.id for merge in page])
        free = asyncio.Semaphore(_AT_ONCE)

        async def attempt(merge: Unarchived) -> bool:
            async with free:
                return await self._archive(merge, listed.get((merge.id, merge.workflow_id), ()))

        # All of them to their end, before anything that went wrong is told.
        ends = await asyncio.gather(*(attempt(merge) for merge in page), return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException):
                raise end
        return ends.count(True)

    async def _archive(self, merge: Unarchived, listed: Sequence[str]) -> bool:
        """All runs of a merge at once, or none yet."""
        runs = await read_runs(self.client, merge.workflow_id, {merge.run_id, *listed})
        if any(run.is_open for run in runs):
            return False
        forgotten = sum(run.closed is None for run in runs)
        if forgotten and merge.age < self.patience:
            return False
        await histories.archive(self.store, merge, [_closed(run) for run in runs])
        log.info("history.archived", merge=str(merge.id), runs=len(runs), forgotten=forgotten)
        return True


def _closed(run: Run) -> ClosedRun:
    if run.closed is None:
        return ClosedRun(run.id, None)
    document = WorkflowHistory(run.workflow_id, run.events).to_json_dict()
    content = json.dumps(document, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
    began = run.events[0].event_time.ToDatetime(UTC)
    return ClosedRun(run.id, History(len(run.events), began, run.closed, content))
