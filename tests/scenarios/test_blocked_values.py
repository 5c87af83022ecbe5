"""Values that stand for nobody are no identities, in whatever way they are given."""

from dataclasses import replace
from typing import Any

import pytest

from domain.approval import PLACEHOLDERS
from store import loading
from store.engine import Store
from tests.contacts import contact
from tests.tenant import WAYS, Tenant, custom_fields, identities

A = "muidA|channelA"
B = "muidB|channelB"
VALUES = ["unknown", "NULL", "000-000", "0", "N/a"]
REFUSED = (422, "identity-blocked")


async def block(tenant: Tenant, *values: str) -> None:
    answer = await tenant.put_policy({"blockedValues": list(values)})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("value", VALUES)
async def test_a_blocked_value_is_refused_on_every_way_of_writing_and_nothing_changes(
    tenant: Tenant, way: str, value: str
) -> None:
    known = await tenant.create(custom={"Alias Id": "known"})
    before = await tenant.contact(known)

    given = {"email": "new@example.com", "custom": {"userId": value}}
    answer = await tenant.write(way, known, given, by=("Alias Id", "known"))

    assert (answer.status_code, answer.json()["code"]) == REFUSED
    assert answer.headers["content-type"] == "application/problem+json"
    assert "userId" in answer.json()["detail"]
    assert await tenant.contact(known) == before
    assert (await tenant.by_identity(value)).status_code == 404
    assert (await tenant.by_channel(A)).status_code == 404


@pytest.mark.parametrize("value", VALUES)
async def test_an_upsert_by_a_blocked_value_is_refused_and_creates_nobody(tenant: Tenant, value: str) -> None:
    answer = await tenant.upsert({"userId": value}, email="new@example.com")

    assert (answer.status_code, answer.json()["code"]) == REFUSED
    assert (await tenant.by_identity(value)).status_code == 404


@pytest.mark.parametrize("route", ["put", "post", "preview"])
@pytest.mark.parametrize("value", [*VALUES, *PLACEHOLDERS])
async def test_a_blocked_value_is_never_established(tenant: Tenant, route: str, value: str) -> None:
    device = await tenant.contact(await tenant.register(A))

    if route == "put":
        answer = await tenant.establish(A, value)
    else:
        path = {"post": "/v1/merges", "preview": "/v1/merges/preview"}[route]
        answer = await tenant.http.post(path, json=tenant.specification(A, value))

    assert (answer.status_code, answer.json()["code"]) == REFUSED
    assert answer.headers["content-type"] == "application/problem+json"
    assert await tenant.contact(device["id"]) == device
    merges = await tenant.http.get("/v1/merges", params={"databaseId": tenant.id})
    assert merges.json()["merges"] == [], "no run was started"


async def test_an_unknown_device_does_not_hide_that_the_value_is_blocked(tenant: Tenant) -> None:
    assert (await tenant.establish(A, "unknown")).json()["code"] == "identity-blocked"


@pytest.mark.parametrize("value", ["tester", "0001", "Mr. Null"])
async def test_what_only_resembles_a_blocked_value_is_an_identity(tenant: Tenant, value: str) -> None:
    await tenant.register(A, custom={"Alias Id": value})
    assert (await tenant.established(A, value))["outcome"] == "assigned"


async def test_a_column_that_is_no_lookup_key_holds_any_value(tenant: Tenant) -> None:
    contact_id = await tenant.register(A, custom={"Favorite Food": "unknown", "Visits": "0", "Newsletter": "No"})
    assert custom_fields(await tenant.contact(contact_id))["Favorite Food"] == "unknown"


async def test_the_list_is_the_database_s_own_and_zeros_are_blocked_without_it(tenant: Tenant) -> None:
    await block(tenant, "Walk-In")
    await tenant.register(A, custom={"userId": "unknown"})
    await tenant.register(B)

    refused = [await tenant.establish(B, value) for value in ("walk-in", "WALK-IN", "0000")]

    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {REFUSED}
    assert "walk-in" not in refused[0].text
    assert (await tenant.established(B, "unknown"))["outcome"] == "merged"


async def test_a_value_that_is_blocked_later_stays_where_it_is_and_still_resolves(tenant: Tenant) -> None:
    holder = await tenant.register(A, custom={"userId": "walk-in"})
    await tenant.register(B)
    await block(tenant, "walk-in")

    assert (await tenant.by_identity("walk-in")).json()["id"] == holder
    for answer in (await tenant.establish(B, "walk-in"), await tenant.establish(A, "walk-in")):
        assert (answer.status_code, answer.json()["code"]) == REFUSED
    assert (await tenant.upsert({"userId": "walk-in"}, email="a@example.com")).json()["code"] == "identity-blocked"
    assert (await tenant.patch_contact(holder, email="a@example.com")).status_code == 204
    assert identities(await tenant.contact(holder)) == {"userId": "walk-in"}
    assert (await tenant.established(A, "777374"))["outcome"] == "reassigned"
    await block(tenant)
    assert (await tenant.established(B, "walk-in"))["outcome"] == "assigned"


async def test_a_contact_with_a_blocked_value_under_another_name_can_be_merged(tenant: Tenant) -> None:
    await tenant.register(A, custom={"userId": "777374", "Alias Id": "walk-in"})
    await tenant.register(B)
    await block(tenant, "walk-in")

    told = await tenant.established(B, "777374")

    assert identities(await tenant.contact(told["winnerRecipientId"])) == {"userId": "777374", "Alias Id": "walk-in"}


async def test_what_another_system_holds_already_is_loaded_as_it_is(tenant: Tenant, store: Store) -> None:
    given: Any = contact(1, "2020-01-01", identities={"userId": "unknown"})
    contact_id = await loading.load(store, replace(given, database_id=tenant.id))

    assert (await tenant.by_identity("unknown")).json()["id"] == contact_id
