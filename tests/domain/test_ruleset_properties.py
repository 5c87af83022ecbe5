"""What holds for every pair of contacts, request and policy."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise, permutations
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from domain.contact import WIRE_NAMES, Contact
from domain.plan import FieldDecision, Outcome, Plan, Rule
from domain.policy import SurvivorRule
from domain.ruleset import make_plan
from domain.times import rfc3339
from tests.strategies import Case, cases, contacts, known, merges

OF_THE_SURVIVOR = {"created", "crmSyncId", "visitorKey"}


@given(known())
def test_nothing_is_lost_unnamed(case: Case) -> None:
    plan = case.plan
    result = _result(plan)
    attributes, decisions = _attributes(result), _decisions(plan)
    for contact in case.contacts:
        for name, value in _attributes(contact).items():
            assert attributes.get(name) == value or value in decisions[name].lost
        assert set(contact.lists) <= set(result.lists)


@given(known())
def test_a_result_has_no_value_of_its_own_but_the_requested_identity(case: Case) -> None:
    given_values = {(name, value) for contact in case.contacts for name, value in _attributes(contact).items()}
    asked = case.request.identity
    assert set(_attributes(_result(case.plan)).items()) <= given_values | {(asked.name, asked.value)}


@given(known())
def test_a_decision_tells_both_values_the_result_and_what_it_displaced(case: Case) -> None:
    plan = case.plan
    older, newer = (_attributes(one) if one else {} for one in (plan.older, plan.newer))
    result = _attributes(_result(plan))
    for name, row in _decisions(plan).items():
        if name == "lastModified":
            continue
        assert (row.older, row.newer, row.result) == (older.get(name), newer.get(name), result.get(name))
        assert set(row.lost) == {row.older, row.newer} - {row.result, None}


@given(merges())
def test_ages_are_symmetric(case: Case) -> None:
    """Which contact owns the device, and which holds the identity, changes only what is the survivor's own."""
    one, other = case.plan, _swapped(case).plan
    assert (_id(one.older), _id(one.newer)) == (_id(other.older), _id(other.newer))
    fields, swapped = ({row.name: row for row in plan.fields} for plan in (one, other))
    assert fields.keys() == swapped.keys()
    same_survivor = _id(one.survivor) == _id(other.survivor)
    for name in fields:
        if name not in OF_THE_SURVIVOR or same_survivor:
            assert fields[name] == swapped[name]
    asked = case.request.identity.name
    assert [row for row in one.identities if row.name != asked] == [
        row for row in other.identities if row.name != asked
    ]
    assert _result(one).lists == _result(other).lists


@given(merges())
def test_where_the_policy_goes_by_age_the_owner_of_the_device_does_not_matter_at_all(case: Case) -> None:
    by_age = replace(case, policy=replace(case.policy, survivor=SurvivorRule.OLDER))
    assert by_age.plan.fields == _swapped(by_age).plan.fields


@given(known())
def test_null_never_wins(case: Case) -> None:
    plan = case.plan
    exceptions = {"crmSyncId", "lastModified"}
    if not _one_mailbox(plan):
        exceptions |= {"emailType", "optInDetails"}
    for name, row in _decisions(plan).items():
        if name not in exceptions and (row.older is not None or row.newer is not None):
            assert row.result is not None


@given(merges())
def test_consent_is_only_lost_with_the_address_that_it_was_given_for(case: Case) -> None:
    """The second exception: both values follow the address that won."""
    plan = case.plan
    if _one_mailbox(plan):
        return
    kept = plan.older if _result(plan).system.email == _system(plan.older, "email") else plan.newer
    for name in ("email_type", "opt_in_details"):
        assert getattr(_result(plan).system, name) == _system(kept, name)


@given(merges())
def test_crm_sync_id_is_the_survivors_own_null_included(case: Case) -> None:
    plan = case.plan
    assert plan.survivor is not None
    assert _result(plan).system.crm_sync_id == plan.survivor.system.crm_sync_id


@given(st.tuples(contacts(1), contacts(2), contacts(3)))
def test_ages_are_a_total_order(three: tuple[Contact, Contact, Contact]) -> None:
    by_age = sorted(three, key=lambda contact: contact.age)
    assert all(sorted(order, key=lambda contact: contact.age) == by_age for order in permutations(three))
    for one, other in permutations(three, 2):
        assert (one.age < other.age) != (other.age < one.age)
    for older, newer in pairwise(by_age):
        assert (older.created, older.id) < (newer.created, newer.id)


@given(merges())
def test_older_and_newer_are_by_created_then_by_id(case: Case) -> None:
    plan = case.plan
    assert plan.older is not None and plan.newer is not None
    assert (plan.older.created, plan.older.id) < (plan.newer.created, plan.newer.id)
    assert {_id(plan.older), _id(plan.newer)} == {_id(plan.survivor), _id(plan.absorbed)}


@given(cases(), st.randoms())
def test_a_plan_is_deterministic_whatever_the_order_of_what_was_read(case: Case, random: Random) -> None:
    shuffled = replace(
        case,
        device_contact=_shuffled(case.device_contact, random),
        lookup_contact=_shuffled(case.lookup_contact, random),
    )
    assert case.plan == case.plan
    assert shuffled.plan.digest == case.plan.digest
    assert shuffled.plan.fields == case.plan.fields
    assert shuffled.plan.result == case.plan.result


@given(known())
def test_devices_are_preserved_each_with_its_consent_and_attributes(case: Case) -> None:
    before = Counter(repr(device) for contact in case.contacts for device in contact.devices)
    assert Counter(repr(device) for device in _result(case.plan).devices) == before


@given(known())
def test_the_requested_identity_is_on_the_survivor(case: Case) -> None:
    asked, plan = case.request.identity, case.plan
    assert _result(plan).identities[asked.name] == asked.value
    assert _result(plan).id == _id(plan.survivor)


@given(known())
def test_a_blocked_plan_is_one_that_would_leave_a_required_column_empty(case: Case) -> None:
    """Or one whose lookup key is no longer active. Nothing else blocks, and what changes nothing is never blocked."""
    plan = case.plan
    held = {**_result(plan).custom, **_result(plan).identities}
    empty = [name for name in case.policy.required_columns if name not in held]
    if case.request.identity.name not in case.policy.lookup_keys:
        empty.append(case.request.identity.name)
    unchanged = case.lookup_contact == case.device_contact
    assert (plan.outcome is Outcome.BLOCKED) == (bool(empty) and not unchanged)
    assert [blocker.name for blocker in plan.blockers] == ([] if unchanged else empty)


@given(known())
def test_unchanged_changes_nothing(case: Case) -> None:
    plan = case.plan
    if plan.outcome is not Outcome.UNCHANGED:
        return
    assert plan.result == case.device_contact
    assert all(not row.lost for row in _decisions(plan).values())
    assert all(row.rule is not Rule.REGENERATED for row in plan.fields)


@given(known())
def test_planning_again_from_the_result_gives_unchanged(case: Case) -> None:
    first = case.plan
    if first.outcome is Outcome.BLOCKED:
        return
    again = make_plan(first.result, first.result, case.request, case.policy)
    assert (again.outcome, again.result) == (Outcome.UNCHANGED, first.result)


@given(cases())
def test_an_unknown_device_plans_nothing(case: Case) -> None:
    plan = replace(case, device_contact=None).plan
    assert plan.outcome is Outcome.NOT_FOUND
    assert plan == make_plan(None, case.lookup_contact, case.request, case.policy)
    assert (plan.result, plan.survivor, plan.absorbed, plan.fields) == (None, None, None, ())


def _swapped(case: Case) -> Case:
    """The same two contacts, the device and the requested identity changing places."""
    device, identity = case.request.address, case.request.identity
    owner, holder = case.device_contact, case.lookup_contact
    assert owner is not None and holder is not None
    asked = [one for one in owner.devices if one.address == device]
    without = {name: value for name, value in holder.identities.items() if name != identity.name}
    return replace(
        case,
        device_contact=replace(holder, devices=(*holder.devices, *asked), identities=without),
        lookup_contact=replace(
            owner,
            devices=tuple(one for one in owner.devices if one not in asked),
            identities={**owner.identities, identity.name: identity.value},
        ),
    )


def _attributes(contact: Contact) -> dict[str, str]:
    """All values of a contact under the names that a plan gives them; null ones are absent."""
    system = {wire: getattr(contact.system, name) for name, wire in WIRE_NAMES.items()}
    present = {name: value for name, value in system.items() if value is not None}
    return {**present, **contact.custom, **contact.identities, "created": rfc3339(contact.created)}


def _decisions(plan: Plan) -> Mapping[str, FieldDecision]:
    return {row.name: row for row in (*plan.fields, *plan.identities)}


def _one_mailbox(plan: Plan) -> bool:
    older, newer = _system(plan.older, "email"), _system(plan.newer, "email")
    return (older or "").casefold() == (newer or "").casefold()


def _system(contact: Contact | None, name: str) -> str | None:
    value: str | None = getattr(contact.system, name) if contact else None
    return value


def _result(plan: Plan) -> Contact:
    assert plan.result is not None
    return plan.result


def _id(contact: Contact | None) -> int | None:
    return contact.id if contact else None


def _shuffled(contact: Contact | None, random: Random) -> Contact | None:
    if contact is None:
        return None

    def shuffled(values: Mapping[str, str]) -> dict[str, str]:
        return dict(random.sample(list(values.items()), len(values)))

    return replace(
        contact,
        custom=shuffled(contact.custom),
        identities=shuffled(contact.identities),
        devices=tuple(random.sample(contact.devices, len(contact.devices))),
    )
