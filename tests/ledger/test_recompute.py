"""An auditor recomputes every entry from the values beside it: no fault in a true one, some fault in any other."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.plan import Outcome, Plan
from domain.ruleset import make_plan
from ledger import recompute
from ledger.entry import GENESIS, Entry, Head, Payload, entry_hash
from ledger.recompute import Fault, chain_faults, merge_faults, recomputed_plan, recorded_result
from tests.contacts import device, device_contact, lookup_contact, merged
from tests.entries import entry_of, resealed
from tests.strategies import Case, cases

PLAN = merged(
    device_contact(custom={"Favorite Food": "Burger"}, lists=(1,), leadSource="app"),
    lookup_contact(custom={"Favorite Food": "Pizza", "Visits": "1"}, devices=(device(11, "m0|c0"),), lists=(2,)),
)
ENTRY = entry_of(PLAN)


def faults(entry: Entry, head: Head = GENESIS) -> list[str]:
    return [*chain_faults(head, entry), *(fault.what for fault in merge_faults(entry))]


def numbers(entry: Entry) -> set[int]:
    return {fault.invariant for fault in merge_faults(entry)}


@given(cases())
def test_a_true_entry_has_no_fault(case: Case) -> None:
    first = entry_of(case.plan)
    assert faults(first) == []
    second = entry_of(case.plan, Head(first.seq, first.entry_hash))
    assert faults(second, Head(first.seq, first.entry_hash)) == []


@given(cases())
def test_the_plan_is_recomputed_from_the_entry_alone(case: Case) -> None:
    plan = recomputed_plan(entry_of(case.plan))
    assert plan is not None
    assert plan.digest == case.plan.digest
    assert (plan.outcome, plan.result, plan.fields) == (case.plan.outcome, case.plan.result, case.plan.fields)


@given(cases(), st.data())
def test_a_changed_byte_is_found(case: Case, data: st.DataObject) -> None:
    entry = entry_of(case.plan)
    at = data.draw(st.integers(0, len(entry.canonical) - 1))
    flipped = bytes([entry.canonical[at] ^ data.draw(st.integers(1, 255))])
    tampered = replace(entry, canonical=entry.canonical[:at] + flipped + entry.canonical[at + 1 :])
    assert "has another hash than its bytes" in list(chain_faults(GENESIS, tampered))


@given(cases(), st.data())
def test_a_changed_value_is_found(case: Case, data: st.DataObject) -> None:
    """Any value of any payload: replaced, removed or added."""
    entry = entry_of(case.plan)
    payloads = list(entry.payloads)
    at = data.draw(st.integers(0, len(payloads) - 1))
    values = _changed(payloads[at].values, data.draw)
    assume(values != payloads[at].values)
    payloads[at] = replace(payloads[at], values=values)
    assert list(merge_faults(replace(entry, payloads=payloads)))


_RECORDED = (
    "outcome",
    "request",
    "plan",
    "survivor",
    "absorbed",
    "contacts",
    "result",
    "fields",
    "identities",
    "devices",
)


@given(cases(), st.sampled_from([*_RECORDED, "blockers"]), st.data())
def test_a_forged_entry_with_a_right_hash_is_found(case: Case, member: str, data: st.DataObject) -> None:
    entry = entry_of(case.plan)
    document = json.loads(entry.canonical)
    forged = _changed(document["body"][member], data.draw)
    assume(forged != document["body"][member])
    document["body"][member] = forged
    assert list(merge_faults(resealed(entry, document)))


def _payloads(change: Callable[[list[Payload]], list[Payload]]) -> Callable[[], Entry]:
    return lambda: replace(ENTRY, payloads=change(list(ENTRY.payloads)))


def _document(**changes: object) -> Callable[[], Entry]:
    return lambda: resealed(ENTRY, {**json.loads(ENTRY.canonical), **changes})


def _body(**changes: object) -> Callable[[], Entry]:
    document = json.loads(ENTRY.canonical)
    return _document(body={**document["body"], **changes})


TAMPERED: dict[str, Callable[[], Entry]] = {
    "a payload is gone": _payloads(lambda all_: all_[:-1]),
    "all payloads are gone": _payloads(lambda _: []),
    "a payload is there twice": _payloads(lambda all_: [*all_, all_[-1]]),
    "payloads changed places": _payloads(lambda all_: [all_[0], all_[2], all_[1]]),
    "a payload belongs to another contact": _payloads(lambda all_: [replace(all_[0], contact_id=77), *all_[1:]]),
    "a salt is another": _payloads(lambda all_: [*all_[:-1], replace(all_[-1], salt=bytes(32))]),
    "the bytes are no JSON": lambda: replace(ENTRY, canonical=b"{", entry_hash=entry_hash(b"{")),
    "the bytes are no object": lambda: replace(ENTRY, canonical=b"[]", entry_hash=entry_hash(b"[]")),
    "the bytes are not UTF-8": lambda: replace(ENTRY, canonical=b'"\xff"', entry_hash=entry_hash(b'"\xff"')),
    "the bytes are not canonical": lambda: replace(
        ENTRY, canonical=ENTRY.canonical + b" ", entry_hash=entry_hash(ENTRY.canonical + b" ")
    ),
    "the format is unknown": _document(format="onefold-ledger/2"),
    "the database is another": _document(database="20000"),
    "the id is another": _document(id=str(UUID(int=1))),
    "the kind is another": _document(kind="identity.assigned"),
    "the time is another": _document(at="2026-01-02T03:04:05Z"),
    "the place is another": _document(seq="2"),
    "the entry before is another": _document(previous="11" * 32),
    "the body is gone": _document(body={}),
    "the ruleset is unknown": _body(ruleset="establish-identity/9"),
    "the policy is another": _body(
        policy={"version": "1", "survivor": "older", "requiredColumns": [], "lookupKeys": []}
    ),
    "the row's database is another": lambda: replace(ENTRY, database_id=20000),
    "the row's place is another": lambda: replace(ENTRY, seq=2),
    "the row's id is another": lambda: replace(ENTRY, id=UUID(int=1)),
    "the row's kind is another": lambda: replace(ENTRY, kind="identity.assigned"),
    "the row's time is another": lambda: replace(ENTRY, at=ENTRY.at.replace(microsecond=0)),
    "the row's hash is another": lambda: replace(ENTRY, entry_hash=bytes(32)),
}


def test_what_cannot_be_read_has_no_plan() -> None:
    assert recomputed_plan(TAMPERED["all payloads are gone"]()) is None
    assert recomputed_plan(TAMPERED["the body is gone"]()) is None


@pytest.mark.parametrize("what", TAMPERED)
def test_it_is_found_when(what: str) -> None:
    assert faults(ENTRY) == []
    assert faults(TAMPERED[what]())


def test_an_entry_after_another_one_than_it_names_is_found() -> None:
    assert list(chain_faults(Head(1, ENTRY.entry_hash), ENTRY)) == [
        "follows 1",
        "does not name the hash of the entry before it",
    ]


def test_a_lost_device_a_lost_value_and_a_left_list_are_named() -> None:
    assert numbers(_with_result(lambda result: {**result, "channels": result["channels"][1:]})) == {1, 6}
    assert numbers(_with_result(lambda result: {**result, "leadSource": None})) == {5, 6}
    assert numbers(_with_result(lambda result: {**result, "customFields": []})) == {5, 6}
    assert numbers(_with_result(lambda result: {**result, "contactLists": [2]})) == {5, 6}


def test_another_digest_than_the_plans_is_named() -> None:
    payload = replace(ENTRY.payloads[0], values={**ENTRY.payloads[0].values, "digest": "0" * 64})
    assert numbers(replace(ENTRY, payloads=[payload, *ENTRY.payloads[1:]])) == {6, 7}


def test_a_digest_that_was_recorded_wrongly_from_the_first_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commitment fits what was stored, but what was stored is not the digest of the plan."""
    monkeypatch.setattr(Plan, "digest", "0" * 64)
    wrong = entry_of(replace(PLAN))  # one that has not computed its own yet
    monkeypatch.undo()
    assert 7 in numbers(wrong)


def test_a_ruleset_that_loses_a_value_unnamed_is_found_though_it_does_so_every_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def forgetful(*given: Any) -> Plan:
        plan = make_plan(*given)
        assert plan.result is not None
        custom = {name: value for name, value in plan.result.custom.items() if name != "Visits"}
        fields = tuple(row for row in plan.fields if row.name != "Visits")
        return replace(plan, fields=fields, result=replace(plan.result, custom=custom))

    assert PLAN.device_contact and PLAN.lookup_contact
    entry = entry_of(forgetful(PLAN.device_contact, PLAN.lookup_contact, PLAN.request, PLAN.policy))
    monkeypatch.setattr(recompute, "make_plan", forgetful)
    assert list(merge_faults(entry)) == [Fault(5, "loses a value of Visits without naming it")]


def test_a_value_written_into_the_hashed_bytes_is_found() -> None:
    (fault,) = (one for one in merge_faults(_body(note="albert@jerm.example")()) if one.invariant == 13)
    assert fault.what == "may have a personal value in its hashed bytes, at body.note"


def test_a_result_is_recorded_only_where_something_changed() -> None:
    assert recorded_result(ENTRY) is not None
    blocked = merged(device_contact(), lookup_contact(), required=("Country",))
    assert blocked.outcome is Outcome.BLOCKED
    assert recorded_result(entry_of(blocked)) is None


def test_a_fault_never_tells_a_value() -> None:
    for make in TAMPERED.values():
        told = " ".join(faults(make()))
        assert not any(value in told for value in ("Burger", "Pizza", "777374", "m0|c0", "m1|c1"))


def _with_result(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Entry:
    payload = ENTRY.payloads[1]
    result = change(json.loads(json.dumps(payload.values["result"])))
    return replace(
        ENTRY,
        payloads=[ENTRY.payloads[0], replace(payload, values={**payload.values, "result": result}), ENTRY.payloads[2]],
    )


def _changed(value: Any, draw: Callable[[st.SearchStrategy[Any]], Any]) -> Any:
    """The value with one of its leaves replaced, removed or added."""
    match value:
        case dict():
            names = sorted(value)
            name = draw(st.sampled_from([*names, "another"]))
            if name not in value:
                return {**value, name: "x"}
            if draw(st.booleans()):
                return {one: value[one] for one in names if one != name}
            return {**value, name: _changed(value[name], draw)}
        case list():
            at = draw(st.integers(0, len(value)))
            if at == len(value):
                return [*value, "x"]
            return [*value[:at], _changed(value[at], draw), *value[at + 1 :]]
    return draw(st.sampled_from([None, "x", "0", "merged", 77, True]))
