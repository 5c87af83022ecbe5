import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given

from domain.contact import contact_document
from domain.plan import CHANGING, Outcome, Plan
from domain.ruleset import make_plan
from ledger.merge_record import KINDS, committed_result, merge_body, merge_payloads
from tests.contacts import VALUE, device_contact, lookup_contact, merged, policy, request
from tests.entries import AT, EXECUTION
from tests.strategies import Case, cases

MERGED = merged(
    device_contact(custom={"Favorite Food": "Burger"}), lookup_contact(custom={"Favorite Food": "Pizza"}, version=4)
)


def body_of(plan: Plan) -> dict[str, Any]:
    return merge_body(plan, EXECUTION, merge_payloads(plan, AT, plan.outcome))


def test_every_outcome_has_a_kind_of_its_own() -> None:
    assert KINDS.keys() == set(Outcome)
    assert len(set(KINDS.values())) == len(KINDS)


@pytest.mark.parametrize("outcome", Outcome)
def test_only_what_changes_something_has_a_result(outcome: Outcome) -> None:
    result = committed_result(MERGED, AT, outcome)
    assert (result is not None) == (outcome in CHANGING)


def test_a_result_is_as_the_commit_leaves_it() -> None:
    result = committed_result(MERGED, AT, MERGED.outcome)
    assert MERGED.result is not None and MERGED.survivor is not None
    assert result == replace(MERGED.result, last_modified=AT, version=MERGED.survivor.version + 1)


def test_the_request_and_each_contact_have_a_payload_of_their_own() -> None:
    request_payload, device, lookup = merge_payloads(MERGED, AT, MERGED.outcome)
    assert (request_payload.contact_id, device.contact_id, lookup.contact_id) == (2, 2, 1)
    assert request_payload.values["digest"] == MERGED.digest
    assert device.values["snapshot"] == contact_document(MERGED.device_contact)  # type: ignore[arg-type]
    assert device.values["fields/Favorite Food"] == "Burger"
    assert lookup.values["fields/Favorite Food"] == "Pizza"
    assert "result" in device.values and "result" not in lookup.values


def test_every_payload_has_a_salt_of_its_own_and_a_fresh_one_each_time() -> None:
    salts = [payload.salt for _ in range(2) for payload in merge_payloads(MERGED, AT, MERGED.outcome)]
    assert len(set(salts)) == 6 and {len(salt) for salt in salts} == {32}


def test_equal_values_of_two_contacts_cannot_be_told_to_be_equal() -> None:
    same = {"Favorite Food": "Pizza"}
    body = body_of(merged(device_contact(custom=same), lookup_contact(custom=same)))
    (row,) = (row for row in body["fields"] if row["name"] == "Favorite Food")
    assert (row["rule"], row["winner"]) == ("equal", "both")
    assert row["older"] != row["newer"]


def test_a_404_records_nobodys_values() -> None:
    payloads = merge_payloads(make_plan(None, lookup_contact(), request(), policy()), AT, Outcome.NOT_FOUND)
    assert [payload.contact_id for payload in payloads] == [None]


def test_a_body_says_who_ran_what_and_what_became_of_whom() -> None:
    body = body_of(MERGED)
    assert body["workflow"] == {"id": EXECUTION.workflow_id, "run": EXECUTION.run_id, "attempt": 1}
    assert (body["merge"], body["requester"]) == (EXECUTION.merge_id, EXECUTION.requester)
    assert (body["outcome"], body["ruleset"]) == ("merged", "establish-identity/1")
    assert (body["survivor"], body["absorbed"], body["devices"]) == (2, 1, [22])
    assert [(one["id"], one["role"], one["version"]) for one in body["contacts"]] == [
        (2, "device", 1),
        (1, "lookup", 4),
    ]


def test_what_changes_nothing_absorbs_nobody() -> None:
    blocked = merged(device_contact(), lookup_contact(), required=("Country",))
    body = body_of(blocked)
    assert (body["absorbed"], body["result"]) == (None, None)
    assert body["blockers"] == [{"code": "required-column-empty", "name": "Country"}]


@given(cases())
def test_no_personal_value_is_in_the_hashed_bytes(case: Case) -> None:
    """All values are replaced by marks that nothing else holds; none of them is found in the body."""
    body = json.dumps(body_of(_marked(case).plan), default=str)
    assert "secret" not in body


@given(cases())
def test_the_body_changes_with_the_plan(case: Case) -> None:
    plan = case.plan
    payloads = merge_payloads(plan, AT, plan.outcome)
    later = merge_payloads(plan, AT + timedelta(seconds=1), plan.outcome)
    same_salts = [replace(one, salt=payload.salt) for one, payload in zip(later, payloads, strict=True)]
    same = merge_body(plan, EXECUTION, payloads) == merge_body(plan, EXECUTION, same_salts)
    assert same == (plan.outcome not in CHANGING)


def _marked(case: Case) -> Case:
    """The same constellation with values that can be told from everything else."""
    plan = case

    def contact(one: Any) -> Any:
        if one is None:
            return None
        system = {name: value and f"secret {value}" for name, value in vars(one.system).items()}
        return replace(
            one,
            system=replace(one.system, **system),
            custom={name: f"secret {value}" for name, value in one.custom.items()},
            identities={name: f"secret {value}" for name, value in one.identities.items()},
            devices=tuple(
                replace(
                    device,
                    address=replace(device.address, destination=f"secret{device.address.destination}"),
                    consent=replace(device.consent, source="secret"),
                    attributes=dict.fromkeys(device.attributes, "secret"),
                )
                for device in one.devices
            ),
        )

    asked = plan.request
    marked = replace(
        asked,
        address=replace(asked.address, destination=f"secret{asked.address.destination}"),
        identity=replace(asked.identity, value=f"secret {asked.identity.value}"),
    )
    return replace(
        plan,
        device_contact=contact(plan.device_contact),
        lookup_contact=contact(plan.lookup_contact),
        request=marked,
    )


def test_a_value_is_committed_to_at_its_own_path() -> None:
    body, payloads = body_of(MERGED), merge_payloads(MERGED, AT, MERGED.outcome)
    identity = next(row for row in body["identities"] if row["name"] == "userId")
    assert identity["newer"] is None and identity["older"] is not None
    assert payloads[2].values["identities/userId"] == VALUE
