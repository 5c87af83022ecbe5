"""A run that waits for a person: what it turns away without a trace, and what its history tells whom."""

import asyncio
import re
from typing import Any
from uuid import uuid4

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHistory, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from api.search_attributes import DATABASE_ID, MERGE_ID
from domain.messages import DecideInput, SettleInput
from tests.runs import Run, is_merging, of_type, row_held, runs_of, text_of, until
from tests.scenarios.approvals import VALUE, A, two_contacts
from tests.stack import Stack
from tests.tenant import Tenant
from tests.workflows.pending import Waiting
from workflows.establish_identity import DECIDE, NOT_PENDING, PENDING, PLAN_ANEW, SETTLE
from workflows.prose import ENDS

ACCEPTED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED
PERSONAL = ("muidA", "channelA", VALUE, "albert@example.org", "bertrand@example.org", "Burger", "Pizza")


async def test_a_decision_before_anything_is_shown_is_turned_away(
    stack: Stack, temporal: Client, tenant: Tenant
) -> None:
    """Nobody asked a person about it: no event tells of who tried."""
    _, device = await two_contacts(tenant)
    async with row_held(stack, device):
        asked = asyncio.create_task(tenant.establish(A, VALUE))
        (run,) = await runs_of(temporal, tenant.id)
        await until(lambda: is_merging(run))
        before = len(of_type(await run.fetch_history(), ACCEPTED))
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await run.execute_update(DECIDE, DecideInput(str(uuid4()), "approve", "0" * 64))
        assert isinstance(refused.value.cause, ApplicationError)
        assert refused.value.cause.type == NOT_PENDING
        assert len(of_type(await run.fetch_history(), ACCEPTED)) == before
    assert (await asked).json()["outcome"] == "merged"


async def test_validators_leave_no_event(waiting: Waiting, temporal: Client, tenant: Tenant) -> None:
    before = len((await waiting.run.fetch_history()).events)

    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await waiting.run.execute_update(SETTLE, SettleInput("another"))

    assert isinstance(refused.value.cause, ApplicationError)
    assert (refused.value.cause.type, list(refused.value.cause.details)) == (PENDING, [waiting.merge["id"]])
    assert len((await waiting.run.fetch_history()).events) == before
    await waiting.goes_on()


async def test_after_a_decision_that_had_no_effect_it_waits_for_a_person_again(
    waiting: Waiting, tenant: Tenant
) -> None:
    """Another request for the device is told of it, and does not wait for its turn."""
    await waiting.send(str(uuid4()))
    answer = await tenant.establish(A, "888485")
    assert (answer.status_code, answer.json()["code"]) == (409, "merge-pending")
    await waiting.goes_on()


async def test_who_joins_leaves_one_event_however_many_they_are(waiting: Waiting, tenant: Tenant) -> None:
    for _ in range(5):
        assert (await tenant.establish(A, VALUE)).status_code == 202
    accepted = of_type(await waiting.run.fetch_history(), ACCEPTED)
    assert len(accepted) == 2, "the caller who started the run, and one for all who joined it"
    await waiting.goes_on()


async def test_looking_again_at_the_same_plan_makes_no_revision(waiting: Waiting, tenant: Tenant) -> None:
    """The signal says that a contact was touched; whether the plan is another is found out."""
    for _ in range(3):
        await waiting.run.signal(PLAN_ANEW)
    proposed = EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED
    await until(lambda: _counts(waiting.run, proposed, 2))

    now = await tenant.merge(waiting.merge["id"])
    assert (now["plan"]["revision"], len(now["revisions"])) == (1, 1)
    await waiting.goes_on()


async def _counts(run: Run, kind: "EventType.ValueType", least: int) -> bool:
    return len(of_type(await run.fetch_history(), kind)) >= least


async def test_history_reads_as_prose(waiting: Waiting, tenant: Tenant) -> None:
    device = (await tenant.by_channel(A)).json()["id"]
    await tenant.patch_contact(device, custom={"Favorite Food": "Salad"})
    assert (await waiting.specialist.approve(waiting.merge)).status_code == 412
    await waiting.specialist.reject(await tenant.merge(waiting.merge["id"]))

    history = await waiting.run.fetch_history()
    steps = of_type(history, EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED)
    assert [await text_of(step.user_metadata.summary) for step in steps] == [
        "Plan as of now, and show the plan to the reviewers",
        "Execute once: claim, lock, plan again, apply, record in the ledger",
        "Plan as of now, and show the plan to the reviewers",
        "End without a merge: record it in the ledger, change nothing else",
    ]
    timers = of_type(history, EventType.EVENT_TYPE_TIMER_STARTED)
    assert {await text_of(timer.user_metadata.summary) for timer in timers} == {"Time to remind the reviewers"}
    assert nothing_personal_in(history)


async def test_the_current_details_say_what_it_waits_for(waiting: Waiting, tenant: Tenant) -> None:
    left = r"(3 days, 0:00:00|2 days, 23:59:5\d) left when it was shown\."
    sentence = "Revision 1 of the plan waits for a person, who had " + left
    assert re.fullmatch(sentence, await details_of(waiting.run))
    await waiting.send(str(uuid4()))
    assert (await details_of(waiting.run)).startswith("Revision 1 of the plan waits")
    await tenant.patch_contact((await tenant.by_channel(A)).json()["id"], custom={"Favorite Food": "Salad"})
    assert (await waiting.specialist.approve(waiting.merge)).status_code == 412
    assert (await details_of(waiting.run)).startswith("Revision 2 of the plan waits")
    assert (await waiting.specialist.reject(await tenant.merge(waiting.merge["id"]))).status_code == 200
    assert await details_of(waiting.run) == ENDS["rejected"]


async def test_nothing_that_temporal_keeps_in_clear_is_personal(waiting: Waiting) -> None:
    await waiting.send(str(uuid4()))
    await waiting.goes_on()
    described = await waiting.run.describe()
    assert {pair.key.name for pair in described.typed_search_attributes} - {"BuildIds"} == {
        MERGE_ID.name,
        DATABASE_ID.name,
    }
    assert nothing_personal_in(await waiting.run.fetch_history())
    kept = described.raw_description.SerializeToString()
    assert not any(value.encode() in kept for value in PERSONAL)


def nothing_personal_in(history: WorkflowHistory) -> bool:
    kept = b"".join(event.SerializeToString() for event in history.events)
    return not any(value.encode() in kept for value in PERSONAL)


async def details_of(run: Run) -> str:
    metadata: Any = await run.query("__temporal_workflow_metadata")
    return str(metadata.current_details)
