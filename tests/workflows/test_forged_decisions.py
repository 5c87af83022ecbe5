"""What only Temporal was told: what stands in PostgreSQL counts, and what was tried is on record."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import asdict
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.worker import Worker

from activities.names import END, MERGE, PROPOSE
from domain.decision import Kind
from domain.messages import (
    DecideInput,
    EndInput,
    EstablishIdentityInput,
    MergeInput,
    MergeResult,
    ProposeInput,
    RemindInput,
    SettleInput,
)
from domain.roles import Role
from store import people as all_people
from store.engine import Store
from tests.runs import CONVERTER, of_type
from tests.scenarios.approvals import VALUE, A, Reviewers, asks, execute, held_back, reviewers, two_contacts
from tests.stack import Stack
from tests.tenant import MakeTenant, Tenant
from tests.workflows.forger import Forger, Forgery
from tests.workflows.pending import Waiting
from workflows.establish_identity import DECIDE, NAME, SETTLE

ACCEPTED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED
COMPLETED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED
NOBODYS = str(UUID(int=3))


Forged = Callable[[Waiting, Store, MakeTenant, Stack], Awaitable[tuple[str, str]]]


async def invented(*_: Any) -> tuple[str, str]:
    return str(uuid4()), "approve"


async def invented_rejection(*_: Any) -> tuple[str, str]:
    return str(uuid4()), "reject"


async def invented_withdrawal(*_: Any) -> tuple[str, str]:
    return str(uuid4()), "withdraw"


async def of_another_merge(_: Waiting, store: Store, make_tenant: MakeTenant, stack: Stack) -> tuple[str, str]:
    """An approval that is good, of a merge that waits too."""
    other = await make_tenant()
    merge = await held_back(other)
    async with AsyncExitStack() as held:
        make = await held.enter_async_context(reviewers(store, stack.url, other))
        stored = await (await make()).store_decision(store, merge)
    return stored.decision_id, "approve"


async def rejection_as_approval(waiting: Waiting, store: Store, *_: Any) -> tuple[str, str]:
    stored = await waiting.specialist.store_decision(store, waiting.merge, Kind.REJECT)
    return stored.decision_id, "approve"


async def approval_as_rejection(waiting: Waiting, store: Store, *_: Any) -> tuple[str, str]:
    stored = await waiting.specialist.store_decision(store, waiting.merge)
    return stored.decision_id, "reject"


async def approval_as_withdrawal(waiting: Waiting, store: Store, *_: Any) -> tuple[str, str]:
    stored = await waiting.specialist.store_decision(store, waiting.merge)
    return stored.decision_id, "withdraw"


def literally(decision_id: str, kind: str) -> Forged:
    async def forged(*_: Any) -> tuple[str, str]:
        return decision_id, kind

    return forged


FORGED: dict[str, tuple[Forged, str]] = {
    "an approval that nobody stored": (invented, "decision-not-found"),
    "a rejection that nobody stored": (invented_rejection, "decision-not-found"),
    "a withdrawal that nobody stored": (invented_withdrawal, "decision-not-found"),
    "an approval of another merge": (of_another_merge, "decision-not-found"),
    "a rejection that is sent as an approval": (rejection_as_approval, "decision-not-found"),
    "an approval that is sent as a rejection": (approval_as_rejection, "decision-not-found"),
    "an approval that is sent as a withdrawal": (approval_as_withdrawal, "decision-not-found"),
    "an approval without an id": (literally("", "approve"), "decision-required"),
    "a rejection without an id": (literally("", "reject"), "decision-required"),
    "a withdrawal without an id": (literally("", "withdraw"), "decision-required"),
    "an id that is none": (literally("777374", "approve"), "decision-not-found"),
    "a rejection's id that is none": (literally("777374", "reject"), "decision-not-found"),
    "no kind, as if time were up": (literally(str(UUID(int=1)), ""), "decision-not-found"),
    "neither kind nor id": (literally("", ""), "decision-not-found"),
    "an unknown kind": (literally(str(UUID(int=2)), "merge"), "decision-not-found"),
}


@pytest.mark.parametrize("what", FORGED)
async def test_what_only_temporal_was_told_has_no_effect_and_is_on_record(
    what: str, waiting: Waiting, store: Store, make_tenant: MakeTenant, stack: Stack
) -> None:
    forge, code = FORGED[what]
    decision_id, kind = await forge(waiting, store, make_tenant, stack)

    assert await waiting.send(decision_id, kind) == code

    history = await waiting.run.fetch_history()
    accepted, completed = of_type(history, ACCEPTED)[-1], of_type(history, COMPLETED)[-1]
    meta = completed.workflow_execution_update_completed_event_attributes
    assert meta.outcome.HasField("failure")
    told = accepted.workflow_execution_update_accepted_event_attributes
    assert told.protocol_instance_id == meta.meta.update_id
    assert meta.meta.update_id.startswith("forged-")
    (shown,) = await CONVERTER.decode(told.accepted_request.input.args.payloads, [DecideInput])
    assert (shown.decision_id, shown.kind) == (decision_id, kind), "an auditor reads what was tried"
    await waiting.goes_on()


async def test_a_decision_on_a_plan_that_nobody_was_shown_does_nothing(waiting: Waiting) -> None:
    decision = DecideInput(str(uuid4()), "approve", "0" * 64)

    answer = await waiting.run.execute_update(DECIDE, decision)

    assert answer == {"outcome": None}
    await waiting.goes_on()


async def test_a_rejection_sent_with_another_digest_does_nothing(waiting: Waiting, store: Store) -> None:
    stored = await waiting.specialist.store_decision(store, waiting.merge, Kind.REJECT)
    answer = await waiting.run.execute_update(DECIDE, DecideInput(stored.decision_id, "reject", "0" * 64))
    assert answer == {"outcome": None}
    await waiting.goes_on()


@pytest.mark.parametrize("kind", [None, 7, ["approve"]])
async def test_what_is_no_message_does_nothing(waiting: Waiting, kind: object) -> None:
    """Without a kind it would say that the time is up."""
    sent = {"decision_id": None, "kind": kind, "digest": waiting.merge["plan"]["digest"]}

    with pytest.raises(WorkflowUpdateFailedError):
        await waiting.run.execute_update(DECIDE, sent)

    await waiting.goes_on()


async def test_what_was_refused_stays_refused_in_whatever_run_it_comes_again(
    temporal: Client, waiting: Waiting, store: Store, tenant: Tenant
) -> None:
    """Its maker was told so; the role is given back, and somebody sends again what stands in the history."""
    stored = await waiting.specialist.store_decision(store, waiting.merge)
    await all_people.take_role(store, waiting.specialist.person_id, Role.SPECIALIST, tenant.id)
    assert await waiting.send(stored.decision_id) == "role-missing"
    await all_people.give_role(store, waiting.specialist.person_id, Role.SPECIALIST, tenant.id)

    assert await waiting.send(stored.decision_id) == "role-missing"
    again = await forge(temporal, MERGE, MergeInput(waiting.merge["id"], stored.decision_id))

    assert (again.outcome, again.refused) == (None, "role-missing")
    await waiting.goes_on()


async def test_what_is_sent_again_is_answered_again_and_not_looked_at_again(waiting: Waiting) -> None:
    decision_id = str(uuid4())
    for _ in range(3):
        assert await waiting.send(decision_id) == "decision-not-found"
    looked = of_type(await waiting.run.fetch_history(), EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED)
    names = [one.activity_task_scheduled_event_attributes.activity_type.name for one in looked]
    assert names == [PROPOSE, MERGE]
    await waiting.goes_on()


async def test_what_is_refused_twice_is_refused_and_recorded_twice(waiting: Waiting) -> None:
    decision_id = str(uuid4())
    for _ in range(2):
        assert await waiting.send(decision_id) == "decision-not-found"
    failed = [
        event
        for event in of_type(await waiting.run.fetch_history(), COMPLETED)
        if event.workflow_execution_update_completed_event_attributes.outcome.HasField("failure")
    ]
    assert len(failed) == 2
    await waiting.goes_on()


async def test_a_run_that_somebody_started_merges_nothing_by_itself(
    temporal: Client, tenant: Tenant, people: Reviewers
) -> None:
    """Whoever can write to Temporal starts the workflow under an id of their own, in the name of a token that may."""
    specialist, merge_id = await people(), str(uuid4())
    await two_contacts(tenant)
    await asks(tenant)
    started = await start_by_hand(temporal, tenant, merge_id)

    settled = await started.execute_update(SETTLE, SettleInput("forged"))

    assert settled["outcome"] is None, "it waits for a person, as any other"
    with pytest.raises(WorkflowUpdateFailedError):
        digest = (await tenant.merge(merge_id))["plan"]["digest"]
        await started.execute_update(DECIDE, DecideInput(str(uuid4()), "approve", digest))
    assert (await tenant.by_identity(VALUE)).json()["id"] != (await tenant.by_channel(A)).json()["id"]
    assert (await specialist.reject(await tenant.merge(merge_id))).json()["outcome"] == "rejected"


async def test_a_second_run_of_a_waiting_merge_merges_nothing(
    temporal: Client, waiting: Waiting, tenant: Tenant
) -> None:
    started = await start_by_hand(temporal, tenant, waiting.merge["id"])

    settled = await started.execute_update(SETTLE, SettleInput("forged"))

    assert (settled["merge_id"], settled["outcome"]) == (waiting.merge["id"], None)
    with pytest.raises(WorkflowUpdateFailedError):
        await started.execute_update(DECIDE, DecideInput(str(uuid4()), "approve", waiting.merge["plan"]["digest"]))
    await started.terminate()
    await waiting.goes_on()


async def forge(temporal: Client, activity: str, due: Any) -> MergeResult:
    """What an activity answers to somebody who reached it by a workflow of their own."""
    queue = f"forger-{uuid4()}"
    forgery = Forgery("onefold", activity, asdict(due))
    async with Worker(temporal, task_queue=queue, workflows=[Forger]):
        return await temporal.execute_workflow(Forger.run, forgery, id=f"forger-{uuid4()}", task_queue=queue)


@pytest.mark.parametrize(
    ("activity", "forged", "code"),
    [
        (MERGE, lambda merge_id: MergeInput(merge_id, None), "decision-required"),
        (MERGE, lambda merge_id: MergeInput(merge_id, NOBODYS), "decision-not-found"),
        (END, lambda merge_id: EndInput(merge_id, "reject", None), "decision-required"),
        (END, lambda merge_id: EndInput(merge_id, "reject", NOBODYS), "decision-not-found"),
        (END, lambda merge_id: EndInput(merge_id, "withdraw", None), "decision-required"),
        (END, lambda merge_id: EndInput(merge_id, "withdraw", NOBODYS), "decision-not-found"),
        (END, lambda merge_id: EndInput(merge_id, None, None), "deadline-ahead"),
        (END, lambda merge_id: EndInput(merge_id, None, NOBODYS), "deadline-ahead"),
    ],
)
async def test_an_activity_that_somebody_asked_for_alone_changes_nothing(
    temporal: Client, waiting: Waiting, activity: str, forged: Callable[[str], Any], code: str
) -> None:
    result = await forge(temporal, activity, forged(waiting.merge["id"]))

    assert (result.outcome, result.refused) == (None, code)
    await waiting.goes_on()


@pytest.mark.parametrize("other", [ProposeInput, RemindInput, MergeInput])
async def test_another_message_that_names_the_merge_does_not_say_that_its_time_is_up(
    temporal: Client, waiting: Waiting, store: Store, other: type
) -> None:
    """Each stands in the history, encrypted with the key that the end reads with; its time is up all the same."""
    await execute(store, "UPDATE merges SET deadline = clock_timestamp() WHERE id = :id", id=waiting.merge["id"])
    message = other(waiting.merge["id"], "contacts-changed") if other is ProposeInput else other(waiting.merge["id"])

    with pytest.raises(WorkflowFailureError):
        await forge(temporal, END, message)

    now = await waiting.tenant.merge(waiting.merge["id"])
    assert (now["state"], now["outcome"]) == ("pending_approval", None)


async def start_by_hand(temporal: Client, tenant: Tenant, merge_id: str) -> Any:
    asked = EstablishIdentityInput(
        merge_id=merge_id,
        database_id=tenant.id,
        channel="PUSH",
        qualifier="ap56921D",
        destination=A,
        identity_name="userId",
        identity_value=VALUE,
        use_crm_contact_as_winner=False,
        merge_events=True,
        requester=tenant.http.headers["Authorization"].split("_")[1],
        fingerprint="forged",
    )
    return await temporal.start_workflow(NAME, asked, id=f"forged-{uuid4()}", task_queue="onefold")
