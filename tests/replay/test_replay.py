"""Every stored history replays with the workflow as it is: runs that are open today go on after a deployment."""

import base64
import json
import re

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from activities.names import END, MERGE, PROPOSE, REMIND
from domain.plan import CHANGING, Outcome
from ledger.keyring import Keyring
from onefold.temporal import data_converter
from onefold.worker import WORKFLOWS, sandbox
from tests.replay import changed, changed_while_waiting
from tests.replay.record import DEVICE, SCENES, without_processes
from tests.replay.stored import ASKED, FOLDER, HISTORIES, WENT_ON, load, path
from tests.runs import of_type, settled_in
from tests.stack import KEYRING

MERGES = {"stale-then-approved": 2, "decision-refused-then-approved": 2}
"""How often the merge was tried, where not once for what changes something."""
UNASKED = [name for name in HISTORIES if name not in ASKED]


def replayer(workflow: type | None = None, keyring: Keyring = KEYRING) -> Replayer:
    """As the worker runs it: the same workflows, converter and sandbox."""
    workflows = [workflow] if workflow else WORKFLOWS
    return Replayer(workflows=workflows, data_converter=data_converter(keyring), workflow_runner=sandbox())


def count(history: WorkflowHistory, kind: "EventType.ValueType") -> int:
    return len(of_type(history, kind))


@pytest.mark.parametrize("name", HISTORIES)
async def test_a_stored_history_replays(name: str) -> None:
    await replayer().replay_workflow(load(name))


@pytest.mark.parametrize("name", [name for name in HISTORIES if name != WENT_ON])
async def test_a_stored_history_holds_the_outcome_that_it_is_stored_for(name: str) -> None:
    history = load(name)
    (ended,) = of_type(history, EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED)
    settled = await settled_in(ended.workflow_execution_completed_event_attributes.result.payloads)
    assert settled.outcome == HISTORIES[name].value
    steps = of_type(history, EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED)
    merges = [step for step in steps if step.activity_task_scheduled_event_attributes.activity_type.name == MERGE]
    assert len(merges) == MERGES.get(name, 1 if HISTORIES[name] in CHANGING else 0)
    assert (len(steps) > len(merges)) == (name in ASKED)


def test_every_outcome_that_there_is_has_a_history() -> None:
    assert set(HISTORIES.values()) == set(Outcome)


def test_every_history_is_stored_and_nothing_else_is() -> None:
    assert {one.name for one in FOLDER.iterdir()} == {path(name).name for name in HISTORIES}
    assert SCENES.keys() == HISTORIES.keys()


def test_the_second_attempt_is_in_its_history() -> None:
    (started,) = of_type(load("merged-at-the-second-attempt"), EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED)
    told = started.activity_task_started_event_attributes
    assert told.attempt > 1
    assert told.last_failure.application_failure_info.type == "service-unavailable"


def test_who_joined_is_in_its_history_and_answered_by_the_same_run() -> None:
    history = load("joined")
    accepted = of_type(history, EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED)
    ids = [one.workflow_execution_update_accepted_event_attributes.protocol_instance_id for one in accepted]
    assert [one.split("-")[0] for one in ids] == ["start", "join"]
    assert count(history, EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED) == 2


def test_a_refused_request_left_no_event() -> None:
    refused, merged = load("another-request-refused"), load("merged")
    assert [event.event_type for event in refused.events] == [event.event_type for event in merged.events]


@pytest.mark.parametrize("name", UNASKED)
async def test_a_copy_that_does_the_same_replays(name: str) -> None:
    await replayer(changed.Same).replay_workflow(load(name))


@pytest.mark.parametrize("name", HISTORIES)
async def test_a_copy_that_does_the_same_while_it_waits_replays(name: str) -> None:
    await replayer(changed_while_waiting.Same).replay_workflow(load(name))


@pytest.mark.parametrize(
    ("workflow", "name"), [(one, name) for one, names in changed_while_waiting.OTHERWISE.items() for name in names]
)
async def test_a_workflow_that_does_something_else_while_it_waits_fails_to_replay(workflow: type, name: str) -> None:
    with pytest.raises(NondeterminismError):
        await replayer(workflow).replay_workflow(load(name))


def test_every_history_of_a_wait_is_failed_by_some_copy() -> None:
    failed = {name for names in changed_while_waiting.OTHERWISE.values() for name in names}
    assert failed == set(ASKED)


def test_a_refused_decision_is_in_its_history() -> None:
    history = load("decision-refused-then-approved")
    ends = [
        event.workflow_execution_update_completed_event_attributes.outcome.WhichOneof("value")
        for event in of_type(history, EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED)
    ]
    assert ends == ["success", "failure", "success"], "who asked, who was refused, who approved"


def test_the_reminder_and_the_deadline_are_in_their_history() -> None:
    assert count(load("reminded-then-expired"), EventType.EVENT_TYPE_TIMER_FIRED) == 2


def test_the_end_that_came_too_early_is_in_its_history() -> None:
    history = load("expired-at-the-second-attempt")
    steps = [
        step.activity_task_scheduled_event_attributes.activity_type.name
        for step in of_type(history, EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED)
    ]
    assert steps == [PROPOSE, REMIND, END, PROPOSE, END]


def test_a_run_that_went_on_in_another_did_nothing_but_wait() -> None:
    history = load(WENT_ON)
    assert history.events[-1].event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW
    steps = of_type(history, EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED)
    assert {step.activity_task_scheduled_event_attributes.activity_type.name for step in steps} == {PROPOSE}


def test_the_signal_is_in_its_history() -> None:
    assert count(load("planned-anew-then-approved"), EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED) == 1


@pytest.mark.parametrize("name", HISTORIES)
@pytest.mark.parametrize("workflow", changed.ALWAYS_OTHERWISE)
async def test_a_workflow_that_does_something_else_fails_to_replay(name: str, workflow: type) -> None:
    with pytest.raises(NondeterminismError):
        await replayer(workflow).replay_workflow(load(name))


@pytest.mark.parametrize("name", [name for name in UNASKED if HISTORIES[name] in CHANGING])
@pytest.mark.parametrize("workflow", changed.OTHERWISE_WHERE_IT_MERGES)
async def test_a_workflow_that_merges_otherwise_fails_to_replay(name: str, workflow: type) -> None:
    with pytest.raises(NondeterminismError):
        await replayer(workflow).replay_workflow(load(name))


async def test_without_the_key_a_history_cannot_be_read() -> None:
    other = Keyring.parse("test:" + base64.b64encode(b"o" * 32).decode())
    with pytest.raises(RuntimeError):
        await replayer(keyring=other).replay_workflow(load("merged"))


@pytest.mark.parametrize("name", HISTORIES)
def test_a_stored_history_is_encrypted_and_names_no_process(name: str) -> None:
    stored = path(name).read_text(encoding="utf-8")
    document = json.loads(stored)
    assert without_processes(document) == document
    clear = stored + "".join(base64.b64decode(one).decode(errors="replace") for one in _data(document))
    for value in (DEVICE, "m0|c0", "userId", "Establish identity in database", "fingerprint\\"):
        assert value not in clear
    assert re.search(r"/(home|root|tmp|usr)/", clear) is None


def _data(value: object) -> list[str]:
    match value:
        case dict():
            own = [value["data"]] if isinstance(value.get("data"), str) else []
            return own + [one for member in value.values() for one in _data(member)]
        case list():
            return [one for item in value for one in _data(item)]
    return []
