"""Entries of requests that a person or their deadline ended: they recompute, and a forged one is told."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.plan import CHANGING, DECIDED, Outcome
from domain.ruleset import make_plan
from domain.times import rfc3339
from ledger.entry import GENESIS, Entry
from ledger.merge_record import KINDS, DecisionRecord, Execution
from ledger.recompute import chain_faults, merge_faults, recomputed_plan, recorded_outcome, recorded_result
from tests.contacts import device_contact, lookup_contact, merged, policy, request
from tests.entries import AT, EXECUTION, entry_of, resealed
from tests.strategies import Case, cases

PLAN = merged(
    device_contact(custom={"Favorite Food": "Burger"}), lookup_contact(custom={"Favorite Food": "Pizza", "Visits": "1"})
)
APPROVED = DecisionRecord(UUID(int=5), "approve", 2, 71, "person71", AT - timedelta(minutes=1))
REJECTED = replace(APPROVED, kind="reject")
WITHDRAWN = replace(APPROVED, kind="withdraw", person=None)
ENDS: dict[Outcome, DecisionRecord | None] = {
    Outcome.MERGED: APPROVED,
    Outcome.REJECTED: REJECTED,
    Outcome.WITHDRAWN: WITHDRAWN,
    Outcome.EXPIRED: None,
}


def execution_of(outcome: Outcome) -> Execution:
    return replace(EXECUTION, decision=ENDS[outcome], ended=outcome if outcome in DECIDED else None)


def entry(outcome: Outcome) -> Entry:
    return entry_of(PLAN, execution=execution_of(outcome))


def faults(one: Entry) -> list[str]:
    return [*chain_faults(GENESIS, one), *(fault.what for fault in merge_faults(one))]


def forged(one: Entry, **body: Any) -> Entry:
    """With other members of its body, and a hash that fits."""
    document = json.loads(one.canonical)
    return resealed(one, {**document, "body": {**document["body"], **body}})


def body_of(one: Entry) -> dict[str, Any]:
    return dict(json.loads(one.canonical)["body"])


def decision_of(outcome: Outcome) -> dict[str, Any]:
    return dict(body_of(entry(outcome))["decision"])


@pytest.mark.parametrize("outcome", ENDS)
def test_a_true_entry_has_no_fault(outcome: Outcome) -> None:
    one = entry(outcome)
    assert faults(one) == []
    assert one.kind == KINDS[outcome]
    assert recorded_outcome(one) is outcome
    plan = recomputed_plan(one)
    assert plan is not None and plan.digest == PLAN.digest


@given(cases(), st.sampled_from(sorted(DECIDED)))
def test_any_plan_that_would_have_changed_something_can_end_by_a_decision(case: Case, outcome: Outcome) -> None:
    assume(case.plan.outcome in CHANGING)
    assert faults(entry_of(case.plan, execution=execution_of(outcome))) == []


@pytest.mark.parametrize("outcome", sorted(DECIDED))
def test_what_was_decided_against_has_no_result_and_absorbs_nobody(outcome: Outcome) -> None:
    one = entry(outcome)
    body = body_of(one)
    assert (recorded_result(one), body["result"], body["absorbed"]) == (None, None, None)
    assert body["survivor"] == str(2), "whom it would have been"


def test_the_body_says_who_decided_on_what_and_when() -> None:
    assert body_of(entry(Outcome.MERGED))["decision"] == {
        "id": str(UUID(int=5)),
        "kind": "approve",
        "revision": "2",
        "person": "71",
        "token": "person71",
        "at": rfc3339(APPROVED.at),
    }
    assert body_of(entry(Outcome.WITHDRAWN))["decision"]["person"] is None
    assert "decision" not in body_of(entry(Outcome.EXPIRED))


def test_without_a_decision_the_bytes_are_those_of_before_there_were_decisions() -> None:
    assert "decision" not in body_of(entry_of(PLAN))


@pytest.mark.parametrize("plan", [make_plan(None, lookup_contact(), request(), policy())], ids=["not found"])
def test_what_would_have_changed_nothing_cannot_have_been_decided(plan: Any) -> None:
    assert faults(entry_of(plan, execution=execution_of(Outcome.EXPIRED)))


FORGED: dict[str, Entry] = {
    "rejected is told as merged": forged(entry(Outcome.REJECTED), outcome="merged"),
    "merged is told as rejected": forged(entry(Outcome.MERGED), outcome="rejected"),
    "expired is told as withdrawn": forged(entry(Outcome.EXPIRED), outcome="withdrawn"),
    "an unknown outcome": forged(entry(Outcome.EXPIRED), outcome="lost"),
    "a decision that lacks its person": forged(
        entry(Outcome.MERGED),
        decision={
            name: value for name, value in body_of(entry(Outcome.MERGED))["decision"].items() if name != "person"
        },
    ),
    "a decision that says more": forged(
        entry(Outcome.MERGED), decision=decision_of(Outcome.MERGED) | {"reason": "He agreed."}
    ),
    "a decision by no number": forged(entry(Outcome.MERGED), decision=decision_of(Outcome.MERGED) | {"person": "Sam"}),
    "a decision that is none": forged(entry(Outcome.MERGED), decision="approved"),
    "a rejection with a result": forged(entry(Outcome.REJECTED), result="00" * 32),
    "an expired request that absorbed somebody": forged(entry(Outcome.EXPIRED), absorbed="1"),
    "the kind of another end": replace(entry(Outcome.EXPIRED), kind="merge.rejected"),
    "a merge by a rejection": forged(entry(Outcome.MERGED), decision=decision_of(Outcome.MERGED) | {"kind": "reject"}),
    "a rejection by an approval": forged(
        entry(Outcome.REJECTED), decision=decision_of(Outcome.REJECTED) | {"kind": "approve"}
    ),
    "an expired request that somebody approved": forged(
        entry(Outcome.EXPIRED), decision=body_of(entry(Outcome.MERGED))["decision"]
    ),
    "a withdrawal by nobody": entry_of(PLAN, execution=replace(EXECUTION, ended=Outcome.WITHDRAWN)),
    "an approval by no person": forged(entry(Outcome.MERGED), decision=decision_of(Outcome.MERGED) | {"person": None}),
}


@pytest.mark.parametrize("what", FORGED)
def test_it_is_told(what: str) -> None:
    assert faults(FORGED[what])


@given(st.data())
def test_a_changed_byte_of_a_decision_is_found(data: st.DataObject) -> None:
    one = entry(Outcome.MERGED)
    start = one.canonical.index(b'"decision"')
    at = data.draw(st.integers(start, one.canonical.index(b"}", start)))
    tampered = one.canonical[:at] + bytes([one.canonical[at] ^ 1]) + one.canonical[at + 1 :]
    assert "has another hash than its bytes" in list(chain_faults(GENESIS, replace(one, canonical=tampered)))
