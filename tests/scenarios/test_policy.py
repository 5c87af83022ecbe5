"""The policy of a database: who survives a merge, who is asked first. Versioned, and changed by an admin alone."""

import asyncio
from typing import Any

import httpx
import pytest

from domain.approval import PLACEHOLDERS
from domain.policy import SurvivorRule
from domain.policy_change import PolicyChange
from domain.times import parse_time
from store import policies
from store.engine import Store
from store.tokens import Scope
from tests.stack import Stack
from tests.tenant import Tenant, client, token_for

A = "muidA|channelA"
DEFAULT = {
    "version": 1,
    "survivor": "device-contact",
    "requiredColumns": [],
    "lookupKeys": ["Alias Id", "userId"],
    "approval": {
        "ask": "never",
        "outcomes": ["merged"],
        "rules": {
            "bothIdentified": False,
            "emailsDiffer": False,
            "devicesGainedOver": None,
            "identityChangedWithinDays": None,
        },
        "deadlineSeconds": 259_200,
        "reminderPercent": 75,
    },
    "blockedValues": list(PLACEHOLDERS),
}
EVERYTHING = {
    "survivor": "older",
    "approval": {
        "ask": "when",
        "outcomes": ["assigned", "merged", "reassigned"],
        "rules": {
            "bothIdentified": True,
            "emailsDiffer": True,
            "devicesGainedOver": 0,
            "identityChangedWithinDays": 3650,
        },
        "deadlineSeconds": 1,
        "reminderPercent": 99,
    },
    "blockedValues": ["Walk-In", "test"],
}


async def shown(tenant: Tenant) -> dict[str, Any]:
    answer = await tenant.http.get(f"/v1/databases/{tenant.id}/policy")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def put(tenant: Tenant, body: dict[str, Any]) -> httpx.Response:
    return await tenant.put_policy(body)


async def versions(tenant: Tenant) -> list[dict[str, Any]]:
    answer = await tenant.http.get(f"/v1/databases/{tenant.id}/policy/versions")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["versions"])


async def test_a_new_database_never_asks(tenant: Tenant) -> None:
    assert await shown(tenant) == DEFAULT


async def test_every_member_can_be_changed_and_is_shown(tenant: Tenant) -> None:
    answer = await put(tenant, EVERYTHING)

    assert (answer.status_code, answer.json()) == (200, {**DEFAULT, **EVERYTHING, "version": 2})
    assert await shown(tenant) == answer.json()


@pytest.mark.parametrize(
    ("body", "path", "value"),
    [
        ({"survivor": "newer"}, "survivor", "newer"),
        ({"approval": {"ask": "always"}}, "approval.ask", "always"),
        ({"approval": {"outcomes": ["reassigned"]}}, "approval.outcomes", ["reassigned"]),
        ({"approval": {"rules": {"emailsDiffer": False}}}, "approval.rules.emailsDiffer", False),
        ({"approval": {"rules": {"devicesGainedOver": None}}}, "approval.rules.devicesGainedOver", None),
        (
            {"approval": {"rules": {"identityChangedWithinDays": None}}},
            "approval.rules.identityChangedWithinDays",
            None,
        ),
        ({"approval": {"deadlineSeconds": 7_776_000}}, "approval.deadlineSeconds", 7_776_000),
        ({"approval": {"reminderPercent": 1}}, "approval.reminderPercent", 1),
        ({"blockedValues": []}, "blockedValues", []),
    ],
)
async def test_a_member_that_is_absent_stays(tenant: Tenant, body: dict[str, Any], path: str, value: object) -> None:
    before = (await put(tenant, EVERYTHING)).json()

    after = (await put(tenant, body)).json()

    assert flat(after) == {**flat(before), "version": 3, path: value}


def flat(policy: dict[str, Any], above: str = "") -> dict[str, Any]:
    """Its members by the path to them."""
    inner = [
        flat(value, f"{above}{name}.") if isinstance(value, dict) else {f"{above}{name}": value}
        for name, value in policy.items()
    ]
    return {name: value for one in inner for name, value in one.items()}


async def test_a_change_that_names_the_version_it_saw_follows_it_or_is_refused(tenant: Tenant) -> None:
    seen = (await tenant.http.get(f"/v1/databases/{tenant.id}/policy")).headers["ETag"]
    first = await tenant.put_policy({"survivor": "newer"}, **{"If-Match": seen})
    assert (first.status_code, first.headers["ETag"], first.json()["version"]) == (200, '"2"', 2)

    stale = await tenant.put_policy({"survivor": "older"}, **{"If-Match": seen})

    problem = stale.json()
    assert (stale.status_code, problem["code"], problem["version"]) == (412, "policy-stale", 2)
    assert await shown(tenant) == first.json()
    assert (await tenant.put_policy({"survivor": "older"}, **{"If-Match": first.headers["ETag"]})).status_code == 200


@pytest.mark.parametrize(
    ("sent", "status"),
    [("*", 200), ('W/"1"', 200), ('"0"', 412), ('"2"', 412), ("1", 412), ('"one"', 412), ("", 412), ('"1", "2"', 412)],
)
async def test_what_is_no_tag_of_the_version_that_stands_changes_nothing(
    tenant: Tenant, sent: str, status: int
) -> None:
    answer = await tenant.put_policy({"survivor": "newer"}, **{"If-Match": sent})

    assert answer.status_code == status
    assert (await shown(tenant))["version"] == (2 if status == 200 else 1)


@pytest.mark.parametrize("body", [{}, {"approval": {}}, {"approval": {"rules": {}}}, EVERYTHING])
async def test_a_change_that_changes_nothing_makes_no_version(tenant: Tenant, body: dict[str, Any]) -> None:
    before = (await put(tenant, EVERYTHING)).json()

    answer = await put(tenant, body)

    assert (answer.status_code, answer.json()) == (200, before)
    assert len(await versions(tenant)) == 2


async def test_every_version_is_kept_with_its_time(tenant: Tenant) -> None:
    for body in (EVERYTHING, {"survivor": "device-contact"}):
        await put(tenant, body)

    third, second, first = await versions(tenant)

    times = [parse_time(one.pop("created")) for one in (first, second, third)]
    assert [bool(one.pop("by")) for one in (first, second, third)] == [False, True, True]
    assert times == sorted(set(times))
    unversioned = ("requiredColumns", "lookupKeys")
    assert first == {name: value for name, value in DEFAULT.items() if name not in unversioned}
    assert second == {"version": 2, **EVERYTHING}
    assert third == {**second, "version": 3, "survivor": "device-contact"}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"approval": {"ask": "when"}}, "the policy needs a rule"),
        ({"survivor": "newer", "approval": {"ask": "when"}}, "the policy needs a rule"),
        ({"blockedValues": ["fine", " edge"]}, "must not begin or end with a space"),
        ({"blockedValues": ["a\u200bb"]}, "invisible"),
        ({"blockedValues": [f"v{at}" for at in range(1001)]}, "at most 1000 values"),
    ],
)
async def test_a_policy_that_cannot_be_is_refused_and_nothing_changes(
    tenant: Tenant, body: dict[str, Any], told: str
) -> None:
    answer = await put(tenant, body)

    assert (answer.status_code, answer.json()["code"]) == (422, "policy-invalid")
    assert answer.headers["content-type"] == "application/problem+json"
    assert told in answer.json()["detail"]
    assert await shown(tenant) == DEFAULT


async def test_the_last_rule_cannot_go_while_rules_decide(tenant: Tenant) -> None:
    await put(tenant, {"approval": {"ask": "when", "rules": {"emailsDiffer": True}}})

    refused = await put(tenant, {"approval": {"rules": {"emailsDiffer": False}}})
    exchanged = await put(tenant, {"approval": {"rules": {"emailsDiffer": False, "devicesGainedOver": 0}}})

    assert (refused.status_code, refused.json()["code"]) == (422, "policy-invalid")
    assert exchanged.json()["version"] == 3


async def test_only_an_admin_changes_it_and_only_readers_of_databases_see_it(
    stack: Stack, store: Store, tenant: Tenant
) -> None:
    not_admin: list[Scope] = [scope for scope in Scope if scope not in {Scope.ADMIN, Scope.MERGES_DECIDE}]
    not_reader: list[Scope] = [scope for scope in not_admin if scope is not Scope.DATABASES_READ]
    path = f"/v1/databases/{tenant.id}/policy"

    async with client(stack.url, await token_for(store, [tenant.id], not_admin)) as http:
        assert (await http.get(path)).json() == DEFAULT
        assert (await http.get(f"{path}/versions")).status_code == 200
        refused = [await http.put(path, json=body) for body in ({}, {"survivor": "older"}, EVERYTHING)]
    async with client(stack.url, await token_for(store, [tenant.id], not_reader)) as http:
        refused += [await http.get(path), await http.get(f"{path}/versions")]

    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(403, "scope-missing")}
    assert await shown(tenant) == DEFAULT


async def test_no_service_changes_it_whatever_its_scopes(tenant: Tenant) -> None:
    """Else whoever asks for merges could have nobody asked about them any more."""
    answer = await tenant.http.put(f"/v1/databases/{tenant.id}/policy", json={"survivor": "older"})

    assert (answer.status_code, answer.json()["code"]) == (403, "person-required")
    assert await shown(tenant) == DEFAULT


async def test_a_version_names_whose_change_it_is(store: Store, tenant: Tenant) -> None:
    await put(tenant, {"survivor": "older"})
    await policies.change(store, tenant.id, PolicyChange(SurvivorRule.NEWER))

    third, second, first = await versions(tenant)

    assert second["by"] == {"person": "Tess Tester", "token": tenant.person.split("_")[1]}
    assert (first["by"], third["by"]) == (None, None), "where it began, and what the operator did"


async def test_changes_at_the_same_time_are_all_kept_each_as_a_version(tenant: Tenant) -> None:
    bodies: list[dict[str, Any]] = [
        {"survivor": "older"},
        {"approval": {"ask": "always"}},
        {"approval": {"rules": {"bothIdentified": True}}},
        {"approval": {"rules": {"devicesGainedOver": 3}}},
        {"approval": {"deadlineSeconds": 60}},
        {"approval": {"reminderPercent": 50}},
        {"approval": {"outcomes": ["assigned"]}},
        {"blockedValues": ["nobody"]},
    ]

    answers = await asyncio.gather(*(put(tenant, body) for body in bodies))

    assert {answer.status_code for answer in answers} == {200}
    assert [one["version"] for one in await versions(tenant)] == list(range(len(bodies) + 1, 0, -1))
    assert flat(await shown(tenant)) == {
        **flat(DEFAULT),
        "version": len(bodies) + 1,
        "survivor": "older",
        "approval.ask": "always",
        "approval.rules.bothIdentified": True,
        "approval.rules.devicesGainedOver": 3,
        "approval.deadlineSeconds": 60,
        "approval.reminderPercent": 50,
        "approval.outcomes": ["assigned"],
        "blockedValues": ["nobody"],
    }


async def test_a_plan_names_the_part_of_the_policy_that_it_was_made_under(tenant: Tenant) -> None:
    await tenant.register(A)
    await put(tenant, {"blockedValues": ["nobody"]})

    plan = await tenant.preview(A, "777374")

    assert plan["policy"] == {
        "version": 2,
        "survivor": "device-contact",
        "requiredColumns": [],
        "lookupKeys": ["Alias Id", "userId"],
    }
