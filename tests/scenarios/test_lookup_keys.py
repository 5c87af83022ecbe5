"""The design's "Edges, decided": lookup keys that can't be yet, that go, and upserts that name several."""

import pytest

from tests.tenant import Tenant, custom_fields, identities

A = "muidA|channelA"
CARD = "Loyalty Card"


async def put_key(tenant: Tenant, field: str) -> dict[str, object]:
    answer = await tenant.http.put(f"/databases/{tenant.id}/lookupkeys/{field}", json={})
    assert answer.status_code == 200
    return dict(answer.json())


async def test_a_lookup_key_over_duplicate_values_stays_pending_and_says_how_many(tenant: Tenant) -> None:
    contacts = [await tenant.create(custom={CARD: value}) for value in ("L-1", "L-1", "L-1", "L-2", "L-2", "L-3")]

    told = await put_key(tenant, CARD)

    assert told == {
        "databaseId": tenant.id,
        "field": CARD,
        "status": "CREATE_PENDING",
        "duplicateValues": 2,
        "invalidValues": 0,
    }
    assert (await tenant.http.get(f"/databases/{tenant.id}/lookupkeys/{CARD}")).json()["status"] == "CREATE_PENDING"
    assert custom_fields(await tenant.contact(contacts[0])) == {CARD: "L-1"}
    await tenant.register(A)
    assert (await tenant.establish(A, "L-3", CARD)).json()["code"] == "lookup-key-inactive"
    assert (await tenant.by_identity("L-3", CARD)).json()["code"] == "lookup-key-inactive"


async def test_a_pending_lookup_key_becomes_active_once_its_values_are_mended(tenant: Tenant) -> None:
    first, second = [await tenant.create(custom={CARD: "L-1"}) for _ in range(2)]
    await put_key(tenant, CARD)
    await tenant.patch_contact(second, custom={CARD: "L-2"})

    told = await put_key(tenant, CARD)

    assert (told["status"], told["duplicateValues"]) == ("ACTIVE", 0)
    assert identities(await tenant.contact(first)) == custom_fields(await tenant.contact(first)) == {CARD: "L-1"}
    await tenant.register(A)
    assert (await tenant.established(A, "L-1", CARD))["outcome"] == "merged"


async def test_values_that_no_identity_can_have_keep_a_lookup_key_pending(tenant: Tenant) -> None:
    for value in (" edge", "", "L-1"):
        await tenant.create(custom={CARD: value})

    told = await put_key(tenant, CARD)

    assert (told["status"], told["duplicateValues"], told["invalidValues"]) == ("CREATE_PENDING", 0, 2)


async def test_two_spellings_of_one_value_are_duplicates(tenant: Tenant) -> None:
    for value in ("Zo\u00eb", "Zoe\u0308"):
        await tenant.create(custom={CARD: value})

    assert (await put_key(tenant, CARD))["duplicateValues"] == 1


async def test_absorbed_contacts_do_not_keep_a_lookup_key_pending(tenant: Tenant) -> None:
    await tenant.create(custom={CARD: "L-1", "userId": "777374"})
    survivor = await tenant.register(A, custom={CARD: "L-1"})
    await tenant.established(A, "777374")

    assert (await put_key(tenant, CARD))["status"] == "ACTIVE"
    assert identities(await tenant.contact(survivor)) == {CARD: "L-1", "userId": "777374"}


async def test_deleting_a_lookup_key_keeps_the_column_and_frees_the_identities(tenant: Tenant) -> None:
    contact_id = await tenant.register(A, custom={"userId": "777374"})

    deleted = await tenant.http.delete(f"/databases/{tenant.id}/lookupkeys/userId")

    assert deleted.status_code == 204
    contact = await tenant.contact(contact_id)
    assert (identities(contact), custom_fields(contact)) == ({}, {"userId": "777374"})
    assert (await tenant.by_identity("777374")).json()["code"] == "lookup-key-inactive"
    assert (await tenant.establish(A, "777374")).json()["code"] == "lookup-key-inactive"
    await tenant.create(custom={"userId": "777374"})
    assert (await tenant.http.get(f"/databases/{tenant.id}/lookupkeys/userId")).json()["code"] == "lookup-key-not-found"
    assert (await tenant.http.delete(f"/databases/{tenant.id}/lookupkeys/userId")).status_code == 404


async def test_a_lookup_key_needs_a_column(tenant: Tenant) -> None:
    answer = await tenant.http.put(f"/databases/{tenant.id}/lookupkeys/Unknown", json={})

    assert (answer.status_code, answer.json()["code"]) == (404, "column-not-found")


async def test_a_lookup_key_that_exists_is_answered_again(tenant: Tenant) -> None:
    assert (await put_key(tenant, "Alias Id"))["status"] == "ACTIVE"


async def test_lookup_keys_as_the_vendors_swagger_lists_them(tenant: Tenant) -> None:
    listed = await tenant.http.get(f"/databases/{tenant.id}/lookupkeys")

    keys = [{"databaseId": tenant.id, "field": name, "status": "ACTIVE"} for name in ("Alias Id", "userId")]
    assert listed.json() == {"lookupKeys": keys}
    one = await tenant.http.get(f"/databases/{tenant.id}/lookupkeys/Alias%20Id")
    assert one.json() == keys[0]


async def test_an_upsert_with_several_pairs_that_agree_changes_the_one_contact(tenant: Tenant) -> None:
    contact_id = await tenant.create(custom={"userId": "777374", "Alias Id": "4567"})

    answer = await tenant.upsert({"userId": "777374", "Alias Id": "4567"}, email="a@example.com")

    assert (answer.status_code, answer.json()["id"]) == (200, contact_id)
    assert (await tenant.contact(contact_id))["email"] == "a@example.com"


async def test_an_upsert_gives_the_contact_a_pair_that_nobody_holds(tenant: Tenant) -> None:
    contact_id = await tenant.create(custom={"userId": "777374"})

    assert (await tenant.upsert({"userId": "777374", "Alias Id": "4567"})).json()["id"] == contact_id
    assert identities(await tenant.contact(contact_id)) == {"userId": "777374", "Alias Id": "4567"}


async def test_an_upsert_whose_pairs_are_of_two_contacts_is_a_409(tenant: Tenant) -> None:
    one = await tenant.contact(await tenant.create(custom={"userId": "777374"}))
    two = await tenant.contact(await tenant.create(custom={"Alias Id": "4567"}))

    answer = await tenant.upsert({"userId": "777374", "Alias Id": "4567"}, email="a@example.com")

    assert (answer.status_code, answer.json()["code"]) == (409, "lookup-keys-disagree")
    assert [await tenant.contact(contact["id"]) for contact in (one, two)] == [one, two]


async def test_an_upsert_that_contradicts_the_contacts_other_identity_is_a_409(tenant: Tenant) -> None:
    contact_id = await tenant.create(custom={"userId": "777374", "Alias Id": "4567"})

    answer = await tenant.upsert({"userId": "777374", "Alias Id": "another"})

    assert (answer.status_code, answer.json()["code"]) == (409, "lookup-keys-disagree")
    assert identities(await tenant.contact(contact_id))["Alias Id"] == "4567"


@pytest.mark.parametrize("keys", [{"userId": "777374"}, {"userId": "777374", "Alias Id": "4567"}])
async def test_an_upsert_that_finds_nobody_creates_one_with_those_identities(
    tenant: Tenant, keys: dict[str, str]
) -> None:
    answer = await tenant.upsert(keys, custom={"Favorite Food": "Pizza"})

    assert answer.status_code == 201
    created = await tenant.contact(answer.json()["id"])
    assert identities(created) == keys
    assert custom_fields(created) == {**keys, "Favorite Food": "Pizza"}
    assert answer.json()["location"].endswith(f"/databases/{tenant.id}/contacts/{created['id']}")


async def test_an_upsert_by_a_column_that_is_no_lookup_key_is_a_422(tenant: Tenant) -> None:
    answer = await tenant.upsert({"Favorite Food": "Pizza"})

    assert (answer.status_code, answer.json()["code"]) == (422, "lookup-key-inactive")


async def test_a_lookup_by_several_pairs_finds_the_contact_that_holds_all(tenant: Tenant) -> None:
    contact_id = await tenant.create(custom={"userId": "777374", "Alias Id": "4567"})
    await tenant.create(custom={"userId": "other"})

    async def found(pairs: str) -> tuple[int, object]:
        answer = await tenant.http.get(
            f"/databases/{tenant.id}/contacts", params={"filter": f"lookupkeyfields={pairs}"}
        )
        return answer.status_code, answer.json().get("id")

    assert await found("userId=777374;Alias Id=4567") == (200, contact_id)
    assert (await found("userId=other;Alias Id=4567"))[0] == 404
    assert (await found("userId=nobody"))[0] == 404


@pytest.mark.parametrize("way", ["put", "post", "preview", "upsert"])
async def test_an_identity_that_its_column_can_not_hold_is_refused_and_nothing_changes(
    tenant: Tenant, way: str
) -> None:
    await put_key(tenant, "Visits")
    device = await tenant.contact(await tenant.register(A))

    if way == "put":
        answer = await tenant.establish(A, "abc", "Visits")
    elif way == "upsert":
        answer = await tenant.upsert({"Visits": "abc"})
    else:
        path = {"post": "/v1/merges", "preview": "/v1/merges/preview"}[way]
        answer = await tenant.http.post(path, json=tenant.specification(A, "abc", "Visits"))

    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["column"]) == (422, "value-invalid", "Visits")
    assert await tenant.contact(device["id"]) == device
    assert (await tenant.by_identity("abc", "Visits")).status_code == 404


async def test_an_identity_is_established_and_found_under_every_spelling_of_its_number(tenant: Tenant) -> None:
    await put_key(tenant, "Visits")
    await tenant.register(A)

    assert (await tenant.established(A, "7.0", "Visits"))["outcome"] == "assigned"

    holder = (await tenant.by_channel(A)).json()
    assert identities(holder)["Visits"] == "7"
    for spelling in ("7", "7.0", "07"):
        assert (await tenant.by_identity(spelling, "Visits")).json() == holder
    assert (await tenant.established(A, "07", "Visits"))["outcome"] == "unchanged"


@pytest.mark.parametrize("value", ["a;b", ";", "a;;b", ";a", "a;", "x;Alias Id=4567"])
async def test_a_value_that_holds_a_semicolon_is_found_where_it_is_doubled(tenant: Tenant, value: str) -> None:
    contact_id = await tenant.create(custom={"userId": value, "Alias Id": "4567"})
    doubled = value.replace(";", ";;")
    for pairs in (f"userId={doubled}", f"userId={doubled};Alias Id=4567", f"Alias Id=4567;userId={doubled}"):
        answer = await tenant.http.get(
            f"/databases/{tenant.id}/contacts", params={"filter": f"lookupkeyfields={pairs}"}
        )
        assert (answer.status_code, answer.json()["id"]) == (200, contact_id), pairs
