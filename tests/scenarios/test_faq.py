"""Each FAQ case of the seed, and each of its "following outcomes are possible", over HTTP on the real stack."""

import pytest

from tests.tenant import MakeTenant, Tenant, custom_fields, destinations, identities

A = "muidA|channelA"
B = "muidB|channelB"
SYSTEM = {
    "email": "only@example.com",
    "emailType": "HTML",
    "leadSource": "fair",
    "visitorKey": "v-1",
    "optInDetails": "OPTED-IN at the fair",
}
CUSTOM = {"Favorite Food": "Pizza", "Newsletter": "No", "Visits": "0", "Birthday": "1990-02-28", "Size": "M"}


@pytest.mark.parametrize("wrong", ["wrong|channelA", "muidA|wrong"], ids=["bad MUID", "bad channel ID"])
async def test_calling_the_wrong_contact_is_a_404(tenant: Tenant, wrong: str) -> None:
    contact = await tenant.contact(await tenant.register(A))

    answer = await tenant.establish(wrong, "newidentity1234")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["title"], answer.json()["outcome"]) == ("Not Found", "not_found")
    assert (await tenant.by_identity("newidentity1234")).status_code == 404
    assert (await tenant.by_channel(wrong)).status_code == 404
    assert await tenant.contact(contact["id"]) == contact


async def test_a_contact_or_channel_that_has_no_identity_gets_the_new_one(tenant: Tenant) -> None:
    contact_id = await tenant.register(A, email="a@example.com")

    told = await tenant.established(A, "newidentity1234")

    assert (told["outcome"], told["winnerRecipientId"]) == ("assigned", contact_id)
    assert told["winnerChannelIdentifier"] == "muidA"
    found = (await tenant.by_identity("newidentity1234")).json()
    assert (found["id"], found["email"], destinations(found)) == (contact_id, "a@example.com", {A})


async def test_a_contact_that_has_an_old_identity_is_not_accessible_by_it_any_more(tenant: Tenant) -> None:
    contact_id = await tenant.register(A)
    await tenant.established(A, "oldidentity1234")

    told = await tenant.established(A, "newidentity1234")

    assert (told["outcome"], told["winnerRecipientId"]) == ("reassigned", contact_id)
    assert (await tenant.by_identity("newidentity1234")).json()["id"] == contact_id
    assert (await tenant.by_identity("oldidentity1234")).status_code == 404


async def test_an_old_identity_is_no_longer_in_use(tenant: Tenant) -> None:
    await tenant.register(A)
    await tenant.established(A, "oldidentity1234")
    await tenant.established(A, "newidentity1234")
    other = await tenant.register(B)

    told = await tenant.established(B, "oldidentity1234")

    assert (told["outcome"], told["winnerRecipientId"]) == ("assigned", other)


async def test_two_contacts_or_channels(tenant: Tenant) -> None:
    contact_a, contact_b = await tenant.register(A), await tenant.register(B)
    await tenant.established(A, "identity1234")

    told = await tenant.established(B, "identity1234")

    assert (told["outcome"], told["winnerRecipientId"]) == ("merged", contact_b)
    assert (await tenant.http.get(f"/databases/{tenant.id}/contacts/{contact_a}")).status_code == 308
    remaining = (await tenant.by_identity("identity1234")).json()
    assert (remaining["id"], destinations(remaining)) == (contact_b, {A, B})
    assert (await tenant.by_channel(A)).json() == (await tenant.by_channel(B)).json() == remaining


async def test_two_contacts_or_channels_with_identities_assigned(tenant: Tenant) -> None:
    contact_a, contact_b = await tenant.register(A), await tenant.register(B)
    await tenant.established(A, "contactA1234")
    await tenant.established(B, "contactB5678")

    told = await tenant.established(B, "contactA1234")

    assert (told["outcome"], told["winnerRecipientId"]) == ("merged", contact_b)
    assert (await tenant.http.get(f"/databases/{tenant.id}/contacts/{contact_a}")).status_code == 308
    remaining = (await tenant.by_identity("contactA1234")).json()
    assert (remaining["id"], destinations(remaining)) == (contact_b, {A, B})
    assert identities(remaining) == {"userId": "contactA1234"}
    assert (await tenant.by_identity("contactB5678")).status_code == 404


async def test_a_different_contact_matches_and_devices_and_fields_are_merged(tenant: Tenant) -> None:
    """`deviceA > contactA captures favoriteFood and contactB does not`: the final contact contains it."""
    contact_a = await tenant.register(A, custom={"Favorite Food": "Burger"})
    contact_b = await tenant.create(email="b@example.com", custom={"userId": "777374", "Loyalty Card": "L-1"})

    told = await tenant.established(A, "777374")

    assert (told["outcome"], told["winnerRecipientId"]) == ("merged", contact_a)
    assert (await tenant.merge(told["mergeId"]))["plan"]["absorbed"] == contact_b
    final = await tenant.contact(contact_a)
    assert custom_fields(final) == {"Favorite Food": "Burger", "Loyalty Card": "L-1", "userId": "777374"}
    assert (final["email"], destinations(final)) == ("b@example.com", {A})


async def test_a_new_device_is_merged_with_those_already_merged(tenant: Tenant) -> None:
    for destination in (A, B, "+4915112345678"):
        await tenant.register(destination)
        told = await tenant.established(destination, "777374")

    assert told["outcome"] == "merged"
    assert destinations((await tenant.by_identity("777374")).json()) == {A, B, "+4915112345678"}


async def test_the_inbox_is_that_of_the_latest_created_contact(tenant: Tenant) -> None:
    latest = await tenant.register(A, created="2017-08-15")
    earlier = await tenant.register(B, created="2017-08-01", custom={"userId": "777374"})
    await tenant.send(latest, "latest")
    await tenant.send(latest, "latest, still available", expires="2999-01-01T00:00:00Z")
    await tenant.send(latest, "latest, expired", expires="2018-01-01T00:00:00Z")
    await tenant.send(earlier, "earlier")

    told = await tenant.established(A, "777374")

    assert await tenant.inbox(told["winnerRecipientId"]) == {"latest", "latest, still available"}


async def test_all_devices_of_a_contact_that_was_merged_before_move(tenant: Tenant) -> None:
    """The merge candidate has an identity and devices of earlier merges: all of them come along."""
    for destination in (A, B):
        await tenant.register(destination)
        await tenant.established(destination, "candidate")
    await tenant.register("muidC|channelC", custom={"userId": "target"})

    told = await tenant.established(B, "target")

    assert told["outcome"] == "merged"
    found = (await tenant.by_identity("target")).json()
    assert destinations(found) == {A, B, "muidC|channelC"}
    assert (await tenant.by_identity("candidate")).status_code == 404


@pytest.mark.parametrize("outcome", ["assigned", "reassigned", "merged"])
async def test_a_required_column_without_a_value_fails_with_a_500(make_tenant: MakeTenant, outcome: str) -> None:
    tenant = await make_tenant(required=("Country",))
    contact_id = await tenant.register(A, custom={"userId": "old"} if outcome == "reassigned" else {})
    if outcome == "merged":
        await tenant.register(B, custom={"userId": "777374"})
    before = await tenant.contact(contact_id)

    answer = await tenant.establish(A, "777374")

    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["detail"] == "Country: could not validate recipient; required column Country has no value."
    assert (told["code"], told["outcome"]) == ("merge-blocked", "blocked")
    assert (await tenant.merge(told["mergeId"]))["plan"]["blockers"] == [
        {"code": "required-column-empty", "name": "Country"}
    ]
    assert await tenant.contact(contact_id) == before


async def test_a_required_column_that_either_contact_fills_is_enough(make_tenant: MakeTenant) -> None:
    tenant = await make_tenant(required=("Country",))
    await tenant.register(A)
    await tenant.create(custom={"userId": "777374", "Country": "DE"})

    told = await tenant.established(A, "777374")

    assert custom_fields(await tenant.contact(told["winnerRecipientId"]))["Country"] == "DE"


@pytest.mark.parametrize("holder", ["older", "newer"])
async def test_null_never_wins(tenant: Tenant, holder: str) -> None:
    """`The attribute value that is retained is the value that is not null`, regardless of the precedence."""
    filled = {**SYSTEM, "custom": CUSTOM}
    await tenant.register(A, created="2017-08-15", **(filled if holder == "newer" else {}))
    lookup = await tenant.create(created="2017-08-01", **(filled if holder == "older" else {}))
    assert (await tenant.patch_contact(lookup, custom={"userId": "777374"})).status_code == 204

    told = await tenant.established(A, "777374")

    contact = await tenant.contact(told["winnerRecipientId"])
    assert {name: contact[name] for name in SYSTEM} == SYSTEM
    assert custom_fields(contact) == {**CUSTOM, "userId": "777374"}
