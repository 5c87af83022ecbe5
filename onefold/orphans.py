"""Open merges without a run, and open runs without an open merge."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from temporalio.client import Client

from api.gateway_runs import OpenRun, open_runs
from domain.findings import Finding, FindingKind
from store import reconciliation
from store.engine import Store
from store.merges import MergeRow
from store.reconciliation import Stored

KINDS = frozenset({FindingKind.RUN_MISSING, FindingKind.ROW_MISSING, FindingKind.RUN_LEFT})
GRACE = timedelta(minutes=1)
"""How long something may be amiss before it is found: it may be under way."""
_SECOND_LOOK = 2.0


@dataclass(frozen=True)
class Orphan:
    """What was found, and of what: a merge that has no run, or a run whose merge is not open."""

    finding: Finding
    of: MergeRow | OpenRun


async def orphans(store: Store, client: Client, grace: timedelta = GRACE) -> list[Orphan]:
    """Raises ServiceUnavailable."""
    found = await _look(store, client, grace)
    if found:
        # Rows and runs can't be read at one moment: what is still so a little later is so.
        await asyncio.sleep(_SECOND_LOOK)
        again = await _look(store, client, grace)
        found = {finding: orphan for finding, orphan in found.items() if finding in again}
    return list(found.values())


async def _look(store: Store, client: Client, grace: timedelta) -> dict[Finding, Orphan]:
    runs = await open_runs(client)
    with_runs = {run.merge_id for run in runs if run.merge_id}
    old = datetime.now(UTC) - grace
    stored = await reconciliation.stored(store, with_runs, grace)
    found = [
        *(Orphan(_lost(merge), merge) for merge in await reconciliation.open_merges(store, grace, but=with_runs)),
        *(
            Orphan(finding, run)
            for run in runs
            if run.began < old and (finding := _left(run, stored.get(run.merge_id) if run.merge_id else None))
        ),
    ]
    return {orphan.finding: orphan for orphan in found}


def _lost(merge: MergeRow) -> Finding:
    return Finding(FindingKind.RUN_MISSING, str(merge.id), merge.database_id, merge.id)


def _left(run: OpenRun, merge: Stored | None) -> Finding | None:
    if merge is None:
        return Finding(FindingKind.ROW_MISSING, run.id, merge_id=run.merge_id)
    return Finding(FindingKind.RUN_LEFT, run.id, merge.database_id, run.merge_id) if merge.is_over else None
