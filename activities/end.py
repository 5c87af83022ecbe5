"""End: settle a request that waited for a person, without executing it."""

from dataclasses import dataclass
from uuid import UUID

from temporalio import activity

from activities.failures import coded_failures
from activities.names import END
from domain.messages import EndInput, MergeResult
from store import endings
from store.decisions import UNDECIDED, claimed_id, claimed_kind
from store.engine import Store


@dataclass(frozen=True)
class End:
    store: Store

    @activity.defn(name=END)
    async def end(self, due: EndInput) -> MergeResult:
        """Rejected or withdrawn as a decision says that stands in PostgreSQL, or expired; nothing else changes."""
        info = activity.info()
        async with coded_failures():
            try:
                outcome = await endings.end(
                    self.store,
                    UUID(due.merge_id),
                    str(info.workflow_run_id),
                    info.attempt,
                    claimed_kind(due.kind),
                    claimed_id(due.decision_id),
                )
            except UNDECIDED as refusal:
                return MergeResult(None, refusal.code)
        return MergeResult(outcome.value)
