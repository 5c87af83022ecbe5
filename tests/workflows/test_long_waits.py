"""A wait that makes a long history goes on in another run: for whoever asks, joins or decides it is the same."""

import asyncio
import base64
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowExecutionStatus, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from activities.names import PREPARE, PROPOSE, REMIND
from api.gateway import Gateway
from api.gateway_runs import read_runs
from api.search_attributes import DATABASE_ID, MERGE_ID
from domain.address import Address, Channel
from domain.errors import MergePending
from domain.identity import Identity
from domain.messages import Continued, Decided, DecideInput, EstablishIdentityInput, Proposal, Settled
from domain.request import MergeRequest
from onefold.embedded.temporal import binary
from onefold.worker import create_worker
from store.engine import Store
from store.merges import MergeRow, read_merge
from tests.runs import CONVERTER, SHORT_HISTORY, Run, of_type, row_held, until, until_it_went_on
from tests.scenarios.approvals import VALUE, A, Reviewers, asks, two_contacts
from tests.stack import WORKFLOW_ID_KEY, Stack
from tests.tenant import APP_KEY, Tenant
from workflows.establish_identity import DECIDE, EstablishIdentity

QUEUE = "long-waits"
_NOTICES = text("SELECT kind FROM outbox WHERE merge_id = :id AND channel = 'webhook' ORDER BY created")


@pytest.fixture(scope="module")
async def short(store: Store) -> AsyncIterator[WorkflowEnvironment]:
    """A server that finds every history long, with a worker in this process."""
    async with (
        await WorkflowEnvironment.start_local(
            data_converter=CONVERTER,
            search_attributes=[MERGE_ID, DATABASE_ID],
            dev_server_existing_path=os.fspath(binary()),
            dev_server_extra_args=["--dynamic-config-value", SHORT_HISTORY],
            dev_server_log_level="error",
        ) as environment,
        create_worker(environment.client, store, QUEUE, frozenset({"webhook"})),
    ):
        yield environment


@dataclass(frozen=True)
class Wait:
    """A request that waits for a person."""

    environment: WorkflowEnvironment
    store: Store
    gateway: Gateway
    requester: str
    request: MergeRequest
    merge_id: UUID

    async def row(self) -> MergeRow:
        async with self.store.statements() as connection:
            return await read_merge(connection, self.merge_id)

    def run(self, workflow_id: str, run_id: str | None) -> Run:
        return self.environment.client.get_workflow_handle(workflow_id, run_id=run_id, result_type=Settled)

    async def first_run(self) -> Run:
        row = await self.row()
        return self.run(row.workflow_id, row.run_id)

    async def last_run(self) -> Run:
        workflow_id = (await self.row()).workflow_id
        return self.run(workflow_id, (await self.run(workflow_id, None).describe()).run_id)

    async def ask(self, value: str = VALUE) -> UUID | None:
        request = MergeRequest(self.request.database_id, self.request.address, Identity("userId", value))
        return await self.gateway.establish_identity(request, self.requester, uuid4())

    async def approve(self, people: Reviewers) -> Decided | None:
        row = await self.row()
        shown: dict[str, Any] = {"id": str(row.id), "plan": {"digest": row.plan_digest}}
        return await self.gateway.decide(row, await (await people()).store_decision(self.store, shown))

    async def notices(self) -> list[str]:
        async with self.store.statements() as connection:
            return [row.kind for row in await connection.execute(_NOTICES, {"id": self.merge_id})]


async def wait_of(short: WorkflowEnvironment, store: Store, tenant: Tenant, **approval: Any) -> Wait:
    await two_contacts(tenant)
    await asks(tenant, **approval)
    gateway = Gateway(short.client, QUEUE, base64.b64decode(WORKFLOW_ID_KEY), timedelta(seconds=30))
    request = MergeRequest(tenant.id, Address(Channel.PUSH, APP_KEY, A), Identity("userId", VALUE))
    requester = tenant.http.headers["Authorization"].split("_")[1]
    merge_id = await gateway.establish_identity(request, requester, uuid4())
    assert merge_id is not None
    return Wait(short, store, gateway, requester, request, merge_id)


async def steps_of(run: Run) -> list[str]:
    """The activities of a run; those that it did itself, in the task that decided it, are markers."""
    history = await run.fetch_history()
    markers = of_type(history, EventType.EVENT_TYPE_MARKER_RECORDED)
    scheduled = of_type(history, EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED)
    return [PREPARE for _ in markers] + [
        step.activity_task_scheduled_event_attributes.activity_type.name for step in scheduled
    ]


async def test_it_waits_on_in_another_run_and_is_decided_there(
    short: WorkflowEnvironment, store: Store, tenant: Tenant, people: Reviewers
) -> None:
    wait = await wait_of(short, store, tenant)
    first = await wait.first_run()
    await until_it_went_on(first)

    assert (await first.describe()).status is WorkflowExecutionStatus.CONTINUED_AS_NEW
    assert await wait.ask() == wait.merge_id, "an equal request joins it"
    with pytest.raises(MergePending):
        await wait.ask("888485")
    last = await wait.last_run()
    assert last.run_id != first.run_id
    assert await wait.approve(people) == Decided("merged")

    assert (await last.result()).outcome == "merged"
    row = await wait.row()
    assert (row.outcome, row.revision, row.run_id) == ("merged", 1, last.run_id)
    kept = await read_runs(short.client, row.workflow_id, [row.run_id])
    assert (kept[0].id, kept[-1].id) == (first.run_id, last.run_id)
    assert not any(run.is_open for run in kept)
    assert await wait.notices() == ["merge.pending"]
    assert set(await steps_of(first)) == {PREPARE, PROPOSE}
    assert PREPARE not in await steps_of(last)


async def test_what_changed_is_shown_by_the_run_that_waits_now(
    short: WorkflowEnvironment, store: Store, tenant: Tenant, people: Reviewers
) -> None:
    wait = await wait_of(short, store, tenant)
    first = await wait.first_run()
    await until_it_went_on(first)
    await tenant.patch_contact((await tenant.by_channel(A)).json()["id"], custom={"Favorite Food": "Salad"})

    row = await wait.row()
    await wait.gateway.plan_anew(row.workflow_id, row.run_id)

    await until(lambda: _is_at_revision(wait, 2))
    assert await wait.approve(people) == Decided("merged")


async def _is_at_revision(wait: Wait, revision: int) -> bool:
    return (await wait.row()).revision == revision


async def test_a_reminder_is_sent_by_one_of_its_runs(
    short: WorkflowEnvironment, store: Store, tenant: Tenant, people: Reviewers
) -> None:
    wait = await wait_of(short, store, tenant, deadlineSeconds=120, reminderPercent=1)
    first = await wait.first_run()
    await until(lambda: _has_reminded(first))
    await until_it_went_on(first)
    second = await wait.last_run()
    await until_it_went_on(second)

    assert (await steps_of(first)).count(REMIND) == 1
    assert REMIND not in await steps_of(second)
    assert await wait.approve(people) == Decided("merged")


async def _has_reminded(run: Run) -> bool:
    return REMIND in await steps_of(run)


async def test_a_decision_is_taken_before_the_next_run_has_looked_again(
    short: WorkflowEnvironment, stack: Stack, store: Store, tenant: Tenant, people: Reviewers
) -> None:
    """It knows what people were shown; a run that knows nothing yet turns decisions away."""
    wait = await wait_of(short, store, tenant)
    row = await wait.row()
    shown = Proposal(None, row.revision, row.plan_digest, remaining=600, until_reminder=300)
    asked = EstablishIdentityInput(
        str(row.id),
        tenant.id,
        "PUSH",
        APP_KEY,
        A,
        "userId",
        VALUE,
        False,
        True,
        wait.requester,
        "",
        Continued(shown, True),
    )
    async with row_held(stack, row.plan["survivor"]):
        run = await short.client.start_workflow(EstablishIdentity.run, asked, id=f"goes-on-{row.id}", task_queue=QUEUE)
        decision = DecideInput(str(uuid4()), "approve", row.plan_digest)
        deciding = asyncio.create_task(run.execute_update(DECIDE, decision))
        await until(lambda: _is_taken(run))
        assert PROPOSE in await steps_of(run)
        assert not of_type(await run.fetch_history(), EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED)
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await deciding
    assert isinstance(refused.value.cause, ApplicationError)
    assert refused.value.cause.type == "decision-not-found"

    await run.terminate()
    assert await wait.approve(people) == Decided("merged")


async def _is_taken(run: Run) -> bool:
    return bool(of_type(await run.fetch_history(), EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED))


async def test_whoever_decides_is_answered_by_the_run_that_they_reached(
    short: WorkflowEnvironment, store: Store, tenant: Tenant, people: Reviewers
) -> None:
    """However many come, and whenever: a run that has one in hand does not go on in another."""
    wait = await wait_of(short, store, tenant)
    row = await wait.row()
    any_run = wait.run(row.workflow_id, None)

    async def refusal() -> str | None:
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await any_run.execute_update(DECIDE, DecideInput(str(uuid4()), "approve", row.plan_digest))
        assert isinstance(refused.value.cause, ApplicationError)
        return refused.value.cause.type

    for _ in range(6):
        assert await asyncio.gather(*(refusal() for _ in range(4))) == ["decision-not-found"] * 4

    assert (await wait.last_run()).run_id != row.run_id
    assert await wait.approve(people) == Decided("merged")
