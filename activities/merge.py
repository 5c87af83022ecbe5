"""Merge: one activity, one transaction."""

from dataclasses import dataclass
from uuid import UUID

from temporalio import activity

from activities.failures import coded_failures
from activities.names import MERGE
from domain.messages import MergeInput, MergeResult
from store import merge_transaction
from store.decisions import UNDECIDED, claimed_id
from store.engine import Store


@dataclass(frozen=True)
class Merge:
    store: Store

    @activity.defn(name=MERGE)
    async def merge(self, due: MergeInput) -> MergeResult:
        """Executes the merge once, whatever the number of attempts; a later attempt returns what the first one did.

        Where a person has to decide and has not, or not on this plan, it changes nothing and says so.
        """
        info = activity.info()
        async with coded_failures():
            try:
                outcome = await merge_transaction.merge(
                    self.store, UUID(due.merge_id), str(info.workflow_run_id), info.attempt, claimed_id(due.decision_id)
                )
            except UNDECIDED as refusal:
                return MergeResult(None, refusal.code)
        return MergeResult(outcome.value)
