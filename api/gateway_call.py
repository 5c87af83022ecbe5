"""One caller's way through start, join and wait: the gateway's part that establishes an identity."""

import asyncio
import contextlib
import random
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowFailureError,
    WorkflowUpdateFailedError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from api.run_start import details_of, found_by, memo_of, summary_of
from domain.errors import MergePending
from domain.messages import EstablishIdentityInput, Settled, SettleInput
from workflows.establish_identity import PENDING, SETTLE, EstablishIdentity

_LOOK_AGAIN = timedelta(seconds=1)
# A message came in while the run was closing: its last task is done again, and an update that it had answered is told
# so instead of the answer.
_DISTURBED = RPCStatusCode.FAILED_PRECONDITION


@dataclass(frozen=True)
class Call:
    """One caller's way through start, join and wait."""

    client: Client
    task_queue: str
    workflow_id: str
    asked: EstablishIdentityInput

    async def settle(self) -> UUID:
        """Goes on until it has an answer; the caller's wait budget ends it."""
        while True:
            try:
                return await self._start()
            except WorkflowAlreadyStartedError as running:
                settled = await self._join(running.run_id)
            except RPCError as error:
                if error.status is not _DISTURBED:
                    raise
                settled = await self._join(None)
            if settled and settled.fingerprint == self.asked.fingerprint:
                return UUID(settled.merge_id)
            # Another request's run is over. Whoever waited for it starts again now, not all at once.
            await asyncio.sleep(random.uniform(0, 0.05))  # noqa: S311 - jitter

    async def _start(self) -> UUID:
        asked = self.asked
        operation = WithStartWorkflowOperation(
            EstablishIdentity.run,
            asked,
            id=self.workflow_id,
            task_queue=self.task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            search_attributes=found_by(asked),
            memo=memo_of(asked),
            static_summary=summary_of(asked),
            static_details=details_of(asked),
        )
        # A fixed update id would be answered from a closed run for ever; each start takes a fresh one.
        try:
            settled: Settled = await self.client.execute_update_with_start_workflow(
                SETTLE,
                SettleInput(self.asked.fingerprint),
                start_workflow_operation=operation,
                id=f"start-{uuid4()}",
                result_type=Settled,
            )
        except (WorkflowAlreadyStartedError, RPCError):
            with contextlib.suppress(WorkflowAlreadyStartedError, RPCError):
                await operation.workflow_handle()  # else asyncio warns of an error that nobody read
            raise
        return UUID(settled.merge_id)

    async def _join(self, run_id: str | None) -> Settled | None:
        """The answer of the run that was open when we came, be it to our request or to another.

        None where it has answered nobody: it goes on, or was ended from outside.
        """
        handle = self.client.get_workflow_handle(self.workflow_id, run_id=run_id, result_type=Settled)
        waiter = SettleInput(self.asked.fingerprint)
        try:
            joined: Settled = await handle.execute_update(
                SETTLE, waiter, id=f"join-{self.asked.fingerprint}", result_type=Settled
            )
        except WorkflowUpdateFailedError as error:
            # The validator's refusal of another request, or the run was ended from outside.
            if isinstance(error.cause, ApplicationError) and error.cause.type == PENDING:
                raise MergePending("", mergeId=error.cause.details[0]) from None
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        else:
            return joined
        # It is being planned or executed for another request, or was closing as we came. Most end in a moment; one
        # that waits for a person by then says so when it is asked again.
        try:
            async with asyncio.timeout(_LOOK_AGAIN.total_seconds()):
                ended: Settled = await handle.result()
        except (TimeoutError, WorkflowFailureError):
            return None
        return ended
