"""The reconciler: compares open merges, their runs, the ledger and the contacts; heals what is safe, names the rest."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog

from api.gateway import Gateway
from domain.errors import DeviceBusy
from domain.findings import FindingKind
from onefold import orphans
from onefold.loops import again_and_again
from onefold.orphans import GRACE, Orphan
from store import reconciliation
from store.engine import Store
from store.leadership import leading
from store.merges import MergeRow

log = structlog.get_logger()

_PAUSE = timedelta(minutes=1)
_BETWEEN_COMPARISONS = timedelta(hours=1)
_MOST_ATTEMPTS = 5


@dataclass(frozen=True)
class Reconciler:
    store: Store
    gateway: Gateway
    grace: timedelta = GRACE

    async def run(self) -> None:
        """Until it is cancelled."""
        await again_and_again("reconcile", self.reconcile, None, _PAUSE)

    async def run_comparisons(self) -> None:
        """Until it is cancelled."""
        await again_and_again("compare", self.compare_ledger, None, _BETWEEN_COMPARISONS)

    async def reconcile(self) -> int:
        """Looks once, and tries to heal what may be healed; returns of how much it tried that."""
        lost = await orphans.orphans(self.store, self.gateway.client, self.grace)
        found = [*(one.finding for one in lost), *await reconciliation.look(self.store)]
        attempts = await reconciliation.note(self.store, orphans.KINDS | reconciliation.LOOKED_FOR, found)
        return sum([await self._heal(one) for one in lost if attempts[one.finding] < _MOST_ATTEMPTS])

    async def compare_ledger(self) -> int:
        """Reads all merges, contacts and entries, one process at a time; returns how much does not go together."""
        async with leading(self.store, "compare-ledger") as connection:
            if connection is None:
                return 0
            found = await reconciliation.compare_ledger(self.store)
            await reconciliation.note(self.store, {FindingKind.LEDGER_TORN}, found)
            return len(found)

    async def _heal(self, orphan: Orphan) -> bool:
        """Whether it was tried. What comes of it is seen at the next look."""
        heal = await self._remedy(orphan)
        if heal is None:
            return False
        try:
            await heal()
        except DeviceBusy:  # another request for the device, whose end is waited for
            return False
        await reconciliation.count_attempt(self.store, orphan.finding)
        log.warning("reconciler.tried", what=orphan.finding.kind.value, subject=orphan.finding.subject)
        return True

    async def _remedy(self, orphan: Orphan) -> Callable[[], Awaitable[None]] | None:
        if isinstance(orphan.of, MergeRow):
            is_safe = await reconciliation.may_start_again(self.store, orphan.of.id)
            return partial(self.gateway.start_again, orphan.of) if is_safe else None
        if orphan.finding.kind is FindingKind.RUN_LEFT:
            # It finds its merge settled, and ends.
            return partial(self.gateway.plan_anew, orphan.of.workflow_id, orphan.of.id)
        return None
