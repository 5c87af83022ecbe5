"""What a merge request is measured beside: workflows of the same shape that do nothing."""

from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity, workflow

TASK_QUEUE = "baseline"
_TIMEOUT = timedelta(seconds=10)


@dataclass(frozen=True)
class Nothing:
    """An empty body: what is measured is the way, not the load."""


@activity.defn
async def look(_: Nothing) -> Nothing:
    return Nothing()


@activity.defn
async def act(_: Nothing) -> Nothing:
    return Nothing()


@workflow.defn
class SameSteps:
    """One local activity, one ordinary one, and an update that waits: the steps of EstablishIdentity."""

    def __init__(self) -> None:
        self._done = False

    @workflow.run
    async def run(self, nothing: Nothing) -> Nothing:
        await workflow.execute_local_activity(look, nothing, start_to_close_timeout=_TIMEOUT)
        await workflow.execute_activity(act, nothing, start_to_close_timeout=_TIMEOUT)
        self._done = True
        await workflow.wait_condition(workflow.all_handlers_finished)
        return nothing

    @workflow.update
    async def settle(self, nothing: Nothing) -> Nothing:
        await workflow.wait_condition(lambda: self._done)
        return nothing


@workflow.defn
class Cheapest:
    """Durable, and nothing else."""

    @workflow.run
    async def run(self, nothing: Nothing) -> Nothing:
        return nothing
