"""What a next revision changed: nothing that the digest does not bind, and everything that it does."""

import json
from typing import Any

import pytest
from hypothesis import assume, given

from domain.plan import Plan, plan_document
from domain.plan_changes import plan_changes
from domain.policy import SurvivorRule
from tests.contacts import device, device_contact, lookup_contact, merged
from tests.strategies import Case, cases

OTHER = device(11, "m0|c0")


def document(plan: Plan) -> dict[str, Any]:
    """As PostgreSQL gives it back."""
    return dict(json.loads(json.dumps(plan_document(plan), default=str)))


def shown(of_device: dict[str, Any], of_identity: dict[str, Any], **rules: Any) -> dict[str, Any]:
    return document(merged(device_contact(**of_device), lookup_contact(**of_identity), **rules))


def changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {one.what: (one.before, one.after) for one in plan_changes(before, after)}


BEFORE = shown({"custom": {"Favorite Food": "Burger"}}, {"custom": {"Favorite Food": "Pizza"}})


def test_the_same_plan_has_no_changes() -> None:
    assert changes(BEFORE, BEFORE) == {}


def test_an_edited_value_is_named_with_both_rows() -> None:
    after = shown({"custom": {"Favorite Food": "Salad"}}, {"custom": {"Favorite Food": "Pizza"}})
    told = changes(BEFORE, after)
    assert set(told) == {"fields/Favorite Food"}
    before, now = told["fields/Favorite Food"]
    assert (before["newer"], before["result"], now["newer"], now["result"]) == ("Burger", "Burger", "Salad", "Salad")


def test_a_value_that_came_and_one_that_went() -> None:
    after = shown({"custom": {"Visits": "1"}}, {})
    told = changes(BEFORE, after)
    assert set(told) == {"fields/Favorite Food", "fields/Visits"}
    assert told["fields/Visits"][0] is None and told["fields/Favorite Food"][1] is None


def test_an_identity_is_no_field() -> None:
    after = shown(
        {"custom": {"Favorite Food": "Burger"}, "identities": {"Alias Id": "A"}}, {"custom": {"Favorite Food": "Pizza"}}
    )
    assert set(changes(BEFORE, after)) == {"identities/Alias Id"}


def test_a_device_is_told_by_its_id_when_it_comes_goes_or_changes() -> None:
    two = shown({}, {"devices": (OTHER,)})
    one = shown({}, {})
    out = shown({}, {"devices": (device(11, "m0|c0", "OPTED-OUT"),)})
    assert changes(one, two)["devices/11"][0] is None
    assert changes(two, one)["devices/11"][1] is None
    before, after = changes(two, out)["devices/11"]
    assert (before["status"], after["status"]) == ("OPTED-IN", "OPTED-OUT")


def test_another_survivor_another_policy_and_other_blockers_are_told() -> None:
    older = shown({}, {}, survivor=SurvivorRule.OLDER)
    assert {"survivor", "absorbed"} <= set(changes(shown({}, {}), older))
    blocked = changes(shown({}, {}), shown({}, {}, required=("Country",)))
    assert blocked["blockers"] == ([], [{"code": "required-column-empty", "name": "Country"}])
    assert blocked["outcome"] == ("merged", "blocked")
    newer = {**BEFORE, "policy": {**BEFORE["policy"], "version": BEFORE["policy"]["version"] + 1}}
    assert changes(BEFORE, newer) == {"policy": (BEFORE["policy"]["version"], newer["policy"]["version"])}


def test_another_lookup_contact_is_told() -> None:
    after = shown({"custom": {"Favorite Food": "Burger"}}, {"id": 7, "custom": {"Favorite Food": "Pizza"}})
    assert set(changes(BEFORE, after)) == {"older", "absorbed"}


@pytest.mark.parametrize("contact", ["of_device", "of_identity"])
def test_what_is_not_bound_is_not_told(contact: str) -> None:
    """Row versions, times of modification, lists."""
    quiet: dict[str, dict[str, Any]] = {"of_device": {}, "of_identity": {}}
    before = shown(**quiet)
    quiet[contact] = {"version": 9, "modified": "2024-01-01", "lists": (5,)}
    assert changes(before, shown(**quiet)) == {}


def test_a_change_says_its_place_and_both_values() -> None:
    (change,) = plan_changes(BEFORE, {**BEFORE, "survivor": 7})
    assert change.document() == {"what": "survivor", "before": BEFORE["survivor"], "after": 7}


@given(cases(), cases())
def test_there_are_changes_exactly_where_the_digests_differ(one: Case, other: Case) -> None:
    """For plans of the same request: another request is another merge."""
    assume(one.plan.request == other.plan.request)
    differ = one.plan.digest != other.plan.digest
    assert bool(plan_changes(document(one.plan), document(other.plan))) == differ


@given(cases())
def test_a_plan_never_differs_from_itself(case: Case) -> None:
    assert plan_changes(document(case.plan), document(case.plan)) == []
