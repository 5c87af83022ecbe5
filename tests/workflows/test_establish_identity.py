"""EstablishIdentity on a real server: what it refuses, when it closes, and what its history tells whom."""

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHistory, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from activities.names import MERGE, PREPARE
from api.search_attributes import DATABASE_ID, MERGE_ID
from domain.messages import SettleInput
from domain.plan import DECIDED, Outcome
from tests.runs import Run, is_merging, is_retrying, of_type, row_held, runs_of, settled_in, text_of, until
from tests.stack import Stack
from tests.tenant import Tenant
from workflows.establish_identity import OTHER_REQUEST, SETTLE
from workflows.prose import ENDS

PLANNED = [outcome for outcome in Outcome if outcome not in DECIDED]  # a plan has one of these
DEVICE, VALUE = "Sksd03jdJKK|H892hH", "identity777374"
PERSONAL = (DEVICE, "Sksd03jdJKK", "H892hH", VALUE, "albert.b.jerm@gmail.com", "Burger")


async def prepared(tenant: Tenant, outcome: Outcome) -> int:
    """Contacts for which a request ends so; the id of the device's contact."""
    if outcome is Outcome.NOT_FOUND:
        return 0
    if outcome is Outcome.MERGED:
        await tenant.register("other|one", email="albert.b.jerm@gmail.com", custom={"userId": VALUE})
    held = {Outcome.REASSIGNED: "old", Outcome.UNCHANGED: VALUE}.get(outcome)
    own = {"userId": held} if held else {}
    return await tenant.register(DEVICE, custom={**own, "Favorite Food": "Burger"})


@dataclass(frozen=True)
class Ended:
    run: Run
    history: WorkflowHistory
    answer: dict[str, Any]
    tenant: Tenant


@pytest.fixture
def ended(make_tenant: Callable[..., Awaitable[Tenant]], temporal: Client) -> Callable[[Outcome], Awaitable[Ended]]:
    """Runs a request to one of its ends."""

    async def run(outcome: Outcome) -> Ended:
        tenant = await make_tenant(required=("Country",) if outcome is Outcome.BLOCKED else ())
        await prepared(tenant, outcome)
        answer = (await tenant.establish(DEVICE, VALUE)).json()
        assert answer["outcome"] == outcome.value
        (found,) = await runs_of(temporal, tenant.id)
        return Ended(found, await found.fetch_history(), answer, tenant)

    return run


@asynccontextmanager
async def merge_under_way(stack: Stack, temporal: Client, tenant: Tenant) -> AsyncIterator[Run]:
    """A run that waits for a contact's row until the block ends."""
    contact_id = await prepared(tenant, Outcome.MERGED)
    async with asyncio.TaskGroup() as group:
        async with row_held(stack, contact_id):
            asked = group.create_task(tenant.establish(DEVICE, VALUE))
            (run,) = await runs_of(temporal, tenant.id)
            await until(lambda: is_merging(run))
            yield run
        assert (await asked).json()["outcome"] == "merged"


async def test_another_request_is_refused_and_leaves_no_event(stack: Stack, temporal: Client, tenant: Tenant) -> None:
    async with merge_under_way(stack, temporal, tenant) as run:
        before = [event.event_type for event in (await run.fetch_history()).events]
        for fingerprint in ("", "0" * 40, "another"):
            with pytest.raises(WorkflowUpdateFailedError) as refused:
                await run.execute_update(SETTLE, SettleInput(fingerprint))
            assert isinstance(refused.value.cause, ApplicationError)
            assert (refused.value.cause.type, refused.value.cause.message) == (OTHER_REQUEST, OTHER_REQUEST)
        after = await run.fetch_history()
        assert [event.event_type for event in after.events][: len(before)] == before
        assert len(of_type(after, EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED)) == 1
        new = {event.event_type for event in after.events[len(before) :]}
        assert not new - {EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED}


async def test_an_equal_request_is_accepted_and_answered_by_the_same_run(
    stack: Stack, temporal: Client, tenant: Tenant
) -> None:
    async with merge_under_way(stack, temporal, tenant) as run:
        callers = [asyncio.create_task(tenant.establish(DEVICE, VALUE)) for _ in range(3)]

        async def joined() -> bool:
            accepted = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED
            return len(of_type(await run.fetch_history(), accepted)) == 2

        await until(joined)
    answers = [(await caller).json() for caller in callers]
    assert {answer["mergeId"] for answer in answers} == {(await run.result()).merge_id}
    assert len(await runs_of(temporal, tenant.id)) == 1


@pytest.mark.parametrize("outcome", PLANNED)
async def test_the_run_closes_in_the_workflow_task_that_answers_settle(
    outcome: Outcome, ended: Callable[[Outcome], Awaitable[Ended]]
) -> None:
    """Anything between the two would make the next request join a run that is over."""
    events = (await ended(outcome)).history.events
    task, answered, closed = (list(events)[at] for at in (-3, -2, -1))
    assert answered.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED
    assert closed.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED
    completed = closed.workflow_execution_completed_event_attributes.workflow_task_completed_event_id
    last_task = [event for event in events if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED][-1]
    assert completed == last_task.event_id
    assert task.event_id == last_task.event_id or outcome in {Outcome.UNCHANGED, Outcome.NOT_FOUND, Outcome.BLOCKED}


@pytest.mark.parametrize("outcome", PLANNED)
async def test_the_answer_is_the_end_that_the_run_recorded(
    outcome: Outcome, ended: Callable[[Outcome], Awaitable[Ended]]
) -> None:
    one = await ended(outcome)
    closed = one.history.events[-1].workflow_execution_completed_event_attributes
    settled = await settled_in(closed.result.payloads)
    assert (settled.merge_id, settled.outcome) == (one.answer["mergeId"], outcome.value)
    answered = one.history.events[-2].workflow_execution_update_completed_event_attributes
    assert await settled_in(answered.outcome.success.payloads) == settled


@pytest.mark.parametrize("outcome", PLANNED)
async def test_the_next_request_gets_a_run_of_its_own(
    outcome: Outcome, ended: Callable[[Outcome], Awaitable[Ended]], temporal: Client
) -> None:
    one = await ended(outcome)
    again = (await one.tenant.establish(DEVICE, VALUE)).json()
    assert again["mergeId"] != one.answer["mergeId"]
    stays = {Outcome.NOT_FOUND, Outcome.BLOCKED}
    assert again["outcome"] == (outcome if outcome in stays else Outcome.UNCHANGED).value
    first, second = await runs_of(temporal, one.tenant.id, 2)
    assert first.id == second.id and first.run_id != second.run_id


async def test_history_reads_as_prose_through_the_codec(ended: Callable[[Outcome], Awaitable[Ended]]) -> None:
    one = await ended(Outcome.MERGED)
    (started,) = of_type(one.history, EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED)
    (planned,) = of_type(one.history, EventType.EVENT_TYPE_MARKER_RECORDED)
    (merging,) = of_type(one.history, EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED)
    assert merging.activity_task_scheduled_event_attributes.activity_type.name == MERGE
    told = started.user_metadata
    assert await text_of(told.summary) == f"Establish identity in database {one.tenant.id} for a PUSH device"
    details = await text_of(told.details)
    assert re.fullmatch(
        rf"Merge `{one.answer['mergeId']}`, asked for with token `[a-z0-9]{{8}}`: give the device's contact a value of"
        r" the lookup key \*\*userId\*\*; if another contact holds it, merge both\.",
        details,
    )
    assert (
        await text_of(planned.user_metadata.summary)
        == "Find the device, read both contacts, plan what would become of them"
    )
    assert (
        await text_of(merging.user_metadata.summary)
        == "Execute once: claim, lock, plan again, apply, record in the ledger"
    )
    described = await one.run.describe()
    assert await described.static_summary() == await text_of(told.summary)
    assert await described.static_details() == details


async def test_summaries_are_encrypted_where_temporal_keeps_them(
    ended: Callable[[Outcome], Awaitable[Ended]],
) -> None:
    history = (await ended(Outcome.MERGED)).history
    told = [
        payload
        for event in history.events
        for payload in (event.user_metadata.summary, event.user_metadata.details)
        if payload.ByteSize()
    ]
    assert len(told) == 4
    assert {payload.metadata["encoding"] for payload in told} == {b"binary/encrypted"}


@pytest.mark.parametrize("outcome", PLANNED)
async def test_the_current_details_say_how_it_ended(
    outcome: Outcome, ended: Callable[[Outcome], Awaitable[Ended]]
) -> None:
    one = await ended(outcome)
    metadata: Any = await one.run.query("__temporal_workflow_metadata")
    assert metadata.current_details == ENDS[outcome.value]


def test_every_end_has_its_sentence() -> None:
    assert ENDS.keys() == {outcome.value for outcome in Outcome}


@pytest.mark.parametrize("outcome", PLANNED)
async def test_nothing_that_temporal_keeps_in_clear_is_personal(
    outcome: Outcome, ended: Callable[[Outcome], Awaitable[Ended]]
) -> None:
    """Not in ids, search attributes, memo, activity input, results, markers or anything else of a run."""
    one = await ended(outcome)
    described = await one.run.describe()
    kept = b"".join(event.SerializeToString() for event in one.history.events)
    kept += described.raw_description.SerializeToString()
    for value in PERSONAL:
        assert value.encode() not in kept
        assert base64.b64encode(value.encode()).rstrip(b"=")[:-1] not in kept
    assert re.fullmatch(r"establish-identity-[a-z2-7]{32}", one.run.id)
    searched = described.typed_search_attributes
    assert {pair.key.name for pair in searched} - {"BuildIds"} == {MERGE_ID.name, DATABASE_ID.name}
    assert (searched[MERGE_ID], searched[DATABASE_ID]) == (one.answer["mergeId"], str(one.tenant.id))


async def test_update_ids_are_random_or_keyed_hashes(stack: Stack, temporal: Client, tenant: Tenant) -> None:
    async with merge_under_way(stack, temporal, tenant) as run:
        caller = asyncio.create_task(tenant.establish(DEVICE, VALUE))
        await until(lambda: _updates(run, 2))
    await caller
    accepted = of_type(await run.fetch_history(), EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED)
    start, join = (one.workflow_execution_update_accepted_event_attributes.protocol_instance_id for one in accepted)
    assert re.fullmatch(r"start-[0-9a-f-]{36}", start)
    assert re.fullmatch(r"join-[0-9a-f]{40}", join)


async def test_a_failed_attempt_tells_a_code_and_no_value(stack: Stack, temporal: Client, tenant: Tenant) -> None:
    async with merge_under_way(stack, temporal, tenant) as run:
        await until(lambda: is_retrying(run))
        described = (await run.describe()).raw_description
        failure = described.pending_activities[0].last_failure
        assert failure.application_failure_info.type == "service-unavailable"
        assert failure.message == "Encoded failure"
        kept = described.SerializeToString()
    kept += b"".join(event.SerializeToString() for event in (await run.fetch_history()).events)
    assert not any(value.encode() in kept for value in PERSONAL)


async def test_prepare_is_a_local_activity_and_merge_an_ordinary_one(
    ended: Callable[[Outcome], Awaitable[Ended]],
) -> None:
    """The merge's input and attempts stand in history for an auditor; the plan costs no round trip."""
    history = (await ended(Outcome.MERGED)).history
    (marker,) = of_type(history, EventType.EVENT_TYPE_MARKER_RECORDED)
    (data,) = marker.marker_recorded_event_attributes.details["data"].payloads
    assert json.loads(data.data)["activity_type"] == PREPARE


async def _updates(run: Run, count: int) -> bool:
    accepted = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED
    return len(of_type(await run.fetch_history(), accepted)) == count
