"""Contacts as the vendor's Swagger has them, under both of its prefixes; what the wire facts say, word for word."""

from typing import Any

import pytest

from tests.tenant import WAYS, MakeTenant, Tenant, channel, contact_input, custom_fields

A = "muidA|channelA"
PREFIXES = pytest.mark.parametrize("prefix", ["/databases", "/rest/databases"])
VENDORS = {"email", "emailType", "leadSource", "optInDetails", "customFields"}
OURS = {"id", "created", "lastModified", "crmSyncId", "visitorKey", "muid", "identities", "channels"}
GIVEN = {
    "email": "albert.b.jerm@gmail.com",
    "emailType": "HTML",
    "leadSource": "fair",
    "optInDetails": "OPTED-IN at the fair",
    "visitorKey": "v-1",
    "crmSyncId": "crm-1",
    "custom": {"Favorite Food": "Pizza", "userId": "777374"},
}


@PREFIXES
async def test_a_contact_is_created_read_and_changed(tenant: Tenant, prefix: str) -> None:
    contacts = f"{prefix}/{tenant.id}/contacts"
    created = await tenant.http.post(contacts, json=contact_input(GIVEN))
    contact_id = created.json()
    assert (created.status_code, type(contact_id)) == (201, int)
    assert created.headers["location"].endswith(f"/databases/{tenant.id}/contacts/{contact_id}")

    read = await tenant.http.get(f"{contacts}/{contact_id}")
    contact = read.json()
    assert read.status_code == 200
    assert contact.keys() >= VENDORS | OURS
    assert {name: contact[name] for name in GIVEN if name != "custom"} == {
        name: value for name, value in GIVEN.items() if name != "custom"
    }
    assert contact["customFields"] == [
        {"name": "Favorite Food", "value": "Pizza"},
        {"name": "userId", "value": "777374"},
    ]
    assert (contact["id"], contact["channels"], contact["muid"]) == (contact_id, [], None)
    assert contact["created"] == contact["lastModified"]

    changed = await tenant.http.patch(f"{contacts}/{contact_id}", json={"email": "b@example.com"})
    assert (changed.status_code, changed.content) == (204, b"")
    after = (await tenant.http.get(f"{contacts}/{contact_id}")).json()
    assert after["lastModified"] > contact["lastModified"]
    moved = ("email", "lastModified", "version")
    assert {**after, **{name: contact[name] for name in moved}} == contact
    assert after["email"] == "b@example.com"


@PREFIXES
async def test_a_contact_is_found_by_lookup_key(tenant: Tenant, prefix: str) -> None:
    contact_id = await tenant.create(**GIVEN)

    found = await tenant.http.get(f"{prefix}/{tenant.id}/contacts?filter=lookupkeyfields=userId=777374")

    assert (found.status_code, found.json()) == (200, await tenant.contact(contact_id))


async def test_a_lookup_value_may_hold_the_filters_own_equals_sign(tenant: Tenant) -> None:
    contact_id = await tenant.create(custom={"userId": "a=b=c"})

    assert (await tenant.by_identity("a=b=c")).json()["id"] == contact_id


@pytest.mark.parametrize("lookup", ["", "userId=1", "lookupkeyfields=", "lookupkeyfields=userId", "lookupkeyfields==1"])
async def test_a_filter_of_another_shape_is_a_400(tenant: Tenant, lookup: str) -> None:
    answer = await tenant.http.get(f"/databases/{tenant.id}/contacts", params={"filter": lookup})

    assert (answer.status_code, answer.json()["code"]) == (400, "filter-invalid")


@PREFIXES
@pytest.mark.parametrize("destination", [A, "+4915112345678"])
async def test_a_device_comes_to_exist_by_an_upsert_by_channel_and_is_found_by_it(
    tenant: Tenant, prefix: str, destination: str
) -> None:
    device = channel(destination)
    body = {
        "channel": {**device, "status": "OPTED-IN", "consentDate": "1970-01-01T00:00:00.000Z", "consentSource": "app"},
        "contact": contact_input(GIVEN),
    }

    registered = await tenant.http.patch(f"{prefix}/{tenant.id}/contactbychannel", json=body)

    assert registered.status_code == 201
    told = registered.json()
    assert told.keys() == {"id", "location"}
    assert told["location"].endswith(f"/databases/{tenant.id}/contacts/{told['id']}")
    address = f"{device['channelType']}-{device['qualifier']}/{destination}"
    found = (await tenant.http.get(f"{prefix}/{tenant.id}/contactbychannel/{address}")).json()
    assert found == await tenant.contact(told["id"])
    assert found["muid"] == ("muidA" if destination == A else None)
    [shown] = found["channels"]
    assert shown == {
        "id": shown["id"],
        **device,
        "status": "OPTED-IN",
        "consentDate": "1970-01-01T00:00:00Z",
        "consentSource": "app",
        "attributes": {},
    }


async def test_a_device_that_is_registered_again_keeps_its_consent_unless_another_is_given(tenant: Tenant) -> None:
    async def registered(**consent: Any) -> dict[str, Any]:
        body = {"channel": {**channel(A), **consent}}
        contact_id = (await tenant.patch("contactbychannel", body)).json()["id"]
        return dict((await tenant.contact(contact_id))["channels"][0])

    assert (await registered())["status"] == "OPTED-IN", "by default"
    first = await registered(status="OPTED-OUT", consentSource="app", attributes={"timezoneId": "CET"})
    again = await registered(attributes={"carrier": "o2"})

    assert (
        (again["status"], again["consentSource"]) == (first["status"], first["consentSource"]) == ("OPTED-OUT", "app")
    )
    assert again["attributes"] == {"timezoneId": "CET", "carrier": "o2"}


@PREFIXES
async def test_an_upsert_by_lookup_key_changes_the_contact_that_it_names(tenant: Tenant, prefix: str) -> None:
    contact_id = await tenant.create(**GIVEN)
    body = {"lookupKeyFields": [{"name": "userId", "value": "777374"}], "contact": {"leadSource": "web"}}

    answer = await tenant.http.patch(f"{prefix}/{tenant.id}/contactbylookupkey", json=body)

    assert (answer.status_code, answer.json()["id"]) == (200, contact_id)
    contact = await tenant.contact(contact_id)
    assert (contact["leadSource"], contact["email"]) == ("web", GIVEN["email"])


@PREFIXES
async def test_establish_identity_is_served_under_both_prefixes(tenant: Tenant, prefix: str) -> None:
    contact_id = await tenant.register(A)

    body = {"identity": {"name": "userId", "value": "777374"}}
    answer = await tenant.http.put(tenant.path(A).replace("/databases", prefix, 1), json=body)

    assert answer.status_code == 200
    assert answer.json().keys() >= {"winnerRecipientId", "winnerChannelIdentifier"}
    assert type(answer.json()["winnerRecipientId"]) is int
    assert answer.json()["winnerRecipientId"] == contact_id


@PREFIXES
async def test_lookup_keys_are_served_under_both_prefixes(tenant: Tenant, prefix: str) -> None:
    keys = f"{prefix}/{tenant.id}/lookupkeys"
    key = {"databaseId": tenant.id, "field": "Favorite Food", "status": "ACTIVE"}

    put = await tenant.http.put(f"{keys}/Favorite Food", json={})

    assert put.json() == {**key, "duplicateValues": 0, "invalidValues": 0}
    assert (await tenant.http.get(f"{keys}/Favorite Food")).json() == key
    assert key in (await tenant.http.get(keys)).json()["lookupKeys"]
    assert (await tenant.http.delete(f"{keys}/Favorite Food")).status_code == 204
    assert (await tenant.http.put(f"{keys}/Favorite Food")).status_code == 200, "a body is not needed"


@pytest.mark.parametrize(
    ("custom", "text"),
    [
        ({"Unknown": "1"}, "Unknown: Unknown does not exist."),
        ({"Visits": "many"}, "Visits: Visits is not a valid number."),
        ({"Birthday": "28.02.1990"}, "Birthday: Birthday must be formatted as yyyy-MM-dd."),
        ({"Newsletter": "true"}, "Newsletter: Newsletter is not a valid boolean; it must be Yes or No."),
        ({"Size": "XXL"}, "Size: Size is not one of the valid selections for this field."),
    ],
)
@pytest.mark.parametrize("way", WAYS)
async def test_a_value_that_does_not_fit_is_a_422_in_the_vendors_words(
    tenant: Tenant, way: str, custom: dict[str, str], text: str
) -> None:
    contact_id = await tenant.create(custom={"userId": "777374"})

    refused = await tenant.write(way, contact_id, {"email": "late@example.com", "custom": custom})

    assert (refused.status_code, refused.json()["code"]) == (422, "value-invalid")
    assert refused.json()["detail"] == text
    assert (await tenant.contact(contact_id))["email"] is None
    assert (await tenant.by_channel(A)).status_code == 404


async def test_a_missing_required_column_is_a_422_in_the_vendors_words(make_tenant: MakeTenant) -> None:
    tenant = await make_tenant(required=("Country",))

    answer = await tenant.http.post(f"/databases/{tenant.id}/contacts", json={})

    assert answer.status_code == 422
    assert answer.json()["detail"] == "Country: could not validate recipient; required column Country has no value."


@pytest.mark.parametrize("email", ["albert", "albert@", "@gmail.com", "a b@gmail.com", "albert@gmail", ""])
async def test_a_bad_email_is_a_400_in_the_vendors_words(tenant: Tenant, email: str) -> None:
    answer = await tenant.http.post(f"/databases/{tenant.id}/contacts", json={"email": email})

    assert (answer.status_code, answer.json()["detail"]) == (400, "Argument was not a valid email")


async def test_the_404s_are_in_the_vendors_words(tenant: Tenant) -> None:
    contact = await tenant.http.get(f"/databases/{tenant.id}/contacts/1")
    database = await tenant.http.get("/databases/4000000000/contacts/1")
    device = await tenant.establish(A, "777374")

    assert (contact.status_code, contact.json()["detail"]) == (404, "No contact found")
    assert (database.status_code, database.json()["detail"]) == (404, "Database not found")
    assert (device.status_code, device.json()["title"]) == (404, "Not Found")


@pytest.mark.parametrize("way", ["patch", "upsert", "registration"])
async def test_opt_in_details_can_only_be_set_on_a_contact_being_added(tenant: Tenant, way: str) -> None:
    contact_id = await tenant.register(A, optInDetails="OPTED-IN", custom={"userId": "777374"})

    refused = await tenant.write(way, contact_id, {"optInDetails": "OPTED-OUT"})

    assert refused.status_code == 422
    assert refused.json()["detail"] == "optInDetails: optInDetails can only be set on a contact being added."
    assert (await tenant.contact(contact_id))["optInDetails"] == "OPTED-IN"


@pytest.mark.parametrize(
    ("given", "shown"), [("7", "7"), (7, "7"), (7.50, "7.5"), ("-0.0", "0"), ("1e3", "1000"), (2**60, str(2**60))]
)
async def test_a_number_has_one_spelling(tenant: Tenant, given: object, shown: str) -> None:
    contact_id = await tenant.create(custom={"Visits": given})

    assert custom_fields(await tenant.contact(contact_id)) == {"Visits": shown}
