"""Requests that meet, over HTTP: whatever their order, nothing is lost, nothing is twice, no caller sees a deadlock."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest

from store.engine import Store
from tests.chaos.rows import entries, live_contacts, number
from tests.stack import Stack
from tests.tenant import Tenant, channel, contact_input

ALIAS = "Alias Id"
CHANGES = ("merge.executed", "identity.assigned", "identity.reassigned")


@pytest.fixture(autouse=True)
async def no_deadlock(stack: Stack) -> AsyncIterator[None]:
    """PostgreSQL breaks one after a second and the store begins again: no answer tells of it, only PostgreSQL does."""
    before = stack.deadlocks
    yield
    assert stack.deadlocks == before


async def test_a_chain_of_merges_leads_to_its_last_survivor_in_one_hop(tenant: Tenant) -> None:
    a, b, c = [await tenant.register(f"{name}|1", custom={"userId": f"of-{name}"}) for name in "abc"]

    await tenant.established("b|1", "of-c")
    await tenant.established("a|1", "of-c")

    for absorbed in (b, c):
        answer = await tenant.http.get(f"/databases/{tenant.id}/contacts/{absorbed}")
        assert answer.status_code == 308
        assert answer.headers["location"].endswith(f"/contacts/{a}")
    assert await destinations(tenant, a) == {"a|1", "b|1", "c|1"}


async def test_two_merges_that_share_a_contact_make_one_of_three(store: Store, tenant: Tenant) -> None:
    for round_ in range(10):
        a, b, c = (f"{name}{round_}|1" for name in "abc")
        await tenant.register(a)
        await tenant.register(b, custom={"userId": f"b{round_}", ALIAS: f"also-b{round_}"})
        await tenant.register(c)

        answers = await asyncio.gather(tenant.establish(a, f"b{round_}"), tenant.establish(c, f"also-b{round_}", ALIAS))

        assert outcomes(answers) == {"merged": 2}
        survivor = (await tenant.by_channel(b)).json()
        assert {one["destination"] for one in survivor["channels"]} == {a, b, c}
    assert await entries(store, tenant.id) == {"merge.executed": 20}
    assert await live_contacts(store, tenant.id) == 10


@pytest.mark.parametrize(("name", "second"), [("userId", "reassigned"), (ALIAS, "unchanged")])
async def test_a_to_b_against_b_to_a(store: Store, tenant: Tenant, name: str, second: str) -> None:
    """Under one name the first merge frees the value that the second asks for; under two names both values stay."""
    for round_ in range(15):
        a, b = f"a{round_}|1", f"b{round_}|1"
        await tenant.register(a, custom={name: f"of-a{round_}"})
        await tenant.register(b, custom={"userId": f"of-b{round_}"})

        answers = await asyncio.gather(tenant.establish(a, f"of-b{round_}"), tenant.establish(b, f"of-a{round_}", name))

        assert outcomes(answers) == {"merged": 1, second: 1}
        assert (await tenant.by_channel(a)).json()["id"] == (await tenant.by_channel(b)).json()["id"]
    assert (await entries(store, tenant.id))["merge.executed"] == 15
    assert await live_contacts(store, tenant.id) == 15


async def test_alternating_identities_in_a_row_on_one_device(tenant: Tenant) -> None:
    device = await tenant.register("d|1")
    await tenant.register("x|1", custom={"userId": "x"})
    values = ["x", "y"] * 10

    told = [await tenant.established("d|1", value) for value in values]

    assert [one["outcome"] for one in told] == ["merged"] + ["reassigned"] * 19
    assert {one["winnerRecipientId"] for one in told} == {device}
    assert (await tenant.by_identity("y")).json()["id"] == device
    assert (await tenant.by_identity("x")).status_code == 404


@pytest.mark.parametrize("different", [2, 20])
async def test_different_identities_at_once_on_one_device_take_turns(
    store: Store, tenant: Tenant, different: int
) -> None:
    """20 is more than the updates that a run takes at once."""
    device = await tenant.register("d|1")
    values = [f"v{number % different}" for number in range(20)]

    answers = await asyncio.gather(*(tenant.establish("d|1", value) for value in values))

    assert {answer.status_code for answer in answers} == {200}
    held = [value for value in set(values) if (await tenant.by_identity(value)).status_code == 200]
    assert [{"name": "userId", "value": value} for value in held] == (await tenant.contact(device))["identities"]
    effects = await entries(store, tenant.id)
    assert effects["identity.assigned"] == 1
    assert effects.get("identity.reassigned", 0) >= different - 1


async def test_50_equal_requests_at_once_have_one_effect(store: Store, tenant: Tenant) -> None:
    device = await tenant.register("d|1")
    await tenant.register("x|1", custom={"userId": "x"})

    answers = await asyncio.gather(*(tenant.establish("d|1", "x") for _ in range(50)))

    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["winnerRecipientId"] for answer in answers} == {device}
    assert set(outcomes(answers)) <= {"merged", "unchanged"}
    kinds = await entries(store, tenant.id)
    assert {kind: count for kind, count in kinds.items() if kind in CHANGES} == {"merge.executed": 1}


@pytest.mark.slow
async def test_200_devices_to_one_identity_at_once(store: Store, tenant: Tenant) -> None:
    devices = [f"d{number}|1" for number in range(200)]
    await asyncio.gather(*(tenant.register(device) for device in devices))

    began = time.monotonic()
    answers = await asyncio.gather(*(tenant.establish(device, "one-person") for device in devices))
    took = time.monotonic() - began

    assert {answer.status_code for answer in answers} == {200}
    assert took < 60
    assert await entries(store, tenant.id) == {"identity.assigned": 1, "merge.executed": 199}
    assert await live_contacts(store, tenant.id) == 1
    assert len((await tenant.by_identity("one-person")).json()["channels"]) == 200


async def test_an_identity_that_nobody_holds_is_claimed_by_20_devices_at_once(store: Store, tenant: Tenant) -> None:
    devices = [f"d{number}|1" for number in range(20)]
    await asyncio.gather(*(tenant.register(device) for device in devices))

    answers = await asyncio.gather(*(tenant.establish(device, "free") for device in devices))

    assert outcomes(answers) == {"assigned": 1, "merged": 19}
    assert await live_contacts(store, tenant.id) == 1


async def test_another_device_of_the_person_repeats_while_a_merge_runs(store: Store, tenant: Tenant) -> None:
    """What changes nothing writes an entry too, which refers to the contact that the merge has locked."""
    for round_ in range(10):
        await tenant.register(f"a{round_}|1", custom={"userId": f"v{round_}"})
        await tenant.register(f"b{round_}|1")
        answers = await asyncio.gather(*(tenant.establish(f"{name}{round_}|1", f"v{round_}") for name in "aba"))
        assert {answer.status_code for answer in answers} == {200}
    assert (await entries(store, tenant.id))["merge.executed"] == 10


async def test_writers_that_claim_the_identity_that_a_merge_gives(store: Store, tenant: Tenant) -> None:
    """PATCH, upsert, registration and creation beside the request: one holder, who is who was told so."""
    for round_ in range(10):
        value = f"v{round_}"
        await tenant.register(f"d{round_}|1")
        patched = await tenant.create()

        requested, *written = await asyncio.gather(
            tenant.establish(f"d{round_}|1", value),
            tenant.patch_contact(patched, custom={"userId": value}),
            tenant.upsert({"userId": value}, custom={"Favorite Food": "Burger"}),
            tenant.patch("contactbychannel", registration(f"r{round_}|1", value)),
            tenant.http.post(f"/databases/{tenant.id}/contacts", json=contact_input({"custom": {"userId": value}})),
        )

        assert requested.status_code == 200
        # 308: the patched contact got the value and was absorbed with it by the request.
        assert {answer.status_code for answer in written} <= {200, 201, 204, 308, 409}
        holder = (await tenant.by_identity(value)).json()
        assert holder["id"] == requested.json()["winnerRecipientId"]
        held = "SELECT count(*) FROM identities WHERE database_id = :database_id AND value = :value"
        assert await number(store, held, database_id=tenant.id, value=value) == 1
        # The upsert was for whoever holds the value: it may not end up on somebody who lost it.
        assert {"name": "Favorite Food", "value": "Burger"} in holder["customFields"]


async def test_events_and_messages_that_come_in_during_a_merge(store: Store, tenant: Tenant) -> None:
    for round_ in range(8):
        lookup = await tenant.register(f"a{round_}|1", custom={"userId": f"v{round_}"})
        device = await tenant.register(f"b{round_}|1")
        contact = f"/v1/databases/{tenant.id}/contacts/{lookup}"

        merged, *added = await asyncio.gather(
            tenant.establish(f"b{round_}|1", f"v{round_}"),
            *(tenant.http.post(f"{contact}/events", json={"type": "visit"}) for _ in range(6)),
            *(tenant.http.post(f"{contact}/messages", json={"messageName": "hello"}) for _ in range(6)),
        )

        assert outcomes([merged]) == {"merged": 1}
        assert {answer.status_code for answer in added} <= {201, 308}
        recorded = sum(answer.status_code == 201 for answer in added[:6])
        events = (await tenant.http.get(f"/v1/databases/{tenant.id}/contacts/{device}/events")).json()
        assert [event["recordedOn"] for event in events] == [lookup] * recorded
    left = """SELECT (SELECT count(*) FROM events e JOIN contacts c ON c.id = e.contact_id
                      WHERE c.database_id = :database_id AND c.merged_into IS NOT NULL)
                   + (SELECT count(*) FROM inbox_messages m JOIN contacts c ON c.id = m.contact_id
                      WHERE c.database_id = :database_id AND c.merged_into IS NOT NULL AND m.archived_by IS NULL)"""
    assert await number(store, left, database_id=tenant.id) == 0


async def test_a_device_that_is_removed_during_a_merge(tenant: Tenant) -> None:
    for round_ in range(8):
        await tenant.register(f"a{round_}|1", custom={"userId": f"v{round_}"})
        device = await tenant.register(f"b{round_}|1")
        removed = (await tenant.by_channel(f"a{round_}|1")).json()["channels"][0]["id"]

        merged, gone = await asyncio.gather(
            tenant.establish(f"b{round_}|1", f"v{round_}"),
            tenant.http.delete(f"/v1/databases/{tenant.id}/devices/{removed}"),
        )

        assert outcomes([merged]) == {"merged": 1}
        assert gone.status_code == 204
        assert await destinations(tenant, device) == {f"b{round_}|1"}


async def test_one_address_registered_20_times_at_once_is_one_device(store: Store, tenant: Tenant) -> None:
    answers = await asyncio.gather(
        *(tenant.patch("contactbychannel", registration("d|1", f"v{number}")) for number in range(20))
    )

    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 19}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await live_contacts(store, tenant.id) == 1


def registration(destination: str, value: str) -> dict[str, object]:
    return {"channel": channel(destination), "contact": contact_input({"custom": {"userId": value}})}


def outcomes(answers: Sequence[httpx.Response]) -> dict[str, int]:
    """How often each outcome was told; an answer that is none counts as its status."""
    return Counter(
        answer.json()["outcome"] if answer.status_code == 200 else str(answer.status_code) for answer in answers
    )


async def destinations(tenant: Tenant, contact_id: int) -> set[str]:
    return {one["destination"] for one in (await tenant.contact(contact_id))["channels"]}
