from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.approval import PLACEHOLDERS, ApprovalPolicy, Ask, Reason, demand_not_blocked, reasons_to_ask
from domain.errors import IdentityBlocked
from domain.identity import Identity
from domain.plan import CHANGING, Outcome, Plan
from domain.ruleset import make_plan
from tests.contacts import device, device_contact, lookup_contact, merged, policy, request
from tests.strategies import Case, cases

DAY = timedelta(days=1)
MERGED = merged(device_contact(), lookup_contact())
ASSIGNED = make_plan(device_contact(), None, request(), policy())
REASSIGNED = make_plan(device_contact(identities={"userId": "1"}), None, request(), policy())
NOT_FOUND = make_plan(None, lookup_contact(), request(), policy())
UNCHANGED = make_plan(lookup_contact(), lookup_contact(), request(), policy())
BLOCKED = merged(device_contact(), lookup_contact(), required=("Country",))
CHANGES = {Outcome.MERGED: MERGED, Outcome.ASSIGNED: ASSIGNED, Outcome.REASSIGNED: REASSIGNED}


def when(**rules: Any) -> ApprovalPolicy:
    return ApprovalPolicy(Ask.WHEN, CHANGING, **rules)


def of_pair(survivor: dict[str, Any], absorbed: dict[str, Any]) -> Plan:
    return merged(device_contact(**survivor), lookup_contact(**absorbed))


def test_a_policy_never_asks_unless_it_is_told_to() -> None:
    assert reasons_to_ask(MERGED, ApprovalPolicy(), timedelta(0)) == ()


@pytest.mark.parametrize("outcome", CHANGES)
def test_always_asks_about_the_outcomes_that_it_names_and_no_other(outcome: Outcome) -> None:
    asking = ApprovalPolicy(Ask.ALWAYS, frozenset({outcome}))
    for one, plan in CHANGES.items():
        assert plan.outcome is one
        assert reasons_to_ask(plan, asking, None) == ((Reason.ALWAYS,) if one is outcome else ())


def test_of_its_own_it_asks_about_merged_only() -> None:
    assert ApprovalPolicy().outcomes == {Outcome.MERGED}


@pytest.mark.parametrize("plan", [NOT_FOUND, UNCHANGED, BLOCKED], ids=lambda plan: plan.outcome.value)
def test_nobody_is_asked_where_nothing_would_change(plan: Plan) -> None:
    assert reasons_to_ask(plan, ApprovalPolicy(Ask.ALWAYS, CHANGING), timedelta(0)) == ()


@pytest.mark.parametrize(
    ("of_device", "of_identity", "asks"),
    [({"Alias Id": "A"}, {}, True), ({"userId": "1"}, {}, True), ({}, {}, False), ({}, {"Alias Id": "A"}, False)],
)
def test_both_identified_means_any_identity_on_each_side(
    of_device: dict[str, str], of_identity: dict[str, str], asks: bool
) -> None:
    plan = of_pair({"identities": of_device}, {"identities": {"userId": "777374", **of_identity}})
    assert reasons_to_ask(plan, when(both_identified=True), None) == ((Reason.BOTH_IDENTIFIED,) if asks else ())


def test_one_contact_alone_is_never_both() -> None:
    alone = device_contact(email="a@b.example", identities={"userId": "1", "Alias Id": "A"})
    plan = make_plan(alone, None, request(), policy())
    assert reasons_to_ask(plan, when(both_identified=True, emails_differ=True, devices_gained_over=0), None) == ()


@pytest.mark.parametrize(
    ("one", "other", "asks"),
    [
        ("a@b.example", "c@b.example", True),
        ("a@b.example", "a@b.example", False),
        ("a@b.example", "A@B.example", False),
        ("a@b.example", None, False),
        (None, "a@b.example", False),
        (None, None, False),
        ("", "a@b.example", False),
    ],
)
def test_emails_differ_where_both_have_one_and_case_is_no_difference(
    one: str | None, other: str | None, asks: bool
) -> None:
    plan = of_pair({"email": one}, {"email": other})
    assert reasons_to_ask(plan, when(emails_differ=True), None) == ((Reason.EMAILS_DIFFER,) if asks else ())


@pytest.mark.parametrize(("gained", "over", "asks"), [(0, 0, False), (1, 0, True), (2, 2, False), (3, 2, True)])
def test_devices_gained_are_those_of_the_absorbed_contact(gained: int, over: int, asks: bool) -> None:
    plan = of_pair({}, {"devices": tuple(device(30 + at, f"m{at}|c") for at in range(gained))})
    assert reasons_to_ask(plan, when(devices_gained_over=over), None) == ((Reason.DEVICES_GAINED,) if asks else ())


@pytest.mark.parametrize("created", ["2019-01-01", "2021-01-01"])
def test_devices_of_the_survivor_are_not_gained_whether_it_is_older_or_newer(created: str) -> None:
    plan = of_pair({"created": created, "devices": (*device_contact().devices, device(23, "m|c"))}, {})
    assert reasons_to_ask(plan, when(devices_gained_over=0), None) == ()


@pytest.mark.parametrize(
    ("last_changed", "asks"),
    [
        (None, False),
        (timedelta(0), True),
        (30 * DAY, True),
        (30 * DAY + timedelta(microseconds=1), False),
    ],
)
def test_a_device_that_changed_identity_within_the_time_asks(last_changed: timedelta | None, asks: bool) -> None:
    asking = when(identity_changed_within=30 * DAY)
    assert reasons_to_ask(REASSIGNED, asking, last_changed) == ((Reason.IDENTITY_CHANGED,) if asks else ())


def test_a_rule_that_is_off_never_asks() -> None:
    both = {"email": "a@b.example", "identities": {"Alias Id": "A"}}
    plan = of_pair(both, {"email": "c@b.example", "devices": (device(30, "m|c"),)})
    on = when(both_identified=True, emails_differ=True, devices_gained_over=0, identity_changed_within=DAY)
    assert reasons_to_ask(plan, on, DAY) == tuple(reason for reason in Reason if reason is not Reason.ALWAYS)
    assert reasons_to_ask(plan, when(), DAY) == ()
    assert reasons_to_ask(plan, replace(on, ask=Ask.ALWAYS), DAY) == (Reason.ALWAYS,)
    assert reasons_to_ask(plan, replace(on, ask=Ask.NEVER), DAY) == ()


RULES: dict[str, Any] = {
    "both_identified": True,
    "emails_differ": True,
    "devices_gained_over": 1,
    "identity_changed_within": DAY,
}


@given(cases(), st.sets(st.sampled_from(sorted(RULES))), st.none() | st.timedeltas(timedelta(0), 2 * DAY))
def test_each_rule_is_judged_on_its_own(case: Case, names: set[str], last_changed: timedelta | None) -> None:
    together = reasons_to_ask(case.plan, when(**{name: RULES[name] for name in names}), last_changed)
    apart = [reasons_to_ask(case.plan, when(**{name: RULES[name]}), last_changed) for name in names]
    assert set(together) == set().union(*apart)


@given(cases())
def test_always_asks_exactly_where_something_would_change(case: Case) -> None:
    asking = ApprovalPolicy(Ask.ALWAYS, CHANGING)
    assert bool(reasons_to_ask(case.plan, asking, None)) == (case.plan.outcome in CHANGING)


@pytest.mark.parametrize("value", [*PLACEHOLDERS, "Unknown", "NULL", "N/A", "gUeSt"])
def test_a_placeholder_is_blocked_whatever_its_case(value: str) -> None:
    with pytest.raises(IdentityBlocked):
        demand_not_blocked(Identity("userId", value), PLACEHOLDERS)


@pytest.mark.parametrize(
    "value", ["0", "00000", "000-000", "0.0", "0 0", "-0", "00000000-0000-0000-0000-000000000000", "-", "--"]
)
def test_zeros_are_blocked_whatever_the_list(value: str) -> None:
    with pytest.raises(IdentityBlocked):
        demand_not_blocked(Identity("userId", value), ())


@pytest.mark.parametrize(
    "value",
    [
        *("1", "10", "001", "0a", "O", "-2", "1-1", "00000000-0000-0000-0000-000000000001", "777374"),
        *("tester", "nullable", "Mr. Null", "un known", "guest1", "n.a.", "t\u00e9st", "\u0422est"),
    ],
)
def test_what_only_resembles_a_blocked_value_is_not(value: str) -> None:
    demand_not_blocked(Identity("userId", value), PLACEHOLDERS)


@given(st.text(min_size=1).filter(lambda text: any(one not in "0-. " for one in text)))
def test_without_a_list_only_zeros_are_blocked(value: str) -> None:
    demand_not_blocked(Identity("userId", value), ())


def test_what_is_on_the_list_is_blocked_and_what_was_taken_off_is_not() -> None:
    demand_not_blocked(Identity("userId", "test"), ("Walk-In",))
    with pytest.raises(IdentityBlocked) as refused:
        demand_not_blocked(Identity("userId", "walk-in"), ("Walk-In",))
    assert "walk-in" not in refused.value.detail.casefold()
    assert "userId" in refused.value.detail
