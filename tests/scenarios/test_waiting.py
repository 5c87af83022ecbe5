"""The gateway waits at most ONEFOLD_WAIT: then a request answers 202 with its Location, and goes on."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import select, text

from domain.roles import Role
from store.engine import Store
from store.tables import contacts
from tests.scenarios.approvals import Reviewers, asks, refusal, two_contacts
from tests.stack import Stack, free_port
from tests.tenant import Tenant

A = "muidA|channelA"
WAIT = 1.0
HELD = 1.5  # below lock_timeout: the merge waits for the row, and does not fail


@pytest.fixture(scope="module")
def impatient(stack: Stack) -> Iterator[str]:
    """The URL of an API process that waits a moment only."""
    port = free_port()
    with stack.api("impatient", {"ONEFOLD_PORT": str(port), "ONEFOLD_WAIT": str(WAIT)}):
        yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def row_held(store: Store, contact_id: int) -> AsyncIterator[None]:
    """Nobody else can change this contact meanwhile."""
    async with store.engine.begin() as connection:
        await connection.execute(select(contacts.c.id).where(contacts.c.id == contact_id).with_for_update())
        yield


@asynccontextmanager
async def no_new_merges(store: Store) -> AsyncIterator[None]:
    """No merge can be stored meanwhile; all can be read and locked."""
    async with store.engine.begin() as connection:
        await connection.execute(text("LOCK TABLE merges IN SHARE MODE"))
        yield


async def put(tenant: Tenant, url: str, value: str = "777374") -> httpx.Response:
    return await tenant.http.put(f"{url}{tenant.path(A)}", json={"identity": {"name": "userId", "value": value}})


async def listed_merges(tenant: Tenant) -> list[dict[str, Any]]:
    return list((await tenant.http.get("/v1/merges", params={"databaseId": tenant.id})).json()["merges"])


async def until_asked(tenant: Tenant, merge_id: str) -> dict[str, Any]:
    """The merge as it waits for a person."""
    async with asyncio.timeout(30):
        while (merge := await tenant.merge(merge_id))["state"] != "pending_approval":  # noqa: ASYNC110 - in the worker
            await asyncio.sleep(0.1)
    return merge


async def until_done(tenant: Tenant, location: str) -> dict[str, Any]:
    for _ in range(300):
        merge = dict((await tenant.http.get(location)).json())
        if merge["state"] == "done":
            return merge
        await asyncio.sleep(0.1)
    raise AssertionError(f"still {merge['state']} after half a minute")


async def test_a_request_that_takes_longer_answers_202_and_is_done_later(
    tenant: Tenant, store: Store, impatient: str
) -> None:
    lookup = await tenant.create(custom={"userId": "777374"})
    device = await tenant.register(A)

    async with row_held(store, device):
        answer = await put(tenant, impatient)
        told = answer.json()
        meanwhile = await tenant.merge(told["mergeId"])

    assert answer.status_code == 202
    assert (told["state"], told["outcome"]) == ("merging", None)
    assert answer.headers["location"] == f"{impatient}/v1/merges/{told['mergeId']}"
    assert "retry-after" in answer.headers
    assert (meanwhile["state"], meanwhile["outcome"], meanwhile["receipt"]) == ("merging", None, None)
    assert meanwhile["plan"]["outcome"] == "merged", "its plan shows while it is being executed"
    merge = await until_done(tenant, answer.headers["location"])
    assert (merge["outcome"], merge["winnerRecipientId"], merge["plan"]["absorbed"]) == ("merged", device, lookup)
    again = await tenant.established(A, "777374")
    # The merge's row may show its end before its run has closed: who comes in between joins that run.
    assert again["outcome"] == ("merged" if again["mergeId"] == told["mergeId"] else "unchanged")


async def test_a_request_that_is_open_is_listed_as_merging(tenant: Tenant, store: Store, impatient: str) -> None:
    device = await tenant.register(A)

    async with row_held(store, device):
        told = (await put(tenant, impatient)).json()
        listed = await tenant.http.get("/v1/merges", params={"databaseId": tenant.id, "state": "merging"})

    assert [merge["id"] for merge in listed.json()["merges"]] == [told["mergeId"]]
    await until_done(tenant, f"/v1/merges/{told['mergeId']}")


async def test_who_asks_again_meanwhile_gets_the_same_merge(tenant: Tenant, store: Store, impatient: str) -> None:
    device = await tenant.register(A)

    async with row_held(store, device):
        first = (await put(tenant, impatient)).json()
        again = asyncio.create_task(put(tenant, str(tenant.http.base_url)))
        await asyncio.sleep(HELD - WAIT)

    told = (await again).json()
    assert (told["mergeId"], told["outcome"]) == (first["mergeId"], "assigned")


async def test_the_twin_answers_202_too(tenant: Tenant, store: Store, impatient: str) -> None:
    device = await tenant.register(A)

    async with row_held(store, device):
        answer = await tenant.http.post(f"{impatient}/v1/merges", json=tenant.specification(A, "777374"))

    assert answer.status_code == 202
    assert (await until_done(tenant, answer.headers["location"]))["outcome"] == "assigned"


async def test_a_merge_is_found_before_anything_of_it_is_stored(tenant: Tenant, store: Store, impatient: str) -> None:
    await tenant.register(A)

    async with no_new_merges(store):
        answer = await put(tenant, impatient)
        location = answer.headers["location"]
        early = await tenant.http.get(location)

    assert answer.status_code == 202
    assert early.json() == {
        "id": answer.json()["mergeId"],
        "databaseId": tenant.id,
        "state": "preparing",
        "outcome": None,
    }
    assert (await until_done(tenant, location))["outcome"] == "assigned"


async def test_who_joins_before_anything_is_stored_has_asked_for_it_too(
    tenant: Tenant, store: Store, impatient: str, people: Reviewers
) -> None:
    email = f"early.{tenant.id}@people.example"
    asker, reviewer = await people(Role.REQUESTER, email), await people(Role.SPECIALIST, email)
    await two_contacts(tenant)
    await asks(tenant)

    async with no_new_merges(store):
        first = (await put(tenant, impatient)).json()
        joined = await asyncio.gather(put(Tenant(tenant.id, asker.http), impatient), put(tenant, impatient))
        assert (first["state"], first["outcome"]) == ("preparing", None)
        assert [(one.status_code, one.json()) for one in joined] == [(202, first)] * 2

    waiting = await until_asked(tenant, first["mergeId"])
    assert refusal(await reviewer.approve(waiting)) == (403, "own-request")
    assert (await (await people()).approve(waiting)).json()["outcome"] == "merged"


async def test_another_request_that_came_before_the_plan_was_shown_is_told_of_it_then(
    tenant: Tenant, store: Store
) -> None:
    _, device = await two_contacts(tenant)
    await asks(tenant)
    api = str(tenant.http.base_url)

    async with asyncio.timeout(30), row_held(store, device):
        first = asyncio.create_task(put(tenant, api))
        while not (listed := await listed_merges(tenant)):  # noqa: ASYNC110 - the worker stores it
            await asyncio.sleep(0.02)
        assert [merge["state"] for merge in listed] == ["preparing"]
        other = asyncio.create_task(put(tenant, api, "888485"))
        await asyncio.sleep(0.5)
    async with asyncio.timeout(20):
        answers = await asyncio.gather(first, other)

    assert answers[0].status_code == 202
    assert refusal(answers[1]) == (409, "merge-pending")
