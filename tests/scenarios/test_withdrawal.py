"""Who asked may take it back, and nobody else; who asks the same joins, who asks another thing is told what is open."""

import asyncio

import pytest

from api.gateway import DecisionRefused, Gateway
from domain.decision import Kind
from domain.roles import Role
from store.engine import Store
from store.tokens import Scope
from tests.scenarios.approvals import (
    VALUE,
    A,
    Reviewer,
    Reviewers,
    asks,
    brought,
    execute,
    held_back,
    pending,
    refusal,
    two_contacts,
)
from tests.stack import Stack
from tests.tenant import Tenant, client, token_for

EMAIL = "robin.{id}@people.example"


async def withdraw(http: Reviewer | Tenant, merge_id: str, reason: str | None = None) -> tuple[int, str]:
    """The status, and the refusal's code or the outcome."""
    answer = await http.http.post(f"/v1/merges/{merge_id}/withdrawal", json={"reason": reason} if reason else {})
    told = answer.json()
    return answer.status_code, told.get("code") or told.get("outcome")


async def test_a_service_withdraws_what_it_asked_for(tenant: Tenant, specialist: Reviewer) -> None:
    lookup, device = await two_contacts(tenant)
    before = [await tenant.contact(one) for one in (lookup, device)]
    await asks(tenant)
    waiting = await pending(tenant)

    assert await withdraw(tenant, waiting["id"], "Sent by mistake.") == (200, "withdrawn")

    assert [await tenant.contact(one) for one in (lookup, device)] == before
    done = await tenant.merge(waiting["id"])
    (decision,) = done["decisions"]
    assert (done["state"], done["outcome"]) == ("done", "withdrawn")
    assert (decision["decision"], decision["reason"], decision["tookEffect"]) == ("withdraw", "Sent by mistake.", True)
    assert decision["by"] == {"person": None, "token": tenant.http.headers["Authorization"].split("_")[1]}
    refused = await specialist.approve(waiting)
    assert refusal(refused) == (409, "already-decided")
    assert "requester" in refused.json()["detail"]
    assert (await pending(tenant))["id"] != waiting["id"], "asked for again, it is a new request"


async def test_a_person_withdraws_with_another_token_of_theirs(tenant: Tenant, people: Reviewers) -> None:
    email = EMAIL.format(id=tenant.id)
    asker, same_person = await people(Role.REQUESTER, email), await people(Role.REQUESTER, email)
    await two_contacts(tenant)
    await asks(tenant)
    waiting = await pending(Tenant(tenant.id, asker.http))

    assert await withdraw(same_person, waiting["id"]) == (200, "withdrawn")

    (decision,) = (await tenant.merge(waiting["id"]))["decisions"]
    assert decision["by"] == {"person": "Tess Tester", "token": same_person.token.id}


async def test_nobody_else_withdraws_it(stack: Stack, store: Store, tenant: Tenant, people: Reviewers) -> None:
    waiting = await held_back(tenant)
    another = (await people(Role.REQUESTER)).person_id
    async with client(stack.url, await token_for(store, None, [Scope.ADMIN], another)) as http:
        others: list[Reviewer | Tenant] = [*[await people(role) for role in Role], Tenant(tenant.id, http)]
        for other in others:
            assert await withdraw(other, waiting["id"]) == (403, "not-requester")
    now = await tenant.merge(waiting["id"])
    assert (now["state"], now["decisions"]) == ("pending_approval", [])


async def test_who_joined_cannot_end_it_for_the_others(tenant: Tenant, people: Reviewers) -> None:
    waiting = await held_back(tenant)
    joiner = await people(Role.REQUESTER)
    assert (await Tenant(tenant.id, joiner.http).establish(A, VALUE)).json()["mergeId"] == waiting["id"]

    assert await withdraw(joiner, waiting["id"]) == (403, "not-requester")

    assert (await tenant.merge(waiting["id"]))["state"] == "pending_approval"
    assert await withdraw(tenant, waiting["id"]) == (200, "withdrawn")


@pytest.mark.parametrize("ended", ["approve", "reject", "withdraw"])
async def test_what_has_ended_cannot_be_withdrawn(tenant: Tenant, specialist: Reviewer, ended: str) -> None:
    waiting = await held_back(tenant)
    if ended == "withdraw":
        await withdraw(tenant, waiting["id"])
    else:
        await specialist.decide(waiting["id"], waiting["plan"]["digest"], ended)

    assert await withdraw(tenant, waiting["id"]) == (409, "already-decided")


async def test_a_withdrawal_that_is_not_the_requesters_has_no_effect_when_it_comes_to_the_run(
    store: Store, tenant: Tenant, people: Reviewers, gateway: Gateway
) -> None:
    """As if the row had been written by somebody who can write to PostgreSQL's table alone."""
    email = EMAIL.format(id=tenant.id)
    asker, other = await people(Role.REQUESTER, email), await people(Role.REQUESTER)
    await two_contacts(tenant)
    await asks(tenant)
    waiting = await pending(Tenant(tenant.id, asker.http))
    stored = await asker.store_decision(store, waiting, Kind.WITHDRAW)
    await execute_as(store, stored.decision_id, other)

    with pytest.raises(DecisionRefused) as refused:
        await brought(gateway, store, waiting, stored)

    assert refused.value.code == "not-requester"
    assert (await tenant.merge(waiting["id"]))["state"] == "pending_approval"
    await execute_as(store, stored.decision_id, asker)


async def execute_as(store: Store, decision_id: str, other: Reviewer) -> None:
    statement = "UPDATE decisions SET token_id = :token, person_id = :person WHERE id = :id"
    await execute(store, statement, token=other.token.id, person=other.person_id, id=decision_id)


async def test_an_equal_request_joins_the_open_one(tenant: Tenant, specialist: Reviewer, people: Reviewers) -> None:
    waiting = await held_back(tenant)
    other = Tenant(tenant.id, (await people(Role.REQUESTER)).http)

    again = await asyncio.gather(*(one.establish(A, VALUE) for one in (tenant, other) * 10))
    twin = await other.http.post("/v1/merges", json=tenant.specification(A, VALUE))

    assert {answer.status_code for answer in (*again, twin)} == {202}
    assert {answer.json()["mergeId"] for answer in (*again, twin)} == {waiting["id"]}
    assert {answer.json()["state"] for answer in (*again, twin)} == {"pending_approval"}
    assert twin.headers["location"].endswith(f"/v1/merges/{waiting['id']}")
    listed = (await tenant.http.get("/v1/merges", params={"databaseId": tenant.id})).json()["merges"]
    assert [merge["id"] for merge in listed] == [waiting["id"]]
    assert (await specialist.approve(waiting)).json()["outcome"] == "merged"


async def test_another_request_for_the_device_is_told_of_the_open_one(tenant: Tenant, specialist: Reviewer) -> None:
    waiting = await held_back(tenant)

    others = [
        await tenant.establish(A, "888485"),
        await tenant.establish(A, VALUE, "Alias Id"),
        await tenant.establish(A, VALUE, mergeEvents=False),
        await tenant.http.post("/v1/merges", json=tenant.specification(A, "888485")),
    ]

    for answer in others:
        assert refusal(answer) == (409, "merge-pending")
        assert answer.json()["mergeId"] == waiting["id"]
    assert (await specialist.reject(waiting)).status_code == 200
    assert (await tenant.established(A, "888485"))["outcome"] == "assigned", "its turn has come"


async def test_another_device_has_requests_of_its_own(tenant: Tenant) -> None:
    waiting = await held_back(tenant)
    await tenant.register("muidC|channelC")

    other = await pending(tenant, "muidC|channelC")

    assert other["id"] != waiting["id"]
