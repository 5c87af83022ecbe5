"""Not the same person: a pair that a person keeps apart does not come back until somebody lifts it."""

from typing import Any

import httpx
import pytest

from domain.roles import Role
from store.engine import Store
from store.people import give_role
from tests.scenarios.approvals import (
    VALUE,
    A,
    B,
    Reviewer,
    Reviewers,
    asks,
    held_back,
    pending,
    refusal,
    two_contacts,
    when_revised,
)
from tests.tenant import MakeTenant, Tenant

C = "muidC|channelC"


async def kept_apart(tenant: Tenant, specialist: Reviewer) -> dict[str, Any]:
    """The merge of two contacts that was rejected, since they are not the same person."""
    merge = await held_back(tenant)
    answer = await specialist.reject(merge, notSamePerson=True, reason="Father and son.")
    assert answer.json()["outcome"] == "rejected", answer.text
    return merge


async def pairs(http: httpx.AsyncClient, database_id: int) -> list[dict[str, Any]]:
    answer = await http.get(f"/v1/databases/{database_id}/kept-apart")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["pairs"])


async def lift(http: httpx.AsyncClient, database_id: int, pair_id: int) -> httpx.Response:
    return await http.delete(f"/v1/databases/{database_id}/kept-apart/{pair_id}")


async def refused(tenant: Tenant) -> dict[str, Any]:
    """The problem that the same request meets again."""
    answer = await tenant.establish(A, VALUE)
    assert refusal(answer) == (409, "not-same-person"), answer.text
    return dict(answer.json())


async def test_the_same_request_is_refused_from_then_on(tenant: Tenant, specialist: Reviewer) -> None:
    merge = await kept_apart(tenant, specialist)

    problem = await refused(tenant)

    assert problem["outcome"] == "rejected"
    assert problem["receipt"]["database"] == tenant.id
    again = await tenant.merge(problem["mergeId"])
    assert (again["id"] != merge["id"], again["state"], again["decisions"]) == (True, "done", [])


async def test_a_plain_rejection_keeps_nobody_apart(tenant: Tenant, specialist: Reviewer) -> None:
    merge = await held_back(tenant)
    assert (await specialist.reject(merge)).status_code == 200
    assert await pairs(tenant.http, tenant.id) == []
    assert (await pending(tenant))["id"] != merge["id"]


async def test_it_holds_also_where_nobody_is_asked(tenant: Tenant, specialist: Reviewer) -> None:
    await kept_apart(tenant, specialist)
    await asks(tenant, ask="never")
    await refused(tenant)
    answer = await tenant.http.post("/v1/merges", json=tenant.specification(A, VALUE))
    assert refusal(answer) == (409, "not-same-person")


async def test_it_holds_the_other_way_round(tenant: Tenant, specialist: Reviewer) -> None:
    await kept_apart(tenant, specialist)
    await tenant.register(A, custom={"Alias Id": "bert"})
    answer = await tenant.establish(B, "bert", "Alias Id")
    assert refusal(answer) == (409, "not-same-person")


async def test_it_holds_only_for_these_two(tenant: Tenant, specialist: Reviewer) -> None:
    await kept_apart(tenant, specialist)
    await asks(tenant, ask="never")
    await tenant.register(C)
    assert (await tenant.established(C, VALUE))["outcome"] == "merged"


async def test_the_survivor_takes_the_place_of_one_that_was_absorbed(tenant: Tenant, specialist: Reviewer) -> None:
    merge = await kept_apart(tenant, specialist)
    device, lookup = merge["plan"]["survivor"], merge["plan"]["absorbed"]
    await asks(tenant, ask="never")
    third = await tenant.register(C)
    assert (await tenant.established(C, VALUE))["winnerRecipientId"] == third

    await refused(tenant)

    (pair,) = await pairs(tenant.http, tenant.id)
    assert set(pair["contacts"]) == {device, third}
    assert lookup not in pair["contacts"]


async def test_the_survivor_takes_the_place_of_the_devices_contact_too(tenant: Tenant, specialist: Reviewer) -> None:
    merge = await kept_apart(tenant, specialist)
    await tenant.register(A, custom={"Alias Id": "bert"})
    await asks(tenant, ask="never")
    third = await tenant.register(C)
    assert (await tenant.established(C, "bert", "Alias Id"))["winnerRecipientId"] == third

    await refused(tenant)

    (pair,) = await pairs(tenant.http, tenant.id)
    assert set(pair["contacts"]) == {merge["plan"]["absorbed"], third}


async def test_one_that_was_absorbed_before_the_decision_is_represented_too(
    tenant: Tenant, specialist: Reviewer
) -> None:
    """The run is told of the other merge a moment later, and the plan that the person saw still stands."""
    merge = await held_back(tenant)
    await asks(tenant, ask="never")
    merge = await when_revised(tenant, merge["id"])
    third = await tenant.register(C)
    assert (await tenant.established(C, VALUE))["winnerRecipientId"] == third

    answer = await specialist.reject(merge, notSamePerson=True)
    if answer.status_code == 412:  # it was told by then
        answer = await specialist.reject(await specialist.merge(merge["id"]), notSamePerson=True)

    assert answer.json()["outcome"] == "rejected", answer.text
    (pair,) = await pairs(tenant.http, tenant.id)
    assert set(pair["contacts"]) == {merge["plan"]["survivor"], third}
    await refused(tenant)


async def test_another_request_about_the_pair_that_waits_is_not_executed(tenant: Tenant, specialist: Reviewer) -> None:
    await two_contacts(tenant)
    await tenant.register(A, custom={"Alias Id": "bert"})
    await asks(tenant)
    one = await pending(tenant)
    other = await tenant.merge((await tenant.establish(B, "bert", "Alias Id")).json()["mergeId"])
    assert (await specialist.reject(one, notSamePerson=True)).status_code == 200

    answer = await specialist.approve(other)

    assert refusal(answer) == (409, "already-decided"), answer.text
    assert (await tenant.merge(other["id"]))["outcome"] == "rejected"
    assert (await tenant.contact(other["plan"]["absorbed"]))["id"] == other["plan"]["absorbed"]


async def test_two_decisions_that_keep_one_pair_apart_are_lifted_as_one(tenant: Tenant, specialist: Reviewer) -> None:
    """And no other pair, also where one of the two is in it."""
    third = await tenant.register(C)
    lookup, device = await two_contacts(tenant)
    fourth = await tenant.register("muidD|channelD")
    await tenant.register(A, custom={"Alias Id": "bert"})
    await asks(tenant)
    for merge in (
        one := await pending(tenant),
        await pending(tenant, B, "bert", name="Alias Id"),
        await pending(tenant, C, "bert", name="Alias Id"),
        await pending(tenant, "muidD|channelD"),
    ):
        assert (await specialist.reject(merge, notSamePerson=True)).json()["outcome"] == "rejected"
    first, second, *others = await pairs(tenant.http, tenant.id)
    assert set(first["contacts"]) == set(second["contacts"]) == {lookup, device}

    assert (await lift(specialist.http, tenant.id, second["id"])).status_code == 204

    assert await pairs(tenant.http, tenant.id) == others
    assert [set(pair["contacts"]) for pair in others] == [{third, device}, {lookup, fourth}]
    assert refusal(await lift(specialist.http, tenant.id, first["id"])) == (404, "pair-not-found")
    assert (await pending(tenant))["id"] != one["id"]


async def test_the_list_says_who_said_so_when_and_why(tenant: Tenant, specialist: Reviewer) -> None:
    merge = await kept_apart(tenant, specialist)
    decision = (await tenant.merge(merge["id"]))["decisions"][0]

    (pair,) = await pairs(specialist.http, tenant.id)

    assert set(pair.pop("contacts")) == {merge["plan"]["survivor"], merge["plan"]["absorbed"]}
    assert pair.pop("since") >= decision["at"]
    assert pair.pop("id") > 0
    assert pair == {"by": "Tess Tester", "reason": "Father and son.", "mergeId": merge["id"]}


async def test_once_lifted_they_can_be_merged(tenant: Tenant, specialist: Reviewer) -> None:
    await kept_apart(tenant, specialist)
    (pair,) = await pairs(tenant.http, tenant.id)

    lifted = await lift(specialist.http, tenant.id, pair["id"])

    assert (lifted.status_code, lifted.content) == (204, b"")
    assert await pairs(tenant.http, tenant.id) == []
    waiting = await pending(tenant)
    assert (await specialist.approve(waiting)).json()["outcome"] == "merged"
    assert refusal(await lift(specialist.http, tenant.id, pair["id"])) == (404, "pair-not-found")


@pytest.mark.parametrize("role", [Role.REQUESTER, Role.AUDITOR, Role.ADMIN])
async def test_another_role_lifts_nothing(tenant: Tenant, specialist: Reviewer, people: Reviewers, role: Role) -> None:
    await kept_apart(tenant, specialist)
    (pair,) = await pairs(tenant.http, tenant.id)
    other = await people(role)
    assert refusal(await lift(other.http, tenant.id, pair["id"])) == (403, "scope-missing")
    assert await pairs(other.http, tenant.id) == [pair], "but they may see it"
    await refused(tenant)


async def test_a_service_lifts_nothing(tenant: Tenant, specialist: Reviewer) -> None:
    await kept_apart(tenant, specialist)
    (pair,) = await pairs(tenant.http, tenant.id)
    assert refusal(await lift(tenant.http, tenant.id, pair["id"])) == (403, "person-required")
    await refused(tenant)


async def test_pairs_of_another_database_are_out_of_reach(
    store: Store, tenant: Tenant, make_tenant: MakeTenant, specialist: Reviewer
) -> None:
    await kept_apart(tenant, specialist)
    (pair,) = await pairs(tenant.http, tenant.id)
    elsewhere = await make_tenant()
    await give_role(store, specialist.person_id, Role.SPECIALIST, elsewhere.id)
    assert refusal(await lift(specialist.http, elsewhere.id, pair["id"])) == (404, "pair-not-found")
    assert await pairs(specialist.http, elsewhere.id) == []
    assert await pairs(specialist.http, tenant.id) == [pair]
