"""The design's "Edges, decided": identities, values and lookup keys. Addresses have a file of their own."""

from typing import Any

import httpx
import pytest

from tests.tenant import WAYS, MakeTenant, Tenant, custom_fields, identities

A = "muidA|channelA"
B = "muidB|channelB"
COMPOSED, DECOMPOSED = "Zo\u00eb", "Zoe\u0308"


async def write(tenant: Tenant, way: str, **contact: Any) -> httpx.Response:
    """Sends a contact in one of the ways there are; a patch and an upsert meet one that has an Alias Id."""
    known = await tenant.create(custom={"Alias Id": "known"})
    return await tenant.write(way, known, contact, by=("Alias Id", "known"))


@pytest.mark.parametrize("way", WAYS)
async def test_a_custom_field_named_as_an_active_lookup_key_sets_the_identity(tenant: Tenant, way: str) -> None:
    answer = await write(tenant, way, custom={"userId": "777374"})

    assert answer.status_code in {200, 201, 204}
    found = (await tenant.by_identity("777374")).json()
    assert identities(found)["userId"] == "777374"
    assert custom_fields(found)["userId"] == "777374", "reads show it in both places"


@pytest.mark.parametrize("way", WAYS)
async def test_an_identity_in_use_elsewhere_is_a_409_and_changes_nothing(tenant: Tenant, way: str) -> None:
    holder = await tenant.contact(await tenant.register(B, custom={"userId": "777374"}))

    answer = await write(tenant, way, email="new@example.com", custom={"userId": "777374", "Favorite Food": "Pizza"})

    assert (answer.status_code, answer.json()["code"]) == (409, "identity-in-use")
    assert "777374" not in answer.text
    assert (await tenant.by_identity("777374")).json() == holder, "never a merge"
    assert (await tenant.by_channel(A)).status_code == 404
    if way == "upsert":
        known = (await tenant.by_identity("known", "Alias Id")).json()
        assert (known["email"], custom_fields(known)) == (None, {"Alias Id": "known"})


async def test_null_frees_an_identity_for_another_contact(tenant: Tenant) -> None:
    contact_id = await tenant.create(custom={"userId": "777374"})

    assert (await tenant.patch_contact(contact_id, custom={"userId": None})).status_code == 204

    contact = await tenant.contact(contact_id)
    assert (identities(contact), custom_fields(contact)) == ({}, {})
    assert (await tenant.by_identity("777374")).status_code == 404
    await tenant.create(custom={"userId": "777374"})


@pytest.mark.parametrize("way", WAYS)
async def test_an_empty_identity_is_a_422(tenant: Tenant, way: str) -> None:
    answer = await write(tenant, way, custom={"userId": ""})

    assert (answer.status_code, answer.json()["code"]) == (422, "identity-invalid")


async def test_an_empty_identity_is_a_422_for_establish_identity_too(tenant: Tenant) -> None:
    await tenant.register(A)

    answer = await tenant.establish(A, "")

    assert (answer.status_code, answer.json()["code"]) == (422, "identity-invalid")


VALUES = {"Favorite Food": "Pizza", "Visits": "7", "Newsletter": "Yes", "Birthday": "1990-02-28", "Size": "M"}


@pytest.mark.parametrize("name", VALUES)
async def test_absent_leaves_a_value_and_null_clears_it(tenant: Tenant, name: str) -> None:
    contact_id = await tenant.create(custom=VALUES)

    await tenant.patch_contact(contact_id, email="a@example.com")
    assert custom_fields(await tenant.contact(contact_id)) == VALUES
    await tenant.patch_contact(contact_id, custom={name: None})

    assert custom_fields(await tenant.contact(contact_id)) == {one: VALUES[one] for one in VALUES if one != name}


@pytest.mark.parametrize("name", ["email", "emailType", "leadSource", "visitorKey", "crmSyncId"])
async def test_absent_leaves_a_system_attribute_and_null_clears_it(tenant: Tenant, name: str) -> None:
    given = {"email": "a@example.com", "emailType": "TEXT", "leadSource": "l", "visitorKey": "v", "crmSyncId": "c"}
    contact_id = await tenant.create(**given)

    await tenant.patch_contact(contact_id, custom={"Favorite Food": "Pizza"})
    before = await tenant.contact(contact_id)
    await tenant.patch_contact(contact_id, **{name: None})

    after = await tenant.contact(contact_id)
    assert {one: before[one] for one in given} == given
    assert {one: after[one] for one in given} == {**given, name: None}


async def test_empty_is_a_value_for_text(tenant: Tenant) -> None:
    contact_id = await tenant.create(custom={"Favorite Food": ""})

    assert custom_fields(await tenant.contact(contact_id)) == {"Favorite Food": ""}


@pytest.mark.parametrize("name", [name for name in VALUES if name != "Favorite Food"])
async def test_empty_is_a_422_for_every_other_type(tenant: Tenant, name: str) -> None:
    answer = await write(tenant, "create", custom={name: ""})

    assert (answer.status_code, answer.json()["code"]) == (422, "value-invalid")
    assert answer.json()["detail"].startswith(f"{name}: {name} ")


@pytest.mark.parametrize(("given", "shown"), [(True, "Yes"), (False, "No"), ("Yes", "Yes"), ("No", "No")])
async def test_booleans_are_yes_and_no_on_the_wire(tenant: Tenant, given: object, shown: str) -> None:
    contact_id = await tenant.create(custom={"Newsletter": given})

    assert custom_fields(await tenant.contact(contact_id)) == {"Newsletter": shown}


@pytest.mark.parametrize("name", ["userid", "USERID", "AliasId", "Alias  Id", "alias id"])
async def test_identity_and_column_names_are_exact(tenant: Tenant, name: str) -> None:
    await tenant.register(A)

    assert (await tenant.establish(A, "1", name)).json()["code"] == "lookup-key-inactive"
    column = await write(tenant, "create", custom={name: "1"})
    assert (column.status_code, column.json()["detail"]) == (422, f"{name}: {name} does not exist.")


async def test_inner_spaces_of_names_are_kept(tenant: Tenant) -> None:
    contact_id = await tenant.register(A)

    await tenant.established(A, "User Account  4567", "Alias Id")

    assert identities(await tenant.contact(contact_id)) == {"Alias Id": "User Account  4567"}
    assert (await tenant.by_identity("User Account  4567", "Alias Id")).json()["id"] == contact_id


async def test_identity_values_are_compared_exactly_and_case_counts(tenant: Tenant) -> None:
    await tenant.register(A, custom={"userId": "account"})
    await tenant.register(B)

    told = await tenant.established(B, "Account")

    assert told["outcome"] == "assigned"
    assert (await tenant.by_identity("account")).json()["id"] != (await tenant.by_identity("Account")).json()["id"]


async def test_identity_values_are_compared_in_nfc(tenant: Tenant) -> None:
    await tenant.register(A, custom={"userId": DECOMPOSED})
    await tenant.register(B)

    told = await tenant.established(B, COMPOSED)

    assert told["outcome"] == "merged"
    found = (await tenant.by_identity(DECOMPOSED)).json()
    assert (found["id"], identities(found)) == (told["winnerRecipientId"], {"userId": COMPOSED})


@pytest.mark.parametrize("value", [" edge", "edge ", "a\u200bb", "a\tb", "x" * 256])
async def test_an_identity_value_has_no_edge_spaces_and_nothing_invisible(tenant: Tenant, value: str) -> None:
    contact = await tenant.contact(await tenant.register(A))

    answer = await tenant.establish(A, value)

    assert (answer.status_code, answer.json()["code"]) == (422, "identity-invalid")
    assert await tenant.contact(contact["id"]) == contact


@pytest.mark.parametrize("way", ["create", "patch", "upsert"])
async def test_a_required_column_is_demanded_by_post_patch_and_upsert(make_tenant: MakeTenant, way: str) -> None:
    tenant = await make_tenant(required=("Country",))
    contact_id = await tenant.register(A)

    refused = await tenant.write(way, contact_id, {"email": "a@example.com"})

    assert (refused.status_code, refused.json()["code"]) == (422, "required-column-empty")
    assert refused.json()["detail"] == "Country: could not validate recipient; required column Country has no value."
    assert (await tenant.contact(contact_id))["email"] is None
    assert (await tenant.by_identity("777374")).status_code == 404


async def test_a_registration_without_a_required_column_is_allowed(make_tenant: MakeTenant) -> None:
    tenant = await make_tenant(required=("Country",))

    contact_id = await tenant.register(A)

    assert custom_fields(await tenant.contact(contact_id)) == {}
    assert (await tenant.patch_contact(contact_id, custom={"Country": "DE"})).status_code == 204


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("2017-08-15", "2017-08-15T00:00:00Z"),
        ("2017-08-15T10:00:00Z", "2017-08-15T10:00:00Z"),
        ("2017-08-15T10:00:00.123456Z", "2017-08-15T10:00:00.123456Z"),
        ("2017-08-15T10:00:00.5+02:00", "2017-08-15T08:00:00.5Z"),
    ],
)
async def test_times_are_utc_with_z_and_keep_microseconds(tenant: Tenant, given: str, shown: str) -> None:
    contact_id = await tenant.create(created=given)

    assert (await tenant.contact(contact_id))["created"] == shown


@pytest.mark.parametrize("given", ["2017-08-15T10:00:00", "15.08.2017", "yesterday", "2017-13-01"])
async def test_a_time_without_an_offset_or_not_of_this_shape_is_a_422(tenant: Tenant, given: str) -> None:
    assert (await write(tenant, "create", created=given)).status_code == 422


async def test_the_two_flags_may_be_sent_as_texts(tenant: Tenant) -> None:
    """The vendor's own curl example does."""
    lookup = await tenant.create(crmSyncId="crm-1", custom={"userId": "777374"})
    device = await tenant.register(A)
    await tenant.record(device, "stays behind")

    told = await tenant.established(A, "777374", useCrmContactAsWinner="true", mergeEvents="false")

    assert told["winnerRecipientId"] == lookup
    assert await tenant.events(lookup) == {}


async def test_a_flag_that_is_neither_true_nor_false_is_a_422(tenant: Tenant) -> None:
    await tenant.register(A)

    assert (await tenant.establish(A, "777374", mergeEvents="no")).status_code == 422
    assert (await tenant.by_identity("777374")).status_code == 404
