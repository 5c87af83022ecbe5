"""Merge: one activity, one transaction."""

from dataclasses import dataclass
from uuid import UUID

from temporalio import activity

from activities.failures import coded_failures
from activities.names import MERGE
from domain.messages import MergeInput, MergeResult
from store import merge_transaction
from store.engine import Store


@dataclass(frozen=True)
class Merge:
    store: Store

    @activity.defn(name=MERGE)
    async def merge(self, due: MergeInput) -> MergeResult:
        """Executes the merge once, whatever the number of attempts; a later attempt returns what the first one did."""
        info = activity.info()
        async with coded_failures():
            outcome = await merge_transaction.merge(
                self.store, UUID(due.merge_id), str(info.workflow_run_id), info.attempt
            )
        return MergeResult(outcome.value)
