"""What a plan's digest binds, and what it leaves free."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given

from domain.contact import Consent, Contact
from domain.plan import FieldDecision, Outcome, Plan, Rule, plan_document
from domain.policy import Policy, SurvivorRule
from domain.request import MergeRequest
from domain.ruleset import make_plan
from tests.contacts import device, device_contact, lookup_contact, policy, request
from tests.strategies import Case, cases

RULES = policy()
OWNER = device_contact(
    email="b@jerm.example",
    muid="m1",
    custom={"Favorite Food": "Burger"},
    identities={"Alias Id": "A-2"},
    lists=(1,),
)
HOLDER = lookup_contact(
    email="a@jerm.example",
    custom={"Favorite Food": "Pizza", "Visits": "1"},
    devices=(device(11, "m0|c0", os="one"),),
    lists=(2,),
)


def plan(
    owner: Contact = OWNER, holder: Contact | None = HOLDER, asked: MergeRequest | None = None, rules: Policy = RULES
) -> Plan:
    return make_plan(owner, holder, asked or request(), rules)


def changed_device(**changes: object) -> Contact:
    (one,) = HOLDER.devices
    return replace(HOLDER, devices=(replace(one, **changes),))  # type: ignore[arg-type]


CHANGING: dict[str, Callable[[], Plan]] = {
    "a value that wins": lambda: plan(replace(OWNER, custom={"Favorite Food": "Salad"})),
    "a value that loses": lambda: plan(holder=replace(HOLDER, custom={"Favorite Food": "Pasta", "Visits": "1"})),
    "a value that appears": lambda: plan(replace(OWNER, custom={**OWNER.custom, "Country": ""})),
    "a value that goes": lambda: plan(holder=replace(HOLDER, custom={"Favorite Food": "Pizza"})),
    "a system attribute": lambda: plan(replace(OWNER, system=replace(OWNER.system, visitor_key="v"))),
    "a system attribute that loses": lambda: plan(replace(OWNER, system=replace(OWNER.system, email="c@jerm.example"))),
    "created": lambda: plan(replace(OWNER, created=OWNER.created + timedelta(microseconds=1))),
    "created of the absorbed": lambda: plan(holder=replace(HOLDER, created=HOLDER.created - timedelta(days=1))),
    "another identity": lambda: plan(replace(OWNER, identities={"Alias Id": "A-3"})),
    "an identity that is freed": lambda: plan(replace(OWNER, identities={"userId": "x"})),
    "a device that appears": lambda: plan(replace(OWNER, devices=(*OWNER.devices, device(33, "+4917012345")))),
    "a device that goes": lambda: plan(holder=replace(HOLDER, devices=())),
    "a device of the other contact": lambda: plan(
        replace(OWNER, devices=(*OWNER.devices, *HOLDER.devices)), replace(HOLDER, devices=())
    ),
    "a consent": lambda: plan(holder=changed_device(consent=Consent("OPTED-OUT"))),
    "an attribute of a device": lambda: plan(holder=changed_device(attributes={"os": "two"})),
    "another lookup contact": lambda: plan(holder=replace(HOLDER, id=5)),
    "the survivor": lambda: plan(rules=policy(SurvivorRule.OLDER)),
    "the policy's version": lambda: plan(rules=replace(policy(), version=2)),
    "a required column that blocks": lambda: plan(rules=policy(required=("Country",))),
    "a lookup key that is gone": lambda: plan(rules=replace(policy(), lookup_keys=("Alias Id",))),
    "useCrmContactAsWinner": lambda: plan(asked=request(use_crm_contact_as_winner=True)),
    "mergeEvents": lambda: plan(asked=request(merge_events=False)),
    "the requested identity": lambda: plan(asked=request(value="other")),
    "the outcome": lambda: plan(holder=None),
}
LEAVING: dict[str, Callable[[], Plan]] = {
    "row versions": lambda: plan(replace(OWNER, version=9), replace(HOLDER, version=7)),
    "times of modification": lambda: plan(
        replace(OWNER, last_modified=OWNER.created), replace(HOLDER, last_modified=HOLDER.created)
    ),
    "contact lists": lambda: plan(replace(OWNER, lists=(7, 8)), replace(HOLDER, lists=())),
    "a required column that is filled": lambda: plan(rules=policy(required=("Visits",))),
    "a lookup key that is not concerned": lambda: plan(rules=replace(policy(), lookup_keys=("userId",))),
    "the order of the devices": lambda: plan(replace(OWNER, devices=OWNER.devices[::-1])),
}


@pytest.mark.parametrize("what", CHANGING)
def test_the_digest_changes_with(what: str) -> None:
    assert CHANGING[what]().digest != plan().digest


@pytest.mark.parametrize("what", LEAVING)
def test_the_digest_does_not_change_with(what: str) -> None:
    assert LEAVING[what]().digest == plan().digest


def test_all_digests_of_different_plans_differ() -> None:
    assert len({make().digest for make in CHANGING.values()}) == len(CHANGING)


def test_the_time_of_modification_of_an_unchanged_contact_is_not_bound_either() -> None:
    one = replace(OWNER, identities={"userId": "777374"})
    later = replace(one, last_modified=one.last_modified + timedelta(days=1))
    assert plan(one, one).outcome is Outcome.UNCHANGED
    assert plan(one, one).digest == plan(later, later).digest


@given(cases())
def test_digests_are_equal_exactly_when_what_is_bound_is(case: Case) -> None:
    plan = case.plan
    assert len(plan.digest) == 64
    assert case.plan.digest == plan.digest
    other = replace(case, request=replace(case.request, merge_events=not case.request.merge_events))
    assert other.plan.digest != plan.digest


def test_a_document_carries_its_digest_only_where_it_is_asked_for() -> None:
    assert "digest" not in plan_document(plan())
    assert plan_document(plan(), with_digest=True)["digest"] == plan().digest


def test_a_document_says_whose_each_device_was_and_what_becomes_of_inbox_and_events() -> None:
    document = plan_document(plan(asked=request(merge_events=False)))
    devices = document["devices"]
    assert isinstance(devices, list)
    assert [(one["id"], one["contact"]) for one in devices] == [(11, 1), (22, 2)]
    assert document["inbox"] == {"kept": 2, "archived": 1}
    assert document["events"] == {"merged": False}
    assert document["contactLists"] == [1, 2]


def test_a_decision_names_each_lost_value_once() -> None:
    def lost(older: str | None, newer: str | None, result: str | None) -> tuple[str, ...]:
        return FieldDecision("userId", older, newer, result, Rule.REQUESTED, None).lost

    assert lost("a", "a", "b") == ("a",)
    assert lost("a", "c", "b") == ("a", "c")
    assert lost("b", "c", "b") == ("c",)
    assert lost("", None, None) == ("",)
    assert lost(None, None, "b") == ()
