"""The only place that starts, updates and queries workflows, together with its gateway_call.py."""

import asyncio
import contextlib
import hmac
import random
from base64 import b32encode
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowUpdateFailedError,
    WorkflowUpdateHandle,
    WorkflowUpdateRPCTimeoutOrCancelledError,
    WorkflowUpdateStage,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.names import END, MERGE, PROPOSE
from api.gateway_call import Call
from api.gateway_runs import UNREACHABLE, unavailable
from api.run_start import FINGERPRINT, asked_of_run, details_of, found_by, memo_of, summary_of
from api.search_attributes import DATABASE_ID, MERGE_ID
from domain.canonical import canonical
from domain.errors import DeviceBusy, ServiceUnavailable
from domain.messages import Continued, Decided, DecideInput, Proposal
from domain.request import MergeRequest, request_document
from store.merges import PENDING_APPROVAL, MergeRow
from workflows.establish_identity import DECIDE, PLAN_ANEW, EstablishIdentity

_DESCRIBE = timedelta(seconds=5)
_TASKS = (TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY)
# The server remembers pollers for five minutes; one that lives asks again at least every minute.
_LIVELY = timedelta(seconds=75)


class DecisionRefused(Exception):
    """The run did not act on the decision; `code` is a refusal's."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class RunClosed(Exception):
    """The run ended before it took the message."""


@dataclass(frozen=True)
class Doing:
    """The activity that an open run is at, by its name, and which attempt it is."""

    activity: str
    attempt: int

    @property
    def is_merging(self) -> bool:
        return self.activity == MERGE

    @property
    def is_ending(self) -> bool:
        return self.activity == END

    @property
    def is_proposing(self) -> bool:
        return self.activity == PROPOSE


@dataclass(frozen=True)
class Gateway:
    """`workflow_id_key` keys the ids: nobody can guess a phone number from one. `wait` is the longest answer."""

    client: Client
    task_queue: str
    workflow_id_key: bytes
    wait: timedelta

    async def establish_identity(self, request: MergeRequest, requester: str, merge_id: UUID) -> UUID | None:
        """Starts the request's workflow under this merge id, or joins the run of an equal request, and waits.

        Returns the id of the merge that is done or waits for a person, None where the wait budget ended before. Raises
        MergePending where another request about the device waits for a person, or ServiceUnavailable.
        """
        asked = asked_of_run(request, merge_id, requester, self.fingerprint(request))
        call = Call(self.client, self.task_queue, self.workflow_id(request), asked)
        try:
            async with asyncio.timeout(self.wait.total_seconds()):
                return await call.settle()
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
            return None
        except (*UNREACHABLE, WorkflowUpdateFailedError) as error:
            raise unavailable(error) from error

    async def open_merge(self, request: MergeRequest, merge_id: UUID) -> UUID:
        """The merge that answers a request whose wait budget ended: its own, or that of the run it joined.

        Raises DeviceBusy while another request for the device goes on, ServiceUnavailable where none was started.
        """
        handle = self.client.get_workflow_handle(self.workflow_id(request))
        try:
            async with asyncio.timeout(_DESCRIBE.total_seconds()):
                described = await handle.describe()
                fingerprint = await described.memo_value(FINGERPRINT, "")
        except (TimeoutError, *UNREACHABLE):
            raise ServiceUnavailable from None
        found = described.typed_search_attributes.get(MERGE_ID)
        running = described.status is WorkflowExecutionStatus.RUNNING
        if running and fingerprint != self.fingerprint(request):
            raise DeviceBusy
        if found is None or not (running or found == str(merge_id)):
            raise ServiceUnavailable
        return UUID(found)

    async def decide(self, merge: MergeRow, decision: DecideInput) -> Decided | None:
        """Brings a stored decision to its run and waits for what becomes of it.

        Returns None where the run took it and the wait budget ended before it was done. Raises DecisionRefused with
        the code that the merge gave, RunClosed where the run has ended meanwhile, ServiceUnavailable.
        """
        ends = asyncio.get_running_loop().time() + self.wait.total_seconds()
        try:
            taken = await self._bring_wherever_it_runs(merge, decision, ends)
            with contextlib.suppress(TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
                async with asyncio.timeout_at(ends):
                    return await taken.result()
        except WorkflowUpdateFailedError as error:
            cause = error.cause
            raise DecisionRefused(cause.type or "" if isinstance(cause, ApplicationError) else "") from None
        except UNREACHABLE as error:
            if isinstance(error, RPCError) and error.status is RPCStatusCode.NOT_FOUND:
                raise RunClosed from None
            raise unavailable(error) from error
        return None

    async def _bring_wherever_it_runs(
        self, merge: MergeRow, decision: DecideInput, ends: float
    ) -> WorkflowUpdateHandle[Decided]:
        """To the run that the merge names or to the one that goes on in its place: a long wait, a Reset in Temporal."""
        try:
            return await self._bring(merge.workflow_id, merge.run_id, decision, ends)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        now = await self.client.get_workflow_handle(merge.workflow_id).describe()
        is_its = now.typed_search_attributes.get(MERGE_ID) == str(merge.id)
        if now.status is not WorkflowExecutionStatus.RUNNING or not is_its:
            raise RunClosed
        return await self._bring(merge.workflow_id, now.run_id, decision, ends)

    async def _bring(
        self, workflow_id: str, run_id: str, decision: DecideInput, ends: float
    ) -> WorkflowUpdateHandle[Decided]:
        """Again and again while the run takes no more: it has never more than ten updates in hand."""
        handle = self.client.get_workflow_handle(workflow_id, run_id=run_id)
        try:
            async with asyncio.timeout_at(ends):
                while True:
                    try:
                        return await handle.start_update(
                            DECIDE,
                            decision,
                            wait_for_stage=WorkflowUpdateStage.ACCEPTED,
                            id=decision.decision_id,
                            result_type=Decided,
                        )
                    except RPCError as error:
                        if error.status is not RPCStatusCode.RESOURCE_EXHAUSTED:
                            raise
                    await asyncio.sleep(random.uniform(0.05, 0.2))  # noqa: S311 - jitter
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
            raise ServiceUnavailable from None

    async def plan_anew(self, workflow_id: str, run_id: str) -> None:
        """Tells an open run that something its plan depends on has changed. Raises ServiceUnavailable.

        Where that run has ended, another may go on in its place, after a long wait or a Reset in Temporal; if what is
        open there is another request's, it looks at its plan once more than it has to.
        """
        for run in (run_id, None):
            try:
                await self.client.get_workflow_handle(workflow_id, run_id=run).signal(PLAN_ANEW)
            except UNREACHABLE as error:
                if not isinstance(error, RPCError) or error.status is not RPCStatusCode.NOT_FOUND:
                    raise unavailable(error) from error
            else:
                return

    async def start_again(self, merge: MergeRow) -> None:
        """Starts a run for a merge that has lost its own. Whatever was settled meanwhile, it finds settled.

        Raises DeviceBusy while a run goes on for the device, ServiceUnavailable.
        """
        asked = asked_of_run(merge.request, merge.id, merge.requester, self.fingerprint(merge.request))
        if merge.state == PENDING_APPROVAL:
            asked = replace(asked, continued=Continued(Proposal(None, merge.revision, merge.plan_digest), False))
        try:
            await self.client.start_workflow(
                EstablishIdentity.run,
                asked,
                id=merge.workflow_id,
                task_queue=self.task_queue,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                search_attributes=found_by(asked),
                memo=memo_of(asked),
                static_summary=summary_of(asked),
                static_details=details_of(asked),
            )
        except WorkflowAlreadyStartedError:
            raise DeviceBusy from None
        except UNREACHABLE as error:
            raise unavailable(error) from error

    async def find_database(self, merge_id: UUID) -> int | None:
        """The database of a merge that was started but is not stored yet."""
        query = f"{MERGE_ID.name} = '{merge_id}'"
        try:
            async for execution in self.client.list_workflows(query, page_size=1):
                found = execution.typed_search_attributes.get(DATABASE_ID)
                return int(found) if found else None
        except UNREACHABLE as error:
            raise ServiceUnavailable from error
        return None

    async def doing(self, merge: MergeRow) -> Doing | None:
        """What its run is at; None where it waits, has ended or is not known. Raises ServiceUnavailable."""
        handle = self.client.get_workflow_handle(merge.workflow_id)  # whichever run goes on in its place
        try:
            described = await handle.describe(rpc_timeout=_DESCRIBE)
        except UNREACHABLE as error:
            if isinstance(error, RPCError) and error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise ServiceUnavailable from error
        if described.typed_search_attributes.get(MERGE_ID) != str(merge.id):
            return None  # another request of the device
        pending = described.raw_description.pending_activities
        return Doing(pending[0].activity_type.name, pending[0].attempt) if pending else None

    async def has_workers(self) -> bool:
        """Whether somebody polls for both kinds of task."""
        try:
            return await is_polled(self.client, self.task_queue)
        except UNREACHABLE as error:
            raise ServiceUnavailable from error

    def workflow_id(self, request: MergeRequest) -> str:
        """One open request per device: a keyed hash of database, channel, qualifier and destination."""
        address = request.address
        device = [request.database_id, address.channel.value, address.qualifier, address.destination]
        digest = hmac.digest(self.workflow_id_key, canonical(device), "sha256")
        return "establish-identity-" + b32encode(digest[:20]).decode().lower()

    def fingerprint(self, request: MergeRequest) -> str:
        """Equal for equal requests about a device."""
        return hmac.digest(self.workflow_id_key, canonical(request_document(request)), "sha256").hex()[:40]


async def is_polled(client: Client, task_queue: str) -> bool:
    """Whether a worker that lives polls the queue, for both kinds of task. Raises RPCError."""
    return all([await _is_polled(client, task_queue, kind) for kind in _TASKS])


async def _is_polled(client: Client, task_queue: str, kind: TaskQueueType.ValueType) -> bool:
    described = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace, task_queue=TaskQueue(name=task_queue), task_queue_type=kind
        )
    )
    polled = [poller.last_access_time.ToDatetime(UTC) for poller in described.pollers]
    return bool(polled) and datetime.now(UTC) - max(polled) < _LIVELY
