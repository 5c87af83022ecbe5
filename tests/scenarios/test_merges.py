"""Merges as they stand: one by id, pages of them, and the PUT's twin whose URL holds no phone number."""

from typing import Any
from uuid import uuid4

import pytest

from store.engine import Store
from store.tokens import Scope
from tests.tenant import MakeTenant, Tenant, client, token_for

A = "muidA|channelA"
B = "muidB|channelB"
PHONE = "+4915112345678"
ENDS = {"merged": 200, "assigned": 200, "reassigned": 200, "unchanged": 200, "not_found": 404, "blocked": 500}
NO_SUCH_MERGE = "No merge has this id."


async def end(make_tenant: MakeTenant, outcome: str, *, twin: bool = False) -> tuple[Tenant, int, dict[str, Any]]:
    """Makes a request end so; returns its status and what it was told."""
    tenant = await make_tenant(required=("Country",) if outcome == "blocked" else ())
    if outcome != "not_found":
        await tenant.register(A)
    if outcome == "merged":
        await tenant.create(custom={"userId": "777374"})
    if outcome in {"reassigned", "unchanged"}:
        await tenant.established(A, "old" if outcome == "reassigned" else "777374")
    if twin:
        answer = await tenant.http.post("/v1/merges", json=tenant.specification(A, "777374"))
    else:
        answer = await tenant.establish(A, "777374")
    return tenant, answer.status_code, dict(answer.json())


@pytest.mark.parametrize("outcome", ENDS)
async def test_every_outcome_names_its_merge_and_its_receipt(make_tenant: MakeTenant, outcome: str) -> None:
    tenant, status, told = await end(make_tenant, outcome)

    assert (status, told["outcome"]) == (ENDS[outcome], outcome)
    assert told["receipt"].keys() == {"database", "seq", "entry_hash"}
    assert (told["receipt"]["database"], len(told["receipt"]["entry_hash"])) == (tenant.id, 64)
    merge = await tenant.merge(told["mergeId"])
    assert (merge["id"], merge["databaseId"]) == (told["mergeId"], tenant.id)
    assert (merge["state"], merge["outcome"]) == ("done", outcome)
    assert merge["receipt"] == told["receipt"]
    assert (merge["plan"]["outcome"], merge["plan"]["revision"]) == (outcome, 1)
    assert merge["requested"]["at"] <= merge["settled"]
    if status == 200:
        assert merge["winnerRecipientId"] == told["winnerRecipientId"]
        assert merge["winnerChannelIdentifier"] == told["winnerChannelIdentifier"]


@pytest.mark.parametrize("outcome", ENDS)
async def test_the_body_only_twin_ends_as_the_put_does(make_tenant: MakeTenant, outcome: str) -> None:
    tenant, status, told = await end(make_tenant, outcome, twin=True)

    assert (status, told["outcome"]) == (422 if outcome == "blocked" else ENDS[outcome], outcome)
    assert (await tenant.merge(told["mergeId"]))["receipt"] == told["receipt"]
    if outcome == "blocked":
        assert told["code"] == "required-column-empty"
        assert told["detail"] == "Country: could not validate recipient; required column Country has no value."


async def test_the_twin_takes_a_phone_number_and_the_flags_in_its_body(tenant: Tenant) -> None:
    lookup = await tenant.create(crmSyncId="crm-1", custom={"userId": "777374"})
    await tenant.register(PHONE)

    body = tenant.specification(PHONE, "777374", useCrmContactAsWinner=True, mergeEvents="false")
    told = (await tenant.http.post("/v1/merges", json=body)).json()

    assert (told["outcome"], told["winnerRecipientId"]) == ("merged", lookup)
    request = (await tenant.merge(told["mergeId"]))["plan"]["request"]
    assert request == {**body, "mergeEvents": False}


async def test_a_repeated_request_is_a_merge_of_its_own_that_answers_unchanged(tenant: Tenant) -> None:
    await tenant.create(custom={"userId": "777374"})
    await tenant.register(A)

    first, again = [await tenant.established(A, "777374") for _ in range(2)]

    assert [first["outcome"], again["outcome"]] == ["merged", "unchanged"]
    assert first["mergeId"] != again["mergeId"]
    assert again["receipt"]["seq"] > first["receipt"]["seq"]  # events may be sealed in between
    assert again["winnerRecipientId"] == first["winnerRecipientId"]
    assert (await tenant.merge(first["mergeId"]))["outcome"] == "merged", "its stored answer stays"


async def test_a_merge_that_nobody_started_is_a_404(tenant: Tenant) -> None:
    answer = await tenant.http.get(f"/v1/merges/{uuid4()}")

    assert (answer.status_code, answer.json()["detail"]) == (404, NO_SUCH_MERGE)


async def test_a_merge_of_another_database_answers_as_one_that_does_not_exist(make_tenant: MakeTenant) -> None:
    mine, theirs = await make_tenant(), await make_tenant()
    await theirs.register(A)
    told = await theirs.established(A, "777374")

    foreign = await mine.http.get(f"/v1/merges/{told['mergeId']}")

    missing = await mine.http.get(f"/v1/merges/{uuid4()}")
    assert (foreign.status_code, foreign.json()) == (missing.status_code, missing.json()) == (404, missing.json())


async def test_a_merge_id_that_is_none_is_a_422(tenant: Tenant) -> None:
    assert (await tenant.http.get("/v1/merges/1234")).status_code == 422


async def pages(tenant: Tenant, **query: Any) -> list[list[str]]:
    """The ids of all pages from the first to the last."""
    read: list[list[str]] = []
    after: dict[str, str] = {}
    while True:
        answer = await tenant.http.get("/v1/merges", params={"databaseId": tenant.id, **query, **after})
        assert answer.status_code == 200, answer.text
        read.append([merge["id"] for merge in answer.json()["merges"]])
        if answer.json()["next"] is None:
            return read
        after = {"after": answer.json()["next"]}


async def settled(tenant: Tenant, count: int, prefix: str = "v") -> list[str]:
    """The ids of so many merges, newest first."""
    await tenant.register(A)
    told = [await tenant.established(A, f"{prefix}{number}") for number in range(count)]
    return [one["mergeId"] for one in reversed(told)]


async def test_merges_are_listed_newest_first_in_pages(tenant: Tenant) -> None:
    newest_first = await settled(tenant, 5)

    assert await pages(tenant) == [newest_first]
    assert await pages(tenant, limit=2) == [newest_first[:2], newest_first[2:4], newest_first[4:]]
    assert await pages(tenant, limit=5) == [newest_first], "a full last page has no next one"
    assert await pages(tenant, limit=2, state="done") == await pages(tenant, limit=2)
    assert await pages(tenant, state="merging") == [[]]


async def test_a_listed_merge_is_the_one_that_its_id_shows(tenant: Tenant) -> None:
    [merge_id] = await settled(tenant, 1)

    listed = (await tenant.http.get("/v1/merges", params={"databaseId": tenant.id})).json()

    whole = await tenant.merge(merge_id)
    told = {name: whole.pop(name) for name in ("decisions", "revisions", "comments")}
    assert listed == {"merges": [whole], "next": None}
    assert told == {"decisions": [], "revisions": [], "comments": []}, "nobody was asked"


async def test_a_page_is_stable_while_rows_are_added(tenant: Tenant) -> None:
    newest_first = await settled(tenant, 4)
    query = {"databaseId": tenant.id, "limit": 2}
    first = (await tenant.http.get("/v1/merges", params=query)).json()

    added = await settled(tenant, 3, "added")
    second = (await tenant.http.get("/v1/merges", params={**query, "after": first["next"]})).json()

    assert [merge["id"] for merge in (*first["merges"], *second["merges"])] == newest_first
    assert second["next"] is None
    assert [merge_id for page in await pages(tenant, limit=2) for merge_id in page] == added + newest_first


async def test_without_a_database_id_all_databases_of_the_token_are_listed(
    make_tenant: MakeTenant, store: Store
) -> None:
    one, two, foreign = [await make_tenant() for _ in range(3)]
    mine = [(await settled(tenant, 1))[0] for tenant in (one, two)]
    await settled(foreign, 1)
    bearer = await token_for(store, [one.id, two.id], [Scope.MERGES_READ])

    async with client(str(one.http.base_url), bearer) as http:
        listed = (await http.get("/v1/merges")).json()
        other = await http.get("/v1/merges", params={"databaseId": foreign.id})

    assert [merge["id"] for merge in listed["merges"]] == list(reversed(mine))
    assert (other.status_code, other.json()["title"]) == (404, "Database not found")


@pytest.mark.parametrize("cursor", ["x", "%00", "bm90IGpzb24=", "WyIyMDE3LTA4LTE1VDAwOjAwOjAwWiIsIDFd", "W10="])
async def test_a_cursor_that_was_not_issued_here_is_a_400(tenant: Tenant, cursor: str) -> None:
    answer = await tenant.http.get("/v1/merges", params={"databaseId": tenant.id, "after": cursor})

    assert (answer.status_code, answer.json()["code"]) == (400, "cursor-invalid")


@pytest.mark.parametrize("query", [{"state": "half-way"}, {"limit": 0}, {"limit": 201}, {"databaseId": 0}])
async def test_a_query_that_is_none_is_a_422(tenant: Tenant, query: dict[str, Any]) -> None:
    answer = await tenant.http.get("/v1/merges", params={"databaseId": tenant.id, **query})

    assert (answer.status_code, answer.json()["code"]) == (422, "request-invalid")
