"""The design's "Edges, decided": which spellings of an address are the same device."""

from urllib.parse import quote

import httpx
import pytest

from tests.tenant import APP_KEY, MakeTenant, Tenant, destinations

A = "muidA|channelA"
B = "muidB|channelB"
PHONE = "+4915112345678"


async def put(tenant: Tenant, address: str, value: str = "777374") -> httpx.Response:
    """`address` is what follows `establishidentity/`, sent byte for byte."""
    url = httpx.URL(tenant.http.base_url, raw_path=f"/databases/{tenant.id}/establishidentity/{address}".encode())
    return await tenant.http.put(url, json={"identity": {"name": "userId", "value": value}})


@pytest.mark.parametrize("spelling", ["4915112345678", "+4915112345678", "%2B4915112345678", "%2b4915112345678"])
async def test_every_spelling_of_a_phone_number_is_the_same_device(tenant: Tenant, spelling: str) -> None:
    contact_id = await tenant.register(PHONE)

    answer = await put(tenant, f"SMS-spring/{spelling}")

    told = answer.json()
    assert (answer.status_code, told["winnerRecipientId"]) == (200, contact_id)
    assert told["winnerChannelIdentifier"] == PHONE


async def test_a_phone_number_registered_without_plus_is_the_same_device(tenant: Tenant) -> None:
    contact_id = await tenant.register(PHONE)

    assert await tenant.register(PHONE.removeprefix("+")) == contact_id
    assert destinations(await tenant.contact(contact_id)) == {PHONE}


@pytest.mark.parametrize("bar", ["|", "%7C", "%7c"])
async def test_the_bar_of_a_push_destination_may_be_escaped(tenant: Tenant, bar: str) -> None:
    contact_id = await tenant.register(A)

    answer = await put(tenant, f"PUSH-{APP_KEY}/muidA{bar}channelA")

    assert (answer.status_code, answer.json()["winnerRecipientId"]) == (200, contact_id)


async def test_a_destination_is_decoded_once_and_never_normalised(tenant: Tenant) -> None:
    """`%2541` is the text `%41`, which is not an A."""
    await tenant.register("muidA|channelA")
    escaped = await tenant.register("muid%41|channelA")

    answer = await put(tenant, f"PUSH-{APP_KEY}/muid%2541|channelA")

    assert answer.json()["winnerRecipientId"] == escaped
    assert (await put(tenant, f"PUSH-{APP_KEY}/MUIDA|channelA")).status_code == 404, "case counts"


@pytest.mark.parametrize("channel", ["PUSH", "Push", "push"])
async def test_the_channels_case_is_folded(tenant: Tenant, channel: str) -> None:
    contact_id = await tenant.register(A)

    answer = await put(tenant, f"{channel}-{APP_KEY}/{A}")

    assert answer.json()["winnerRecipientId"] == contact_id


async def test_a_qualifier_is_everything_after_the_first_hyphen_and_exact(tenant: Tenant) -> None:
    qualifier = "summer-2026 app"
    for name in (qualifier, "Summer-2026 app"):
        added = await tenant.http.post(f"/v1/databases/{tenant.id}/appkeys", json={"name": name})
        assert added.status_code == 201
    device = {"channelType": "PUSH", "qualifier": qualifier, "destination": A}
    contact_id = (await tenant.patch("contactbychannel", {"channel": device})).json()["id"]

    assert (await put(tenant, f"PUSH-{quote(qualifier)}/{A}")).json()["winnerRecipientId"] == contact_id
    assert (await put(tenant, f"PUSH-{quote('Summer-2026 app')}/{A}", "2")).json()["code"] == "device-not-found"
    assert (await put(tenant, f"PUSH-{quote('summer-2026 App')}/{A}", "2")).json()["code"] == "qualifier-unknown"


async def test_the_halves_of_two_known_devices_are_a_404(tenant: Tenant) -> None:
    await tenant.register(A)
    await tenant.register(B)

    assert (await tenant.establish("muidA|channelB", "777374")).status_code == 404
    assert (await tenant.by_channel("muidB|channelA")).status_code == 404
    assert (await tenant.by_identity("777374")).status_code == 404


async def test_the_same_muid_with_another_channel_id_is_another_device(tenant: Tenant) -> None:
    first, second = await tenant.register("muid|1"), await tenant.register("muid|2")

    assert first != second
    assert destinations(await tenant.contact(first)) == {"muid|1"}
    assert (await tenant.contact(second))["muid"] == "muid"


async def test_the_same_pair_under_another_app_key_is_another_device(tenant: Tenant) -> None:
    first = await tenant.register(A)
    await tenant.http.post(f"/v1/databases/{tenant.id}/appkeys", json={"name": "other"})
    other = {"channelType": "PUSH", "qualifier": "other", "destination": A}

    assert (await tenant.patch("contactbychannel", {"channel": other})).json()["id"] != first


async def test_registering_a_pair_again_patches_the_same_contact(tenant: Tenant) -> None:
    first = await tenant.register(A, email="a@example.com", custom={"Favorite Food": "Pizza"})

    again = await tenant.register(A, custom={"Favorite Food": "Burger"})

    contact = await tenant.contact(again)
    assert again == first
    assert (contact["email"], contact["customFields"]) == (
        "a@example.com",
        [{"name": "Favorite Food", "value": "Burger"}],
    )
    assert destinations(contact) == {A}


async def test_registering_a_device_that_was_merged_patches_the_survivor(tenant: Tenant) -> None:
    await tenant.register(A, custom={"userId": "777374"})
    survivor = await tenant.register(B)
    await tenant.established(B, "777374")

    assert await tenant.register(A, email="late@example.com") == survivor
    assert (await tenant.contact(survivor))["email"] == "late@example.com"


async def test_a_keyed_database_is_a_409(make_tenant: MakeTenant) -> None:
    tenant = await make_tenant(keyed=True)
    contact = await tenant.contact(await tenant.register(A))

    answer = await tenant.establish(A, "777374")

    assert (answer.status_code, answer.json()["code"]) == (409, "database-keyed")
    for path in ("/v1/merges", "/v1/merges/preview"):
        twin = await tenant.http.post(path, json=tenant.specification(A, "777374"))
        assert (twin.status_code, twin.json()["code"]) == (409, "database-keyed")
    assert await tenant.contact(contact["id"]) == contact
