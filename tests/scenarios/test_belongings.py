"""The design's table "Rules of the merge", over HTTP: what comes along with a contact, and what an old id answers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from store.databases import count_live_contacts
from store.engine import Store
from store.tables import contact_list_members, contact_lists, contacts
from tests.tenant import Tenant, channel, contact_input, destinations

A = "muidA|channelA"
B = "muidB|channelB"
PHONE = "+4915112345678"


async def merged(tenant: Tenant, **flags: Any) -> tuple[int, int]:
    """A, which is older and holds the identity, is merged into B; returns survivor and absorbed."""
    absorbed = (await tenant.by_channel(A)).json()["id"]
    told = await tenant.established(B, "777374", **flags)
    assert told["outcome"] == "merged"
    return told["winnerRecipientId"], absorbed


async def two(tenant: Tenant) -> tuple[int, int]:
    older = await tenant.register(A, created="2017-08-01", custom={"userId": "777374"})
    return older, await tenant.register(B, created="2017-08-15")


async def test_consents_travel_with_their_devices(tenant: Tenant) -> None:
    given = {
        A: {"status": "OPTED-OUT", "consentDate": "2017-08-02T09:00:00Z", "consentSource": "the app"},
        B: {"status": "OPTED-IN", "consentDate": "2017-08-16T10:00:00.25Z", "consentSource": "a letter"},
    }
    for destination, consent in given.items():
        body = {"channel": {**channel(destination), **consent, "attributes": {"timezoneId": "CET"}}}
        assert (await tenant.patch("contactbychannel", body)).status_code == 201
    await tenant.established(A, "777374")
    before = {
        device["destination"]: device for one in (A, B) for device in (await tenant.by_channel(one)).json()["channels"]
    }

    survivor, _ = await merged(tenant)

    after = {device["destination"]: device for device in (await tenant.contact(survivor))["channels"]}
    assert after == before
    assert {one: {name: after[one][name] for name in given[one]} for one in given} == given


@pytest.mark.parametrize("policy", ["older", "newer"])
async def test_the_newers_messages_are_kept_and_the_olders_archived(tenant: Tenant, policy: str) -> None:
    older, newer = await two(tenant)
    await tenant.send(older, "older's")
    await tenant.send(newer, "newer's")
    await tenant.keep(policy)

    told = await tenant.established(B, "777374")

    assert told["winnerRecipientId"] == {"older": older, "newer": newer}[policy]
    assert await tenant.inbox(told["winnerRecipientId"]) == {"newer's"}


async def test_an_archived_message_does_not_come_back_with_the_next_merge(tenant: Tenant) -> None:
    older, newer = await two(tenant)
    await tenant.send(older, "archived by the first merge")
    await tenant.send(newer, "shown until the second")
    await merged(tenant)
    newest = await tenant.register("muidC|channelC")
    await tenant.send(newest, "newest")

    told = await tenant.established("muidC|channelC", "777374")

    assert await tenant.inbox(told["winnerRecipientId"]) == {"newest"}


async def test_expiry_is_judged_when_the_inbox_is_read(tenant: Tenant) -> None:
    _, newer = await two(tenant)
    soon = datetime.now(UTC) + timedelta(seconds=1.5)
    await tenant.send(newer, "expires soon", expires=soon.isoformat())
    await tenant.send(newer, "expired", expires="2018-01-01")
    await tenant.send(newer, "stays")

    survivor, _ = await merged(tenant)

    while datetime.now(UTC) < soon:  # the database's clock is this machine's
        assert "expired" not in await tenant.inbox(survivor)
    assert await tenant.inbox(survivor) == {"stays"}


async def test_a_messages_remaining_life_does_not_end_with_the_merge(tenant: Tenant) -> None:
    _, newer = await two(tenant)
    await tenant.send(newer, "expires in an hour", expires=(datetime.now(UTC) + timedelta(hours=1)).isoformat())

    survivor, _ = await merged(tenant)

    assert await tenant.inbox(survivor) == {"expires in an hour"}


async def test_events_of_both_are_kept_each_with_the_id_it_came_in_under(tenant: Tenant) -> None:
    older, newer = await two(tenant)
    await tenant.record(older, "opened")
    await tenant.record(newer, "clicked")

    survivor, absorbed = await merged(tenant)
    await tenant.record(survivor, "bought")

    assert await tenant.events(survivor) == {"opened": absorbed, "clicked": survivor, "bought": survivor}


async def test_with_merge_events_false_only_the_survivors_events_remain(tenant: Tenant) -> None:
    older, newer = await two(tenant)
    await tenant.record(older, "opened")
    await tenant.record(newer, "clicked")

    survivor, _ = await merged(tenant, mergeEvents=False)

    assert await tenant.events(survivor) == {"clicked": survivor}


async def test_contact_lists_are_united_with_the_survivor_in_each_once(tenant: Tenant, store: Store) -> None:
    older, newer = await two(tenant)
    members = {"both": (older, newer), "older": (older,), "newer": (newer,), "none": ()}
    lists = {}
    async with store.transaction() as connection:
        for name, ids in members.items():
            added = insert(contact_lists).values(database_id=tenant.id, name=name).returning(contact_lists.c.id)
            lists[name] = (await connection.execute(added)).scalar_one()
            for contact_id in ids:
                await connection.execute(
                    insert(contact_list_members).values(list_id=lists[name], contact_id=contact_id)
                )

    survivor, _ = await merged(tenant)

    expected = [lists["both"], lists["older"], lists["newer"]]
    assert (await tenant.contact(survivor))["contactLists"] == expected
    async with store.transaction() as connection:
        rows = await connection.execute(
            select(contact_list_members.c.list_id, contact_list_members.c.contact_id)
            .where(contact_list_members.c.list_id.in_(lists.values()))
            .order_by(contact_list_members.c.list_id)
        )
        assert [tuple(row) for row in rows] == [(one, survivor) for one in expected]


async def test_absorbed_ids_answer_308_to_the_live_survivor_in_one_hop_after_chains(tenant: Tenant) -> None:
    chain = []
    for number in range(4):
        chain.append(await tenant.register(f"muid{number}|channel{number}"))
        await tenant.established(f"muid{number}|channel{number}", "777374")
    survivor = chain.pop()

    for absorbed in chain:
        for prefix in ("/databases", "/rest/databases"):
            answer = await tenant.http.get(f"{prefix}/{tenant.id}/contacts/{absorbed}")
            assert answer.status_code == 308
            assert answer.json()["survivor"] == survivor
            followed = await tenant.http.get(answer.headers["location"])
            assert (followed.status_code, followed.json()["id"]) == (200, survivor)
            assert followed.url.path == f"{prefix}/{tenant.id}/contacts/{survivor}"


async def test_an_absorbed_contact_is_out_of_counts_and_search(tenant: Tenant, store: Store) -> None:
    await two(tenant)
    assert await count_live_contacts(store, tenant.id) == 2

    survivor, absorbed = await merged(tenant)

    assert await count_live_contacts(store, tenant.id) == 1
    for found in (await tenant.by_identity("777374"), await tenant.by_channel(A), await tenant.by_channel(B)):
        assert found.json()["id"] == survivor != absorbed


@pytest.mark.parametrize(
    ("method", "tail", "body"),
    [
        ("PATCH", None, contact_input({"email": "late@example.com"})),
        ("PATCH", None, contact_input({"custom": {"Alias Id": "late"}})),
        ("POST", "/messages", {"messageName": "late"}),
        ("POST", "/events", {"type": "late"}),
        ("GET", "/messages", None),
        ("GET", "/events", None),
    ],
)
async def test_whatever_is_asked_of_an_absorbed_id_is_a_308_and_nothing_writes_to_it(
    tenant: Tenant, store: Store, method: str, tail: str | None, body: dict[str, Any] | None
) -> None:
    await two(tenant)
    survivor, absorbed = await merged(tenant)
    prefix = "/databases" if tail is None else "/v1/databases"
    live = await tenant.contact(survivor)
    frozen = await row(store, absorbed)

    path = f"{prefix}/{tenant.id}/contacts/{absorbed}{tail or ''}"
    answer = await tenant.http.request(method, path, json=body)

    assert (answer.status_code, answer.json()["code"]) == (308, "contact-absorbed")
    assert answer.headers["location"].endswith(f"/contacts/{survivor}{tail or ''}")
    assert await tenant.contact(survivor) == live
    assert await row(store, absorbed) == frozen


async def row(store: Store, contact_id: int) -> object:
    async with store.transaction() as connection:
        return (await connection.execute(select(contacts).where(contacts.c.id == contact_id))).one()


@pytest.mark.parametrize("policy", ["device-contact", "lookup-contact"])
async def test_the_winner_channel_identifier_of_a_push_destination(tenant: Tenant, policy: str) -> None:
    """The requested MUID when the device contact survives, else the survivor's own from before."""
    await two(tenant)
    await tenant.keep(policy)

    told = await tenant.established(B, "777374")

    assert told["winnerChannelIdentifier"] == {"device-contact": "muidB", "lookup-contact": "muidA"}[policy]


@pytest.mark.parametrize(
    ("of_survivor", "expected"),
    [("+4915100000000", "+4915100000000"), (A, PHONE), (None, PHONE)],
    ids=["its own phone", "it has a push device only", "it has no device"],
)
async def test_the_winner_channel_identifier_of_a_phone(tenant: Tenant, of_survivor: str | None, expected: str) -> None:
    holder = {"custom": {"userId": "777374"}}
    lookup = await (tenant.register(of_survivor, **holder) if of_survivor else tenant.create(**holder))
    await tenant.register(PHONE)
    await tenant.keep("lookup-contact")

    told = await tenant.established(PHONE, "777374")

    assert (told["winnerRecipientId"], told["winnerChannelIdentifier"]) == (lookup, expected)


async def test_the_winner_channel_identifier_is_the_requested_one_where_the_survivor_has_none(tenant: Tenant) -> None:
    lookup = await tenant.create(custom={"userId": "777374"})
    await tenant.register(B)
    await tenant.keep("lookup-contact")

    told = await tenant.established(B, "777374")

    assert (told["winnerRecipientId"], told["winnerChannelIdentifier"]) == (lookup, "muidB")
    assert destinations(await tenant.contact(lookup)) == {B}


@pytest.mark.parametrize("outcome", ["assigned", "unchanged"])
async def test_the_winner_channel_identifier_without_a_merge_is_the_requested_phone(
    tenant: Tenant, outcome: str
) -> None:
    await tenant.register(PHONE)
    if outcome == "unchanged":
        await tenant.established(PHONE, "777374")

    told = await tenant.established(PHONE, "777374")

    assert (told["outcome"], told["winnerChannelIdentifier"]) == (outcome, PHONE)
