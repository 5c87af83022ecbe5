"""What is said of an entry that seals events when they are not as it says."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from ledger.entry import GENESIS, Entry, seal
from ledger.events import RecordedEvent
from ledger.recompute import Fault
from ledger.sealed import KIND, sealed_body, sealed_faults
from tests.entries import resealed

AT = datetime(2026, 1, 2, 3, 4, 5, 678_900, tzinfo=UTC)


def event(number: int, kind: str = "merge.claimed", **detail: object) -> RecordedEvent:
    return RecordedEvent(UUID(int=number), kind, AT, UUID(int=7), 1009, 100, "abcd1234", detail)


EVENTS = [
    event(1),
    event(2, "plan.seen", revision=2, masked=False),
    event(3, "policy.changed", before=1, version=2, members=["ask", "emails_differ"]),
    event(4, "token.created", token="a1b2c3d4", owner="service", person=None, scopes=["admin", "merges:request"]),
    event(5, "lookup_key.put", column="Alias Id", status="CREATE_PENDING"),
    event(6, "qualifier.added", channel="PUSH", qualifier="ap56921D"),
    event(7, "history.archived", run=str(UUID(int=8)), events=41, digest="0" * 64),
]
"""Each with another form of a member."""


def entry_of(events: Sequence[RecordedEvent]) -> Entry:
    return seal(GENESIS, database_id=10000, id=UUID(int=9), kind=KIND, at=AT, body=sealed_body(events), payloads=[])


def faults(sealed: Sequence[RecordedEvent], kept: Sequence[RecordedEvent]) -> list[Fault]:
    return list(sealed_faults(entry_of(sealed), kept))


def test_events_that_stand_as_they_were_sealed_have_no_fault() -> None:
    assert faults(EVENTS, EVENTS) == []


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        (EVENTS[1:], f"seals event {UUID(int=1)}, which is gone"),
        ([*EVENTS, event(9)], f"does not hold event {UUID(int=9)}, which names it"),
        ([EVENTS[1], EVENTS[0], *EVENTS[2:]], "seals its events in another order than they are kept in"),
    ],
)
def test_an_event_that_is_gone_added_or_moved_is_named(kept: Sequence[RecordedEvent], told: str) -> None:
    assert faults(EVENTS, kept) == [Fault(0, told)]


CHANGES: dict[str, Callable[[RecordedEvent], RecordedEvent]] = {
    "kind": lambda one: replace(one, kind="merge.released"),
    "at": lambda one: replace(one, at=AT.replace(microsecond=678_901)),
    "merge": lambda one: replace(one, merge_id=None),
    "contact": lambda one: replace(one, contact_id=1010),
    "person": lambda one: replace(one, person_id=101),
    "token": lambda one: replace(one, token_id=None),
    "detail": lambda one: replace(one, detail={"revision": 1}),
}


@pytest.mark.parametrize("member", CHANGES)
def test_an_event_that_was_changed_is_named_whatever_was_changed(member: str) -> None:
    changed = CHANGES[member](EVENTS[0])
    assert faults(EVENTS, [changed, *EVENTS[1:]]) == [Fault(0, f"seals event {UUID(int=1)} otherwise than it is")]


@pytest.mark.parametrize(
    ("member", "value"), [("note", "She moved."), ("code", "Albert Jerm"), ("scopes", ["albert@jerm.example"])]
)
def test_what_may_be_a_value_is_found_in_the_hashed_bytes(member: str, value: object) -> None:
    told = replace(EVENTS[0], detail={member: value})
    assert faults([told], [told]) == [Fault(13, f"may have a personal value in its hashed bytes, at detail.{member}")]


@pytest.mark.parametrize("body", [{}, {"events": 1}, {"events": [{}]}, {"events": ["x"]}])
def test_a_body_that_nobody_would_have_written_is_a_fault(body: Any) -> None:
    document = {**json.loads(entry_of(EVENTS).canonical), "body": body}
    assert list(sealed_faults(resealed(entry_of(EVENTS), document), EVENTS)) == [
        Fault(0, "seals events that cannot be read")
    ]
