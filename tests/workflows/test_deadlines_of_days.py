"""Deadlines of days, by skipped time: a Temporal server of its own, which moves the clock of one run at a time."""

import base64
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from temporalio.api.enums.v1 import EventType
from temporalio.testing import WorkflowEnvironment

from api.gateway import Gateway, RunClosed
from api.search_attributes import DATABASE_ID, MERGE_ID
from domain.address import Address, Channel
from domain.identity import Identity
from domain.messages import Decided, Settled
from domain.request import MergeRequest
from onefold.embedded.temporal import binary
from onefold.worker import create_worker
from store.engine import Store
from store.merges import MergeRow, read_merge
from tests.runs import CONVERTER, Run, of_type, text_of
from tests.scenarios.approvals import VALUE, A, Reviewer, Reviewers, asks, execute, two_contacts
from tests.stack import WORKFLOW_ID_KEY
from tests.tenant import APP_KEY, Tenant

QUEUE = "skipping"
_NOTICES = text("SELECT kind FROM outbox WHERE merge_id = :id ORDER BY created")


@pytest.fixture(scope="module")
async def skipping(store: Store) -> AsyncIterator[WorkflowEnvironment]:
    """With a worker in this process, on the database that all tests share. Time is skipped only when a test says so."""
    async with await WorkflowEnvironment.start_time_skipping_v2(
        data_converter=CONVERTER,
        search_attributes=[MERGE_ID, DATABASE_ID],
        dev_server_existing_path=os.fspath(binary()),
        dev_server_extra_args=["--dynamic-config-value", "frontend.WorkflowTimeSkippingEnabled=true"],
        dev_server_log_level="error",
    ) as environment:
        with environment.with_time_skipping_disabled():
            async with create_worker(environment.client, store, QUEUE, frozenset({"webhook"})):
                yield environment


@dataclass(frozen=True)
class Clock:
    """One request that waits for a person, and the clock of its run."""

    environment: WorkflowEnvironment
    gateway: Gateway
    store: Store
    merge_id: UUID

    async def row(self) -> MergeRow:
        async with self.store.statements() as connection:
            return await read_merge(connection, self.merge_id)

    async def run(self) -> Run:
        row = await self.row()
        return self.environment.client.get_workflow_handle(row.workflow_id, run_id=row.run_id, result_type=Settled)

    async def forward(self, by: timedelta) -> None:
        """PostgreSQL's clock can't be moved, and is the one that counts: its deadline comes nearer instead."""
        await execute(self.store, "UPDATE merges SET deadline = deadline - :by WHERE id = :id", by=by, id=self.merge_id)
        await self.environment.fast_forward(await self.run(), by)

    async def now(self) -> datetime:
        return await self.environment.get_current_time(await self.run())

    async def notices(self) -> list[str]:
        async with self.store.statements() as connection:
            return [row.kind for row in await connection.execute(_NOTICES, {"id": self.merge_id})]

    async def shown(self) -> dict[str, Any]:
        """What a reviewer needs of it to decide."""
        return {"id": str(self.merge_id), "plan": {"digest": (await self.row()).plan_digest}}

    async def approve(self, by: Reviewer) -> Decided | None:
        stored = await by.store_decision(self.store, await self.shown())
        row = await self.row()
        return await self.gateway.decide(row, stored)


@pytest.fixture
async def clock(skipping: WorkflowEnvironment, store: Store, tenant: Tenant) -> Clock:
    """Of a request that has three days, and a reminder at 75 % of them."""
    await two_contacts(tenant)
    await asks(tenant)
    key = base64.b64decode(WORKFLOW_ID_KEY)
    gateway = Gateway(skipping.client, QUEUE, key, timedelta(seconds=60))
    request = MergeRequest(tenant.id, Address(Channel.PUSH, APP_KEY, A), Identity("userId", VALUE))
    requester = tenant.http.headers["Authorization"].split("_")[1]
    merge_id = await gateway.establish_identity(request, requester, uuid4())
    assert merge_id is not None
    made = Clock(skipping, gateway, store, merge_id)
    assert (await made.row()).state == "pending_approval"
    return made


async def test_after_three_days_it_has_expired(clock: Clock, tenant: Tenant) -> None:
    began = await clock.now()

    await clock.forward(timedelta(days=3, minutes=1))
    settled = await (await clock.run()).result()

    row = await clock.row()
    assert (row.state, row.outcome, row.decision_id) == ("done", "expired", None)
    assert (settled.merge_id, settled.outcome) == (str(clock.merge_id), "expired")
    assert await clock.now() - began >= timedelta(days=3)
    assert (await tenant.by_identity(VALUE)).json()["id"] != (await tenant.by_channel(A)).json()["id"]


async def test_it_waits_until_the_last_minute(clock: Clock, people: Reviewers) -> None:
    await clock.forward(timedelta(days=3) - timedelta(minutes=1))
    assert (await clock.row()).state == "pending_approval"

    assert await clock.approve(await people()) == Decided("merged")


async def test_reviewers_are_reminded_once_after_three_quarters(clock: Clock) -> None:
    await clock.forward(timedelta(days=2, hours=5))
    assert await clock.notices() == ["merge.pending"]

    await clock.forward(timedelta(hours=2))
    assert await clock.notices() == ["merge.pending", "merge.reminder"]

    await clock.forward(timedelta(hours=16))
    assert await clock.notices() == ["merge.pending", "merge.reminder"]
    assert (await clock.row()).state == "pending_approval"
    timers = of_type(await (await clock.run()).fetch_history(), EventType.EVENT_TYPE_TIMER_STARTED)
    assert [await text_of(timer.user_metadata.summary) for timer in timers] == [
        "Time to remind the reviewers",
        "Time is up: expired, never approved",
    ]
    await clock.forward(timedelta(hours=2))
    assert (await (await clock.run()).result()).outcome == "expired"


async def test_a_next_revision_does_not_wait_longer(clock: Clock, people: Reviewers, tenant: Tenant) -> None:
    await clock.forward(timedelta(days=2))
    await tenant.patch_contact((await tenant.by_channel(A)).json()["id"], custom={"Favorite Food": "Salad"})
    assert await clock.approve(await people()) == Decided(None)
    assert ((await clock.row()).state, (await clock.row()).revision) == ("pending_approval", 2)

    await clock.forward(timedelta(days=1, minutes=1))
    await (await clock.run()).result()

    assert (await clock.row()).outcome == "expired"


async def test_what_is_decided_after_it_expired_has_no_run_to_go_to(clock: Clock, people: Reviewers) -> None:
    """Stored in the moment before: the answer is the end that the request had."""
    reviewer = await people()
    stored = await reviewer.store_decision(clock.store, await clock.shown())
    await clock.forward(timedelta(days=3, minutes=1))
    await (await clock.run()).result()
    row = await clock.row()

    with pytest.raises(RunClosed):
        await clock.gateway.decide(row, stored)

    assert (row.outcome, (await clock.row()).outcome) == ("expired", "expired")
