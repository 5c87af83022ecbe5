"""What somebody could run who may write to Temporal, and knows a merge's id: one activity of ours, asked for alone."""

from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from activities.names import END, MERGE
from domain.messages import EndInput, MergeInput, MergeResult


@dataclass(frozen=True)
class Forgery:
    """`kind` None: the activity that merges, else the one that ends without a merge."""

    task_queue: str
    merge_id: str
    decision_id: str | None
    kind: str | None = None


@workflow.defn(name="Forger", sandboxed=False)
class Forger:
    @workflow.run
    async def run(self, forgery: Forgery) -> MergeResult:
        due = (
            MergeInput(forgery.merge_id, forgery.decision_id)
            if forgery.kind is None
            else EndInput(forgery.merge_id, forgery.kind, forgery.decision_id)
        )
        result: MergeResult = await workflow.execute_activity(
            MERGE if forgery.kind is None else END,
            due,
            task_queue=forgery.task_queue,
            result_type=MergeResult,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=RetryPolicy(maximum_attempts=2),
        )
        return result
