"""Past the wait budget a decision answers 202: its run has it, and goes on."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from sqlalchemy import select

from api.gateway import Doing, Gateway
from store.engine import Store
from store.merges import read_merge
from store.tables import contacts
from tests.scenarios.approvals import (
    VALUE,
    A,
    Reviewer,
    asks,
    pending,
    refusal,
    two_contacts,
    when_done,
)
from tests.stack import Stack, free_port
from tests.tenant import Tenant, client

WAIT = 0.5
HELD = 1.5  # below lock_timeout: the merge waits for the row, and does not fail


@pytest.fixture(scope="module")
def impatient(stack: Stack) -> Iterator[str]:
    """The URL of an API process that waits a moment only."""
    port = free_port()
    with stack.api("impatient-for-decisions", {"ONEFOLD_PORT": str(port), "ONEFOLD_WAIT": str(WAIT)}):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
async def hasty(impatient: str, specialist: Reviewer) -> AsyncIterator[Reviewer]:
    """The specialist at that process."""
    bearer = str(specialist.http.headers["Authorization"]).removeprefix("Bearer ")
    async with client(impatient, bearer) as http:
        yield Reviewer(http, specialist.token)


@asynccontextmanager
async def row_held(store: Store, contact_id: int) -> AsyncIterator[None]:
    """Nobody else can change this contact meanwhile."""
    async with store.engine.begin() as connection:
        await connection.execute(select(contacts.c.id).where(contacts.c.id == contact_id).with_for_update())
        yield


@pytest.mark.parametrize(
    ("decision", "state", "outcome"), [("approve", "merging", "merged"), ("reject", "pending_approval", "rejected")]
)
async def test_a_decision_that_takes_longer_answers_202_and_is_carried_out_later(
    store: Store, tenant: Tenant, hasty: Reviewer, decision: str, state: str, outcome: str
) -> None:
    _, device = await two_contacts(tenant)
    await asks(tenant)
    waiting = await pending(tenant)

    async with row_held(store, device):
        answer = await hasty.decide(waiting["id"], waiting["plan"]["digest"], decision)
        meanwhile = await tenant.merge(waiting["id"])

    assert answer.status_code == 202, answer.text
    assert answer.json() == {"mergeId": waiting["id"], "decision": decision, "state": state, "outcome": None}
    assert meanwhile["state"] == "pending_approval", "it may still be refused"
    assert answer.headers["location"].endswith(f"/v1/merges/{waiting['id']}")
    assert "retry-after" in answer.headers
    done = await when_done(tenant, waiting["id"])
    assert (done["outcome"], [one["tookEffect"] for one in done["decisions"]]) == (outcome, [True])
    again = await hasty.decide(waiting["id"], waiting["plan"]["digest"], decision)
    assert refusal(again) == (409, "already-decided")


async def test_who_waits_longer_is_told_the_end(
    store: Store, tenant: Tenant, specialist: Reviewer, hasty: Reviewer
) -> None:
    _, device = await two_contacts(tenant)
    await asks(tenant)
    waiting = await pending(tenant)

    async with row_held(store, device):
        assert (await hasty.approve(waiting)).status_code == 202
        patient = asyncio.create_task(specialist.approve(waiting))
        await asyncio.sleep(HELD - WAIT)

    told = await patient
    assert refusal(told) == (409, "already-decided"), "the other decision was the one that took effect"
    done = await tenant.merge(waiting["id"])
    assert [one["tookEffect"] for one in done["decisions"]] == [True, False]


async def test_while_it_is_carried_out_another_request_for_the_device_waits_its_turn(
    store: Store, tenant: Tenant, hasty: Reviewer
) -> None:
    """It is not told that the first waits for a person, for that is over."""
    _, device = await two_contacts(tenant)
    await asks(tenant)
    waiting = await pending(tenant)

    async with row_held(store, device):
        assert (await hasty.approve(waiting)).status_code == 202
        other = asyncio.create_task(tenant.establish(A, "888485"))
        await asyncio.sleep(HELD - WAIT)

    answer = await other
    assert (answer.status_code, answer.json()["outcome"]) == (200, "reassigned")
    assert (await tenant.merge(waiting["id"]))["outcome"] == "merged"


async def test_what_is_under_way_without_a_person_waits_for_none(
    store: Store, tenant: Tenant, specialist: Reviewer, impatient: str
) -> None:
    _, device = await two_contacts(tenant)
    body = {"identity": {"name": "userId", "value": VALUE}}

    async with row_held(store, device):
        asked = await tenant.http.put(f"{impatient}{tenant.path(A)}", json=body)
        merge = await tenant.merge(asked.json()["mergeId"])
        refused = await specialist.approve(merge)
        withdrawn = await tenant.http.post(f"/v1/merges/{merge['id']}/withdrawal", json={})

    assert (asked.status_code, merge["state"]) == (202, "merging")
    assert refusal(refused) == refusal(withdrawn) == (409, "merge-not-pending")
    done = await when_done(tenant, merge["id"])
    assert (done["outcome"], done["decisions"]) == ("merged", [])


async def test_what_a_run_is_at_is_told_of_its_own_merge_alone(
    store: Store, tenant: Tenant, hasty: Reviewer, gateway: Gateway
) -> None:
    """The device's next request runs under the same workflow id."""
    _, device = await two_contacts(tenant)
    await asks(tenant)
    before = await pending(tenant)
    await tenant.http.post(f"/v1/merges/{before['id']}/withdrawal", json={})
    waiting = await pending(tenant)

    async with row_held(store, device):
        assert (await hasty.approve(waiting)).status_code == 202
        async with store.statements() as connection:
            rows = [await read_merge(connection, UUID(one["id"])) for one in (before, waiting)]
        assert [await gateway.doing(row) for row in rows] == [None, Doing("merge", 1)]

    await when_done(tenant, waiting["id"])
    assert await gateway.doing(rows[1]) is None
