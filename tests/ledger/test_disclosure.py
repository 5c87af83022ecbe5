import json
from typing import Any

import pytest
from hypothesis import given

from ledger.disclosure import disclosed
from tests.contacts import device_contact, lookup_contact, merged, request
from tests.entries import entry_of
from tests.strategies import Case, cases


def document() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(entry_of(merged(device_contact(), lookup_contact())).canonical)
    return made


@given(cases())
def test_an_entry_as_it_is_written_discloses_nothing(case: Case) -> None:
    assert not list(disclosed(json.loads(entry_of(case.plan).canonical), frozenset()))


@pytest.mark.parametrize(
    "value",
    ["Favorite Food", "merge.executed", "survivor", "2026-01-02", "00000000000000000000", "establish-identity/1"],
)
def test_a_value_that_reads_like_a_word_of_ours_is_no_disclosure(value: str) -> None:
    plan = merged(device_contact(custom={"Favorite Food": value}, visitorKey=value), lookup_contact())
    assert not list(disclosed(json.loads(entry_of(plan).canonical), frozenset({value})))


@pytest.mark.parametrize("path", ["request", "plan", "result"])
@pytest.mark.parametrize("value", ["albert@jerm.example", "777374", "A" * 64, ""])
def test_a_value_in_place_of_a_commitment_is_found(path: str, value: str) -> None:
    tampered = document()
    tampered["body"][path] = value
    assert list(disclosed(tampered, frozenset())) == [f"body.{path}"]


@pytest.mark.parametrize("side", ["older", "newer"])
def test_a_value_in_place_of_a_decisions_commitment_is_found(side: str) -> None:
    tampered = document()
    tampered["body"]["fields"][0][side] = "Pizza"
    assert list(disclosed(tampered, frozenset())) == [f"fields.{side}"]


def test_a_member_that_nobody_knows_is_found() -> None:
    tampered = document()
    tampered["body"]["fields"][0]["value"] = "777374"
    assert list(disclosed(tampered, frozenset())) == ["fields.value"]


@pytest.mark.parametrize("member", ["requester", "workflow"])
def test_an_id_that_is_a_persons_value_is_found(member: str) -> None:
    tampered = document()
    phone = "491701234567"
    tampered["body"][member] = {**tampered["body"]["workflow"], "id": phone} if member == "workflow" else phone
    assert len(list(disclosed(tampered, frozenset({phone})))) == 1
    tampered["body"]["requester"] = request().address.destination  # with its bar, it has not even the form of an id
    assert "body.requester" in set(disclosed(tampered, frozenset()))
