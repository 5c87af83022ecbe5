"""A person with the role, never a service, and nobody on a request of their own."""

import pytest

from domain.roles import Role
from store import people as all_people
from store.engine import Store
from store.tokens import Scope
from tests.scenarios.approvals import VALUE, A, Reviewers, held_back, pending, refusal, two_contacts
from tests.scenarios.approvals import asks as has_it_ask
from tests.stack import Stack
from tests.tenant import MakeTenant, Tenant, client, person_token, token_for

DECISIONS = ("approve", "reject")
EMAIL = "robin.{id}@people.example"


async def waits_still(tenant: Tenant, merge_id: str) -> None:
    """Nothing was decided, and nothing stored."""
    now = await tenant.merge(merge_id)
    assert (now["state"], now["decisions"]) == ("pending_approval", [])


async def test_a_service_cannot_decide_whatever_it_may(stack: Stack, store: Store, tenant: Tenant) -> None:
    waiting = await held_back(tenant)
    every: list[Scope] = [scope for scope in Scope if scope is not Scope.MERGES_DECIDE]
    robin = await all_people.find(store, await added(store, tenant, Role.SPECIALIST))
    headers = {"If-Match": f'"{waiting["plan"]["digest"]}"'}

    for bearer in (
        await token_for(store, None, [Scope.ADMIN]),
        await token_for(store, [tenant.id], every),
        await token_for(store, None, [Scope.ADMIN], robin.id),
    ):
        async with client(stack.url, bearer) as http:
            for body in ({"decision": "approve"}, {"decision": "reject", "reason": "No."}):
                path = f"/v1/merges/{waiting['id']}/decision"
                assert refusal(await http.post(path, json=body, headers=headers)) == (403, "person-required")
                assert refusal(await http.post(path, json=body)) == (403, "person-required")

    await waits_still(tenant, waiting["id"])


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SPECIALIST])
async def test_another_role_is_not_enough(tenant: Tenant, people: Reviewers, role: Role) -> None:
    waiting = await held_back(tenant)
    other = await people(role)

    for decision in DECISIONS:
        refused = await other.decide(waiting["id"], waiting["plan"]["digest"], decision)
        assert refusal(refused) == (403, "role-missing")

    await waits_still(tenant, waiting["id"])


async def test_a_specialist_of_another_database_with_a_lesser_role_here_cannot(
    store: Store, tenant: Tenant, people: Reviewers, make_tenant: MakeTenant
) -> None:
    waiting = await held_back(tenant)
    elsewhere = await make_tenant()
    email = EMAIL.format(id=tenant.id)
    await person_token(store, [elsewhere.id], Role.SPECIALIST, email)
    auditor = await people(Role.AUDITOR, email)

    assert refusal(await auditor.approve(waiting)) == (403, "role-missing")

    await waits_still(tenant, waiting["id"])


async def test_a_specialist_of_every_database_can(tenant: Tenant, people: Reviewers, store: Store) -> None:
    waiting = await held_back(tenant)
    email = EMAIL.format(id=tenant.id)
    reviewer = await people(Role.AUDITOR, email)
    await all_people.give_role(store, reviewer.person_id, Role.SPECIALIST, None)

    assert (await reviewer.approve(waiting)).status_code == 200


async def test_nobody_decides_on_their_own_request(stack: Stack, tenant: Tenant, people: Reviewers) -> None:
    """Neither with the token that it was made with, nor with another of theirs."""
    email = EMAIL.format(id=tenant.id)
    asker, same_person = await people(Role.REQUESTER, email), await people(Role.SPECIALIST, email)
    assert asker.person_id == same_person.person_id
    await two_contacts(tenant)
    await has_it_ask(tenant)
    waiting = await pending(Tenant(tenant.id, asker.http))

    for one in (asker, same_person):
        for decision in DECISIONS:
            refused = await one.decide(waiting["id"], waiting["plan"]["digest"], decision)
            assert refusal(refused) == (403, "own-request")

    await waits_still(tenant, waiting["id"])
    assert (await (await people()).approve(waiting)).status_code == 200


async def test_nobody_decides_on_the_request_of_a_service_that_they_answer_for(
    stack: Stack, store: Store, tenant: Tenant, people: Reviewers
) -> None:
    reviewer = await people()
    bearer = await token_for(store, [tenant.id], [Scope.MERGES_REQUEST, Scope.MERGES_READ], reviewer.person_id)
    await two_contacts(tenant)
    await has_it_ask(tenant)
    async with client(stack.url, bearer) as http:
        waiting = await pending(Tenant(tenant.id, http))

    for decision in DECISIONS:
        refused = await reviewer.decide(waiting["id"], waiting["plan"]["digest"], decision)
        assert refusal(refused) == (403, "own-request")

    await waits_still(tenant, waiting["id"])


@pytest.mark.parametrize("by", ["themselves", "a service of theirs"])
async def test_who_joined_an_open_request_cannot_decide_on_it(
    stack: Stack, store: Store, tenant: Tenant, people: Reviewers, by: str
) -> None:
    waiting = await held_back(tenant)
    email = EMAIL.format(id=tenant.id)
    reviewer = await people(Role.SPECIALIST, email)
    if by == "themselves":
        bearer = await person_token(store, [tenant.id], Role.REQUESTER, email)
    else:
        bearer = await token_for(store, [tenant.id], [Scope.MERGES_REQUEST], reviewer.person_id)
    async with client(stack.url, bearer) as http:
        joined = await Tenant(tenant.id, http).establish(A, VALUE)
    assert (joined.status_code, joined.json()["mergeId"]) == (202, waiting["id"])

    for decision in DECISIONS:
        refused = await reviewer.decide(waiting["id"], waiting["plan"]["digest"], decision)
        assert refusal(refused) == (403, "own-request")

    await waits_still(tenant, waiting["id"])
    assert (await (await people()).approve(waiting)).status_code == 200


async def test_who_asked_for_another_merge_can_decide_on_this_one(
    tenant: Tenant, people: Reviewers, store: Store
) -> None:
    waiting = await held_back(tenant)
    email = EMAIL.format(id=tenant.id)
    reviewer, asker = await people(Role.SPECIALIST, email), await people(Role.REQUESTER, email)
    await tenant.register("muidC|channelC")
    assert (await Tenant(tenant.id, asker.http).established("muidC|channelC", "other"))["outcome"] == "assigned"

    assert (await reviewer.approve(waiting)).status_code == 200


async def test_a_disabled_person_is_refused(tenant: Tenant, people: Reviewers, store: Store) -> None:
    waiting = await held_back(tenant)
    reviewer = await people()
    await all_people.disable(store, reviewer.person_id)

    for decision in DECISIONS:
        refused = await reviewer.decide(waiting["id"], waiting["plan"]["digest"], decision)
        assert refusal(refused) == (401, "unauthenticated")

    await waits_still(tenant, waiting["id"])
    await all_people.enable(store, reviewer.person_id)
    assert (await reviewer.approve(waiting)).status_code == 200


async def test_who_lost_the_role_is_refused_at_the_next_call(tenant: Tenant, people: Reviewers, store: Store) -> None:
    waiting = await held_back(tenant)
    email = EMAIL.format(id=tenant.id)
    reviewer = await people(Role.SPECIALIST, email)
    await people(Role.AUDITOR, email)
    assert await all_people.take_role(store, reviewer.person_id, Role.SPECIALIST, tenant.id)

    assert refusal(await reviewer.approve(waiting)) == (403, "role-missing")

    await waits_still(tenant, waiting["id"])


async def added(store: Store, tenant: Tenant, role: Role) -> str:
    """The address of a new person with the role."""
    email = EMAIL.format(id=tenant.id)
    await person_token(store, [tenant.id], role, email)
    return email


async def test_without_a_token_nobody_does_anything(stack: Stack, tenant: Tenant) -> None:
    waiting = await held_back(tenant)
    path = f"/v1/merges/{waiting['id']}"

    async with client(stack.url, None) as http:
        answers = [
            await http.post(f"{path}/decision", json={"decision": "approve"}),
            await http.post(f"{path}/withdrawal", json={}),
            await http.put(f"{path}/claim"),
            await http.delete(f"{path}/claim"),
            await http.post(f"{path}/comments", json={"text": "Hello"}),
        ]

    assert [refusal(answer) for answer in answers] == [(401, "unauthenticated")] * 5
    await waits_still(tenant, waiting["id"])
