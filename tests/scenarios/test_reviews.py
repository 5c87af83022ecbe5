"""What people do around a decision: claim, release, comment, find what waits."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import insert, text

from domain.roles import Role
from store import claims, reviews
from store.engine import Store
from store.people import demand_role, disable, give_role, take_role
from store.tables import merge_comments
from store.tokens import Scope
from tests.scenarios.approvals import VALUE, A, Reviewer, Reviewers, held_back, refusal
from tests.stack import Stack
from tests.tenant import MakeTenant, Tenant, client, token_for


async def claim(reviewer: Reviewer, merge_id: str) -> httpx.Response:
    return await reviewer.http.put(f"/v1/merges/{merge_id}/claim")


async def release(reviewer: Reviewer, merge_id: str) -> httpx.Response:
    return await reviewer.http.delete(f"/v1/merges/{merge_id}/claim")


async def comment(http: httpx.AsyncClient, merge_id: str, said: str) -> httpx.Response:
    return await http.post(f"/v1/merges/{merge_id}/comments", json={"text": said})


async def listed(http: httpx.AsyncClient, **filters: Any) -> list[str]:
    answer = await http.get("/v1/merges", params=filters)
    assert answer.status_code == 200, answer.text
    return [merge["id"] for merge in answer.json()["merges"]]


async def test_a_claim_is_seen_kept_and_given_up(tenant: Tenant, people: Reviewers, specialist: Reviewer) -> None:
    waiting, other = await held_back(tenant), await people()
    assert waiting["claimedBy"] is None

    for _ in range(2):
        claimed = await claim(specialist, waiting["id"])
        assert (claimed.status_code, claimed.json()["claimedBy"]) == (200, specialist.person_id)
    assert refusal(await claim(other, waiting["id"])) == (409, "merge-claimed")
    assert (await release(other, waiting["id"])).json()["claimedBy"] == specialist.person_id
    assert (await release(specialist, waiting["id"])).json()["claimedBy"] is None
    assert (await claim(other, waiting["id"])).json()["claimedBy"] == other.person_id


async def test_a_claim_keeps_nobody_from_deciding(tenant: Tenant, people: Reviewers, specialist: Reviewer) -> None:
    waiting, other = await held_back(tenant), await people()
    assert (await claim(other, waiting["id"])).status_code == 200

    assert (await specialist.approve(waiting)).json()["outcome"] == "merged"

    assert refusal(await claim(other, waiting["id"])) == (409, "merge-not-pending")


ENDS: dict[str, Callable[[Store, int, int], Awaitable[object]]] = {
    "role taken": lambda store, person_id, here: take_role(store, person_id, Role.SPECIALIST, here),
    "person disabled": lambda store, person_id, _: disable(store, person_id),
}


@pytest.mark.parametrize("end", ENDS)
async def test_a_claim_ends_with_what_it_was_made_by(
    store: Store, tenant: Tenant, people: Reviewers, specialist: Reviewer, end: str
) -> None:
    waiting, other = await held_back(tenant), await people()
    await claim(specialist, waiting["id"])

    await ENDS[end](store, specialist.person_id, tenant.id)

    assert await listed(other.http, claimedBy="nobody") == [waiting["id"]]
    assert (await other.merge(waiting["id"]))["claimedBy"] is None


@pytest.mark.parametrize("end", ENDS)
async def test_it_ends_after_what_is_under_way_on_a_decision(
    stack: Stack, store: Store, tenant: Tenant, specialist: Reviewer, end: str
) -> None:
    """Which holds the merge, and then the role: never the other way round."""
    waiting = await held_back(tenant)
    await claim(specialist, waiting["id"])
    before = stack.deadlocks

    async with store.transaction() as connection:
        await claims.claim(connection, UUID(waiting["id"]), 1)
        ending = asyncio.ensure_future(ENDS[end](store, specialist.person_id, tenant.id))
        await asyncio.sleep(0.3)
        await demand_role(connection, specialist.person_id, tenant.id, Role.SPECIALIST)
        await connection.rollback()
    await ending

    assert stack.deadlocks == before


async def test_a_claim_stays_that_another_role_covers(
    store: Store, tenant: Tenant, make_tenant: MakeTenant, specialist: Reviewer, people: Reviewers
) -> None:
    elsewhere = await make_tenant()
    here, there = await held_back(tenant), await held_back(elsewhere)
    await give_role(store, specialist.person_id, Role.SPECIALIST, None)
    other = await people()
    for waiting in (here, there):
        assert (await claim(specialist, waiting["id"])).status_code == 200

    await take_role(store, specialist.person_id, Role.SPECIALIST, tenant.id)
    await take_role(store, specialist.person_id, Role.ADMIN, None)
    await take_role(store, other.person_id, Role.SPECIALIST, tenant.id)
    assert [(await specialist.merge(one["id"]))["claimedBy"] for one in (here, there)] == [specialist.person_id] * 2

    await give_role(store, specialist.person_id, Role.SPECIALIST, elsewhere.id)
    await take_role(store, specialist.person_id, Role.SPECIALIST, None)
    assert (await tenant.merge(here["id"]))["claimedBy"] is None
    assert (await elsewhere.merge(there["id"]))["claimedBy"] == specialist.person_id


async def test_whoever_claimed_and_then_asked_for_it_themselves_keeps_nobody_off(
    stack: Stack, store: Store, tenant: Tenant, people: Reviewers, specialist: Reviewer
) -> None:
    waiting, other = await held_back(tenant), await people()
    await claim(specialist, waiting["id"])
    async with client(
        stack.url, await token_for(store, [tenant.id], [Scope.MERGES_REQUEST], specialist.person_id)
    ) as http:
        assert (await Tenant(tenant.id, http).establish(A, VALUE)).json()["mergeId"] == waiting["id"]

    assert (await claim(other, waiting["id"])).json()["claimedBy"] == other.person_id


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SPECIALIST])
async def test_only_who_may_decide_claims(tenant: Tenant, people: Reviewers, role: Role) -> None:
    waiting, other = await held_back(tenant), await people(role)

    for answer in (await claim(other, waiting["id"]), await release(other, waiting["id"])):
        assert refusal(answer) == (403, "scope-missing")
    for method in ("PUT", "DELETE"):
        refused = await tenant.http.request(method, f"/v1/merges/{waiting['id']}/claim")
        assert refusal(refused) == (403, "person-required")

    assert (await tenant.merge(waiting["id"]))["claimedBy"] is None


async def test_comments_are_kept_in_their_order(tenant: Tenant, people: Reviewers, specialist: Reviewer) -> None:
    waiting, auditor = await held_back(tenant), await people(Role.AUDITOR)

    first = await comment(specialist.http, waiting["id"], "Same street, other first name.")
    await specialist.reject(waiting)
    second = await comment(auditor.http, waiting["id"], "Agreed.\nLooked at it again.")

    assert (first.status_code, second.status_code) == (201, 201)
    comments = (await tenant.merge(waiting["id"]))["comments"]
    assert [one["text"] for one in comments] == ["Same street, other first name.", "Agreed.\nLooked at it again."]
    assert {one["by"] for one in comments} == {"Tess Tester"}


async def test_the_same_words_at_once_are_one_comment(store: Store, tenant: Tenant, specialist: Reviewer) -> None:
    """Two clicks: the second is not looked at before the first is stored."""
    waiting = UUID((await held_back(tenant))["id"])
    async with store.transaction() as first:
        await first.execute(text("SELECT FROM people WHERE id = :id FOR NO KEY UPDATE"), {"id": specialist.person_id})
        said = {"merge_id": waiting, "person_id": specialist.person_id, "text": "Agreed."}
        await first.execute(insert(merge_comments).values(said))
        second = asyncio.create_task(
            reviews.comment(store, waiting, specialist.person_id, specialist.token.id, "Agreed.")
        )
        await asyncio.sleep(0.5)
        assert not second.done()
    await second
    assert [one["text"] for one in (await tenant.merge(str(waiting)))["comments"]] == ["Agreed."]


@pytest.mark.parametrize("said", ["", "a" * 4001, " \n ", "\u200b"])
async def test_what_is_no_comment_is_refused(tenant: Tenant, specialist: Reviewer, said: str) -> None:
    waiting = await held_back(tenant)

    assert (await comment(specialist.http, waiting["id"], said)).status_code == 422

    assert (await tenant.merge(waiting["id"]))["comments"] == []


async def test_a_service_does_not_comment(tenant: Tenant) -> None:
    waiting = await held_back(tenant)
    assert refusal(await comment(tenant.http, waiting["id"], "Beep.")) == (403, "person-required")
    assert (await tenant.merge(waiting["id"]))["comments"] == []


async def test_a_comment_does_not_make_the_plan_stale(tenant: Tenant, specialist: Reviewer) -> None:
    waiting = await held_back(tenant)
    await comment(specialist.http, waiting["id"], "Fine.")
    assert (await specialist.approve(waiting)).status_code == 200


async def test_the_list_shows_what_waits_and_whose_it_is(
    tenant: Tenant, make_tenant: MakeTenant, people: Reviewers, specialist: Reviewer
) -> None:
    first = await held_back(tenant)
    await tenant.register("muidC|channelC", custom={"Alias Id": "A-3"})
    await tenant.register("muidD|channelD")
    second = (await tenant.establish("muidD|channelD", "A-3", "Alias Id")).json()["mergeId"]
    elsewhere = await held_back(await make_tenant())
    other = await people()
    await claim(specialist, first["id"])

    async def found(reviewer: Reviewer, filters: Mapping[str, Any]) -> list[str]:
        return await listed(reviewer.http, **filters)

    waiting = {"state": "pending_approval"}
    assert await found(specialist, waiting) == [second, first["id"]], "newest first, and no other database's"
    assert await found(specialist, {**waiting, "claimedBy": "me"}) == [first["id"]]
    assert await found(specialist, {**waiting, "claimedBy": "nobody"}) == [second]
    assert await found(other, {**waiting, "claimedBy": "me"}) == []
    assert await found(specialist, {"databaseId": tenant.id, "state": "done"}) == []
    assert elsewhere["id"] not in await found(specialist, {})
    assert await listed(tenant.http, claimedBy="me") == [], "a service claims nothing"

    assert (await specialist.approve(first)).status_code == 200
    assert await found(specialist, waiting) == [second]
    assert await found(specialist, {"outcome": "merged"}) == [first["id"]]
    assert await found(specialist, {"outcome": "rejected"}) == []


async def test_the_list_goes_on_in_pages(tenant: Tenant, specialist: Reviewer) -> None:
    waiting = await held_back(tenant)
    await specialist.reject(waiting)
    again = (await tenant.establish(A, VALUE)).json()["mergeId"]

    first = (await specialist.http.get("/v1/merges", params={"limit": 1})).json()
    second = (await specialist.http.get("/v1/merges", params={"limit": 1, "after": first["next"]})).json()

    assert [one["id"] for page in (first, second) for one in page["merges"]] == [again, waiting["id"]]
    assert second["next"] is None


@pytest.mark.parametrize("filters", [{"claimedBy": "7"}, {"state": "open"}, {"outcome": "lost"}])
async def test_an_unknown_filter_value_is_refused(specialist: Reviewer, filters: dict[str, str]) -> None:
    assert (await specialist.http.get("/v1/merges", params=filters)).status_code == 422
