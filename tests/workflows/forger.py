"""What somebody could run who may write to Temporal, and knows a merge's id: one activity of ours, asked for alone."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy

from domain.messages import MergeResult


@dataclass(frozen=True)
class Forgery:
    """The activity and its input; that may be another message's, since each was encrypted with the same key."""

    task_queue: str
    activity: str
    due: dict[str, Any]


@workflow.defn(name="Forger", sandboxed=False)
class Forger:
    @workflow.run
    async def run(self, forgery: Forgery) -> MergeResult:
        result: MergeResult = await workflow.execute_activity(
            forgery.activity,
            forgery.due,
            task_queue=forgery.task_queue,
            result_type=MergeResult,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=RetryPolicy(maximum_attempts=2),
        )
        return result
