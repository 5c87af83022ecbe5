"""Databases, where an onboarding specialist starts; messages and events of a contact; a device that goes."""

from typing import Any

import pytest

from store.engine import Store
from store.tokens import Scope
from tests.stack import Stack
from tests.tenant import APP_KEY, CAMPAIGN, COLUMNS, MakeTenant, Tenant, channel, client, destinations, token_for

A = "muidA|channelA"
B = "muidB|channelB"


async def post(tenant: Tenant, tail: str, body: dict[str, Any]) -> tuple[int, Any]:
    answer = await tenant.http.post(f"/v1/databases/{tenant.id}{tail}", json=body)
    return answer.status_code, answer.json()


async def show(tenant: Tenant) -> dict[str, Any]:
    answer = await tenant.http.get(f"/v1/databases/{tenant.id}")
    assert answer.status_code == 200
    return dict(answer.json())


async def test_a_database_shows_its_columns_keys_app_keys_campaigns_and_policy(tenant: Tenant) -> None:
    shown = await show(tenant)

    assert (shown["id"], shown["keyed"]) == (tenant.id, False)
    assert shown["created"].endswith("Z")
    assert {column["name"]: column["type"] for column in shown["columns"]} == {
        column.name: column.type.value for column in COLUMNS
    }
    assert {key["field"]: key["status"] for key in shown["lookupKeys"]} == {"userId": "ACTIVE", "Alias Id": "ACTIVE"}
    assert (shown["appKeys"], shown["smsCampaigns"]) == ([APP_KEY], [CAMPAIGN])
    assert shown["policy"] == (await tenant.http.get(f"/v1/databases/{tenant.id}/policy")).json()
    assert (shown["policy"]["version"], shown["policy"]["survivor"]) == (1, "device-contact")
    assert (shown["policy"]["requiredColumns"], shown["policy"]["lookupKeys"]) == ([], ["Alias Id", "userId"])


async def test_a_database_is_made_ready_for_establish_identity_over_http(stack: Stack, store: Store) -> None:
    bearer = await token_for(store, None, [Scope.ADMIN])
    async with client(stack.url, bearer) as http:
        created = await http.post("/v1/databases", json={"name": "from nothing"})
        assert created.status_code == 201
        tenant = Tenant(created.json()["id"], http)
        assert created.headers["location"] == f"{stack.url}/v1/databases/{tenant.id}"
        assert (await post(tenant, "/columns", {"name": "userId"}))[0] == 201
        assert (await http.put(f"/databases/{tenant.id}/lookupkeys/userId", json={})).json()["status"] == "ACTIVE"
        assert await post(tenant, "/appkeys", {"name": APP_KEY}) == (201, {"name": APP_KEY})
        assert await post(tenant, "/campaigns", {"name": CAMPAIGN}) == (201, {"name": CAMPAIGN})
        await tenant.register(A, custom={"userId": "777374"})
        await tenant.register("+4915112345678")

        assert (await tenant.established("+4915112345678", "777374"))["outcome"] == "merged"


async def test_a_chosen_id_that_is_taken_is_a_409(stack: Stack, store: Store, tenant: Tenant) -> None:
    bearer = await token_for(store, None, [Scope.ADMIN])

    async with client(stack.url, bearer) as http:
        answer = await http.post("/v1/databases", json={"id": tenant.id, "name": "again"})

    assert (answer.status_code, answer.json()["code"]) == (409, "name-taken")


async def test_only_the_databases_of_the_token_are_listed(make_tenant: MakeTenant) -> None:
    mine, _ = await make_tenant(), await make_tenant()

    listed = (await mine.http.get("/v1/databases")).json()["databases"]

    assert listed == [await show(mine)]


async def test_a_column_is_added_with_its_type_and_required_flag(tenant: Tenant) -> None:
    column = {"name": "Shoe Size", "type": "selection", "required": True, "selections": ["41", "42"]}

    assert await post(tenant, "/columns", column) == (201, column)

    shown = await show(tenant)
    assert column in shown["columns"]
    assert shown["policy"]["requiredColumns"] == ["Shoe Size"]
    assert (await tenant.http.post(f"/databases/{tenant.id}/contacts", json={})).status_code == 422
    await tenant.create(custom={"Shoe Size": "42"})


@pytest.mark.parametrize(
    ("column", "status", "code"),
    [
        ({"name": "Favorite Food"}, 409, "name-taken"),
        ({"name": "email"}, 422, "value-invalid"),
        ({"name": "muid"}, 422, "value-invalid"),
        ({"name": "created"}, 422, "value-invalid"),
        ({"name": " edge"}, 422, "value-invalid"),
        ({"name": "More", "type": "selection"}, 422, "value-invalid"),
        ({"name": "More", "type": "text", "selections": ["S"]}, 422, "value-invalid"),
        ({"name": "More", "type": "colour"}, 422, "request-invalid"),
    ],
)
async def test_a_column_that_cannot_be_is_refused(
    tenant: Tenant, column: dict[str, Any], status: int, code: str
) -> None:
    before = await show(tenant)

    told = await post(tenant, "/columns", column)

    assert (told[0], told[1]["code"]) == (status, code)
    assert await show(tenant) == before


async def test_a_policy_change_makes_a_new_version_which_the_next_plan_pins(tenant: Tenant) -> None:
    await tenant.create(custom={"userId": "777374"})
    await tenant.register(A)
    first = await tenant.preview(A, "777374")
    answer = await tenant.put_policy({"survivor": "lookup-contact"})
    same = await tenant.put_policy({"survivor": "lookup-contact"})

    told = await tenant.established(A, "777374")

    assert (first["policy"]["version"], answer.json()["version"], same.json()["version"]) == (1, 2, 2)
    plan = (await tenant.merge(told["mergeId"]))["plan"]
    assert (plan["policy"]["version"], plan["policy"]["survivor"]) == (2, "lookup-contact")
    assert plan["survivor"] == plan["older"] != first["survivor"]


async def test_a_survivor_that_no_policy_knows_is_a_422(tenant: Tenant) -> None:
    answer = await tenant.put_policy({"survivor": "richer"})

    assert (answer.status_code, (await show(tenant))["policy"]["version"]) == (422, 1)


async def test_messages_are_added_and_listed_newest_first(tenant: Tenant) -> None:
    contact_id = await tenant.register(A)
    bodies: list[dict[str, Any]] = [
        {"messageName": "older", "sentDate": "2017-08-01", "body": "Hello"},
        {"messageName": "newer", "channel": "SMS", "sentDate": "2017-08-15", "expires": "2999-01-01T00:00:00Z"},
        {"messageName": "expired", "expires": "2018-01-01"},
    ]
    for body in bodies:
        status, told = await post(tenant, f"/contacts/{contact_id}/messages", body)
        assert (status, told.keys()) == (201, {"id"})

    shown = (await tenant.http.get(f"/v1/databases/{tenant.id}/contacts/{contact_id}/messages")).json()

    assert [{name: value for name, value in one.items() if name != "id"} for one in shown] == [
        {
            "messageName": "newer",
            "channel": "SMS",
            "body": None,
            "sentDate": "2017-08-15T00:00:00Z",
            "expires": "2999-01-01T00:00:00Z",
        },
        {
            "messageName": "older",
            "channel": "PUSH",
            "body": "Hello",
            "sentDate": "2017-08-01T00:00:00Z",
            "expires": None,
        },
    ]


async def test_events_are_added_and_listed_newest_first(tenant: Tenant) -> None:
    contact_id = await tenant.register(A)
    for body in (
        {"type": "opened", "occurred": "2017-08-01"},
        {"type": "clicked", "occurred": "2017-08-15T10:00:00.5Z", "attributes": {"link": "/offer"}},
    ):
        assert (await post(tenant, f"/contacts/{contact_id}/events", body))[0] == 201

    shown = (await tenant.http.get(f"/v1/databases/{tenant.id}/contacts/{contact_id}/events")).json()

    assert [{name: value for name, value in one.items() if name != "id"} for one in shown] == [
        {
            "type": "clicked",
            "occurred": "2017-08-15T10:00:00.5Z",
            "recordedOn": contact_id,
            "attributes": {"link": "/offer"},
        },
        {"type": "opened", "occurred": "2017-08-01T00:00:00Z", "recordedOn": contact_id, "attributes": {}},
    ]


@pytest.mark.parametrize("kind", ["messages", "events"])
async def test_messages_and_events_of_an_unknown_contact_are_a_404(tenant: Tenant, kind: str) -> None:
    body = {"messages": {"messageName": "m"}, "events": {"type": "e"}}[kind]

    added = await tenant.http.post(f"/v1/databases/{tenant.id}/contacts/1/{kind}", json=body)
    listed = await tenant.http.get(f"/v1/databases/{tenant.id}/contacts/1/{kind}")

    assert {answer.json()["detail"] for answer in (added, listed)} == {"No contact found"}


async def test_a_removed_device_is_unknown_and_its_contact_stays(tenant: Tenant) -> None:
    for destination in (A, B):
        await tenant.register(destination, email="a@example.com")
        survivor = (await tenant.established(destination, "777374"))["winnerRecipientId"]
    before = await tenant.contact(survivor)
    [device] = [one for one in before["channels"] if one["destination"] == A]

    removed = await tenant.http.delete(f"/v1/databases/{tenant.id}/devices/{device['id']}")

    assert removed.status_code == 204
    after = await tenant.contact(survivor)
    assert destinations(after) == {B}
    assert {**after, "channels": None, "version": None} == {**before, "channels": None, "version": None}
    assert (await tenant.by_channel(A)).status_code == 404
    assert (await tenant.establish(A, "777374")).status_code == 404
    again = await tenant.http.delete(f"/v1/databases/{tenant.id}/devices/{device['id']}")
    assert (again.status_code, again.json()["code"]) == (404, "device-not-found")


async def test_a_removed_device_that_registers_again_is_a_new_contact(tenant: Tenant) -> None:
    contact_id = await tenant.register(A)
    [device] = (await tenant.contact(contact_id))["channels"]
    await tenant.http.delete(f"/v1/databases/{tenant.id}/devices/{device['id']}")

    assert await tenant.register(A) != contact_id
    assert (await tenant.contact(contact_id))["channels"] == []


async def test_a_device_of_another_database_is_unknown(make_tenant: MakeTenant) -> None:
    mine, theirs = await make_tenant(), await make_tenant()
    contact_id = await theirs.register(A)
    [device] = (await theirs.contact(contact_id))["channels"]

    answer = await mine.http.delete(f"/v1/databases/{mine.id}/devices/{device['id']}")

    assert (answer.status_code, answer.json()["code"]) == (404, "device-not-found")
    assert destinations(await theirs.contact(contact_id)) == {A}


@pytest.mark.parametrize("destination", [A, "+4915112345678"])
async def test_a_device_of_an_unknown_app_key_or_campaign_is_a_404(tenant: Tenant, destination: str) -> None:
    device = {**channel(destination), "qualifier": "unknown"}

    answer = await tenant.patch("contactbychannel", {"channel": device})

    assert (answer.status_code, answer.json()["code"]) == (404, "qualifier-unknown")
