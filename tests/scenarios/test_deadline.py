"""Nobody decides in time: the request expires, and is never approved. Reviewers are reminded before."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from domain.times import parse_time
from store.engine import Store
from tests.scenarios.approvals import VALUE, A, Reviewer, asks, pending, refusal, two_contacts, when_done
from tests.stack import Stack, free_port
from tests.tenant import Tenant, client

_NOTICES = text("SELECT kind, channel, person_id, created FROM outbox WHERE merge_id = :id ORDER BY created")


@pytest.fixture(scope="module")
def noticing(stack: Stack) -> Iterator[str]:
    """The URL of an API process whose worker posts notices, to nobody: what is looked at is what is to be sent."""
    port = free_port()
    env = {
        "ONEFOLD_TASK_QUEUE": "noticing",
        "ONEFOLD_PORT": str(port),
        "ONEFOLD_WEBHOOK_URL": f"http://127.0.0.1:{free_port()}",
        "ONEFOLD_WEBHOOK_SECRET": "whsec_" + "a" * 32,
    }
    with ExitStack() as held:
        held.enter_context(stack.worker("noticing-worker", env))
        held.enter_context(stack.api("noticing", env))
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
async def noticed(noticing: str, tenant: Tenant) -> AsyncIterator[Tenant]:
    """The tenant at that process."""
    async with client(noticing, str(tenant.http.headers["Authorization"]).removeprefix("Bearer ")) as http:
        yield replace(tenant, http=http)


async def notices(store: Store, merge_id: str) -> list[Any]:
    async with store.transaction() as connection:
        return list(await connection.execute(_NOTICES, {"id": merge_id}))


async def test_what_nobody_decides_expires_and_changes_nothing(tenant: Tenant, specialist: Reviewer) -> None:
    lookup, device = await two_contacts(tenant)
    await asks(tenant, deadlineSeconds=1)
    before = [await tenant.contact(one) for one in (lookup, device)]

    waiting = await pending(tenant)
    done = await when_done(tenant, waiting["id"])

    assert (done["outcome"], done["decisions"]) == ("expired", [])
    assert done["receipt"] is not None
    assert parse_time(waiting["deadline"]) <= parse_time(done["settled"])
    assert parse_time(done["settled"]) < parse_time(waiting["deadline"]) + timedelta(seconds=5)
    assert [await tenant.contact(one) for one in (lookup, device)] == before
    for decision in ("approve", "reject"):
        refused = await specialist.decide(waiting["id"], waiting["plan"]["digest"], decision)
        assert refusal(refused) == (409, "already-decided")
        assert "expired" in refused.json()["detail"]
        assert not {"by", "decision", "at"} & refused.json().keys(), "nobody decided"


async def asked_again(tenant: Tenant, expired: str) -> dict[str, Any]:
    """The merge's row may show its end before its run has closed: who comes in between is told of that end."""
    while (answer := await tenant.establish(A, VALUE)).status_code == 409:
        assert (answer.json()["code"], answer.json()["mergeId"]) == ("merge-expired", expired)
    assert (answer.status_code, answer.json()["state"]) == (202, "pending_approval"), answer.text
    assert answer.json()["mergeId"] != expired
    return await tenant.merge(answer.json()["mergeId"])


async def test_what_has_expired_may_be_asked_for_again(tenant: Tenant) -> None:
    await two_contacts(tenant)
    await asks(tenant, deadlineSeconds=1)
    waiting = await pending(tenant)
    await when_done(tenant, waiting["id"])

    again = await asked_again(tenant, waiting["id"])

    assert (await when_done(tenant, again["id"]))["outcome"] == "expired"


async def test_a_decision_in_time_ends_it_before(tenant: Tenant, specialist: Reviewer) -> None:
    await two_contacts(tenant)
    await asks(tenant, deadlineSeconds=2)
    waiting = await pending(tenant)

    assert (await specialist.approve(waiting)).json()["outcome"] == "merged"

    await asyncio.sleep(2)
    assert (await tenant.merge(waiting["id"]))["outcome"] == "merged"


@pytest.mark.slow
async def test_reviewers_are_told_at_once_and_reminded_at_their_percent(store: Store, noticed: Tenant) -> None:
    await two_contacts(noticed)
    await asks(noticed, deadlineSeconds=4, reminderPercent=50)

    waiting = await pending(noticed)
    done = await when_done(noticed, waiting["id"])

    told, reminded = await notices(store, waiting["id"])
    assert [(one.kind, one.channel) for one in (told, reminded)] == [
        ("merge.pending", "webhook"),
        ("merge.reminder", "webhook"),
    ]
    deadline = parse_time(waiting["deadline"])
    assert timedelta(seconds=1) < deadline - reminded.created < timedelta(seconds=2.1)
    assert done["outcome"] == "expired"


@pytest.mark.slow
async def test_who_decided_before_is_not_reminded(store: Store, noticed: Tenant, specialist: Reviewer) -> None:
    await two_contacts(noticed)
    await asks(noticed, deadlineSeconds=2, reminderPercent=50)
    waiting = await pending(noticed)

    assert (await specialist.reject(waiting)).status_code == 200

    await asyncio.sleep(2)
    assert [one.kind for one in await notices(store, waiting["id"])] == ["merge.pending"]


@pytest.mark.slow
async def test_a_next_revision_is_told_and_has_the_time_that_is_left(
    store: Store, noticed: Tenant, specialist: Reviewer
) -> None:
    _, device = await two_contacts(noticed)
    await asks(noticed, deadlineSeconds=3, reminderPercent=99)
    waiting = await pending(noticed)
    assert (await noticed.patch_contact(device, custom={"Favorite Food": "Salad"})).status_code == 204

    assert refusal(await specialist.approve(waiting)) == (412, "plan-stale")

    kinds = [one.kind for one in await notices(store, waiting["id"])]
    assert kinds[:2] == ["merge.pending", "merge.planned_anew"]
    done = await when_done(noticed, waiting["id"])
    assert done["outcome"] == "expired"
    assert parse_time(done["settled"]) < parse_time(waiting["deadline"]) + timedelta(seconds=2)
