"""A stored history, as people read it."""

import json

import pytest

from api.run_events import RunEvent, events_of
from onefold.codec import EncryptingCodec
from tests.replay.stored import path
from tests.stack import KEYRING, LEDGER_KEYRING


async def events(name: str) -> list[RunEvent]:
    return list(await events_of(json.loads(path(name).read_text()), EncryptingCodec(KEYRING)))


async def test_each_event_says_what_it_belongs_to() -> None:
    told = [(one.type, one.what, one.summary) for one in await events("approved") if not one.is_housekeeping]
    show = "Plan as of now, and show the plan to the reviewers"
    execute = "Execute once: claim, lock, plan again, apply, record in the ledger"
    assert told[1:] == [
        ("WORKFLOW_EXECUTION_UPDATE_ACCEPTED", "settle", ""),
        ("MARKER_RECORDED", "prepare", "Find the device, read both contacts, plan what would become of them"),
        ("ACTIVITY_TASK_SCHEDULED", "propose", show),
        ("ACTIVITY_TASK_STARTED", "propose", show),
        ("ACTIVITY_TASK_COMPLETED", "propose", show),
        ("TIMER_STARTED", "", "Time to remind the reviewers"),
        ("WORKFLOW_EXECUTION_UPDATE_COMPLETED", "settle", ""),
        ("WORKFLOW_EXECUTION_UPDATE_ACCEPTED", "decide", ""),
        ("TIMER_CANCELED", "", "Time to remind the reviewers"),
        ("ACTIVITY_TASK_SCHEDULED", "merge", execute),
        ("ACTIVITY_TASK_STARTED", "merge", execute),
        ("ACTIVITY_TASK_COMPLETED", "merge", execute),
        ("WORKFLOW_EXECUTION_UPDATE_COMPLETED", "decide", ""),
        ("WORKFLOW_EXECUTION_COMPLETED", "", ""),
    ]
    assert told[0][2].startswith("Establish identity in database ")


async def test_a_try_is_counted() -> None:
    tries = [one.attempt for one in await events("merged-at-the-second-attempt") if one.type == "ACTIVITY_TASK_STARTED"]
    assert tries == [2]


async def test_payloads_are_in_clear_beside_what_temporal_has() -> None:
    first, *_ = await events("merged")
    (asked,) = first.clear["workflowExecutionStartedEventAttributes"]["input"]["payloads"]
    assert (asked["destination"], asked["identity_name"], asked["identity_value"]) == ("m1|c1", "userId", "1")
    (kept,) = first.document["workflowExecutionStartedEventAttributes"]["input"]["payloads"]
    assert kept.keys() == {"data", "metadata"}
    assert "m1|c1" not in json.dumps(first.document)


async def test_without_their_key_they_stay_as_they_are() -> None:
    history = json.loads(path("merged").read_text())
    first, *_ = await events_of(history, EncryptingCodec(LEDGER_KEYRING))
    attributes = "workflowExecutionStartedEventAttributes"
    assert first.clear[attributes]["input"] == first.document[attributes]["input"]
    assert first.summary == ""


@pytest.mark.parametrize("name", ["reminded-then-expired", "another-request-refused", "went-on-in-another-run"])
async def test_every_event_is_there_in_its_order(name: str) -> None:
    found = await events(name)
    assert [one.id for one in found] == list(range(1, len(found) + 1))
    assert sorted(one.at for one in found) == [one.at for one in found]
