"""People: what they may follows from their roles, in each database and at the moment of each call."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from domain.roles import Role
from store import databases, people, tokens
from store.engine import Store
from store.tokens import Scope
from tests.scenarios.test_tokens import NEEDS
from tests.stack import Stack
from tests.tenant import MakeTenant, Tenant, client, person_token, token_for

A = "muidA|channelA"
READING = {Scope.CONTACTS_READ, Scope.DATABASES_READ, Scope.MERGES_READ}
MAY = {
    Role.REQUESTER: READING | {Scope.CONTACTS_WRITE, Scope.MERGES_REQUEST},
    Role.SPECIALIST: READING | {Scope.DATABASES_WRITE, Scope.MERGES_DECIDE},
    Role.AUDITOR: READING,
    Role.ADMIN: set(Scope) - {Scope.MERGES_DECIDE},
}
SAM = "sam.{id}@onefold.example"


async def add_column(http: httpx.AsyncClient, database_id: int, name: str = "More") -> int:
    return (await http.post(f"/v1/databases/{database_id}/columns", json={"name": name})).status_code


async def status(http: httpx.AsyncClient, path: str) -> int:
    return (await http.get(path)).status_code


@pytest.mark.parametrize("role", Role)
async def test_a_role_gives_its_scopes_and_no_other(stack: Stack, store: Store, tenant: Tenant, role: Role) -> None:
    bearer = await person_token(store, [tenant.id], role)

    async with client(stack.url, bearer) as http:
        for method, path, body, scope in NEEDS:
            answer = await http.request(method, path.format(id=tenant.id), json=body)
            creates_database = path == "/v1/databases" and method == "POST"
            allowed = scope in MAY[role] and not creates_database
            refused = (answer.status_code, answer.json().get("code") if answer.status_code == 403 else None)
            assert (refused == (403, "scope-missing")) != allowed, (method, path, refused)


async def test_two_roles_in_two_databases_are_just_that(stack: Stack, store: Store, make_tenant: MakeTenant) -> None:
    one, two, foreign = await make_tenant(), await make_tenant(), await make_tenant()
    email = SAM.format(id=one.id)
    await person_token(store, [one.id], Role.SPECIALIST, email)
    bearer = await person_token(store, [two.id], Role.AUDITOR, email)
    for database in (one, two, foreign):
        await database.register(A)
        await database.established(A, "777374")

    async with client(stack.url, bearer) as http:
        assert (await add_column(http, one.id), await add_column(http, two.id)) == (201, 403)
        for database in (one, two):
            assert await status(http, f"/databases/{database.id}/contacts?filter=lookupkeyfields=userId=777374") == 200
            assert (await Tenant(database.id, http).establish(A, "777375")).status_code == 403
        listed = (await http.get("/v1/databases")).json()["databases"]
        merges = (await http.get("/v1/merges")).json()["merges"]
        missing = await http.get("/v1/databases/4000000000")
        hidden = await http.get(f"/v1/databases/{foreign.id}")
        theirs = (await foreign.http.get("/v1/merges")).json()["merges"][0]["id"]
        assert await status(http, f"/v1/merges/{theirs}") == 404

    assert [database["id"] for database in listed] == [one.id, two.id]
    assert {merge["databaseId"] for merge in merges} == {one.id, two.id}
    assert (hidden.status_code, hidden.content) == (404, missing.content)


async def test_a_listing_shows_only_where_the_scope_holds(stack: Stack, store: Store, make_tenant: MakeTenant) -> None:
    one, two = await make_tenant(), await make_tenant()
    email = SAM.format(id=one.id)
    everywhere = await person_token(store, None, Role.AUDITOR)
    nowhere = await person_token(store, [], Role.AUDITOR, email)

    async with client(stack.url, everywhere) as http:
        assert {one.id, two.id} <= {row["id"] for row in (await http.get("/v1/databases")).json()["databases"]}
    async with client(stack.url, nowhere) as http:
        refused = await http.get("/v1/databases")
        assert (refused.status_code, refused.json()["code"]) == (403, "scope-missing")
        assert await status(http, "/v1/merges") == 403
        assert await status(http, f"/v1/databases/{one.id}") == 404
        await person_token(store, [two.id], Role.REQUESTER, email)
        assert [row["id"] for row in (await http.get("/v1/databases")).json()["databases"]] == [two.id]


async def test_a_role_for_every_database_is_one_for_those_to_come(
    stack: Stack, store: Store, make_tenant: MakeTenant
) -> None:
    bearer = await person_token(store, None, Role.SPECIALIST)
    tenant = await make_tenant()

    async with client(stack.url, bearer) as http:
        assert await add_column(http, tenant.id) == 201
        assert await status(http, "/v1/databases/4000000000") == 404


async def test_a_role_that_is_taken_away_is_gone_at_the_next_call(stack: Stack, store: Store, tenant: Tenant) -> None:
    email = SAM.format(id=tenant.id)
    await person_token(store, [tenant.id], Role.AUDITOR, email)
    bearer = await person_token(store, [tenant.id], Role.SPECIALIST, email)
    sam = await people.find(store, email)

    async with client(stack.url, bearer) as http:
        assert await add_column(http, tenant.id, "first") == 201
        assert await people.take_role(store, sam.id, Role.SPECIALIST, tenant.id)
        assert await add_column(http, tenant.id, "second") == 403
        assert await people.take_role(store, sam.id, Role.AUDITOR, tenant.id)
        assert await add_column(http, tenant.id, "third") == 404


async def test_a_disabled_persons_tokens_are_refused_at_once_and_their_service_goes_on(
    stack: Stack, store: Store, tenant: Tenant
) -> None:
    email = SAM.format(id=tenant.id)
    own = await person_token(store, [tenant.id], Role.AUDITOR, email)
    sam = await people.find(store, email)
    of_service = await token_for(store, [tenant.id], [Scope.DATABASES_READ], sam.id)
    path = f"/v1/databases/{tenant.id}"

    async with client(stack.url, own) as person, client(stack.url, of_service) as service:
        assert (await status(person, path), await status(service, path)) == (200, 200)
        await people.disable(store, sam.id)
        refused = await person.get(path)
        assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
        assert await status(service, path) == 200
        await people.enable(store, sam.id)
        assert await status(person, path) == 200


async def test_somebody_elses_disabling_changes_nothing(stack: Stack, store: Store, tenant: Tenant) -> None:
    other = SAM.format(id=tenant.id)
    await person_token(store, [tenant.id], Role.AUDITOR, other)
    bearer = await person_token(store, [tenant.id], Role.AUDITOR)
    await people.disable(store, (await people.find(store, other)).id)

    async with client(stack.url, bearer) as http:
        assert await status(http, f"/v1/databases/{tenant.id}") == 200


@pytest.mark.parametrize(
    ("roles", "code"),
    [
        ([(Role.ADMIN, "every")], 201),
        ([(Role.ADMIN, "one")], 403),
        ([(Role.ADMIN, "one"), (Role.SPECIALIST, "every")], 403),
    ],
)
async def test_who_creates_a_database_is_admin_of_every_one(
    stack: Stack, store: Store, tenant: Tenant, roles: list[tuple[Role, str]], code: int
) -> None:
    email = f"{code}.{len(roles)}.{SAM.format(id=tenant.id)}"
    bearers = [
        await person_token(store, None if where == "every" else [tenant.id], role, email) for role, where in roles
    ]

    async with client(stack.url, bearers[-1]) as http:
        answer = await http.post("/v1/databases", json={"name": "by a person"})

    assert answer.status_code == code
    made = [one.id for one in await databases.list_all(store, None) if one.name == "by a person"]
    assert (answer.json().get("id") in made) == (code == 201)


@pytest.mark.parametrize("role", [Role.REQUESTER, Role.ADMIN])
async def test_a_person_can_ask_for_a_merge(stack: Stack, store: Store, tenant: Tenant, role: Role) -> None:
    await tenant.register(A)
    bearer = await person_token(store, [tenant.id], role)

    async with client(stack.url, bearer) as http:
        told: dict[str, Any] = await Tenant(tenant.id, http).established(A, "777374")

    assert told["outcome"] == "assigned"
    assert (await tenant.merge(told["mergeId"]))["requested"]["token"] == bearer.split("_")[1]


async def test_the_token_says_whose_it_is(store: Store, tenant: Tenant) -> None:
    email = SAM.format(id=tenant.id)
    own = await person_token(store, [tenant.id], Role.AUDITOR, email)
    sam = await people.find(store, email)
    of_service = await token_for(store, [tenant.id], [Scope.DATABASES_READ], sam.id)
    orphan = tokens.new_token()
    await tokens.create_for_service(
        store,
        orphan,
        service="nightly reports",
        scopes=[Scope.DATABASES_READ],
        database_ids=[tenant.id],
        expires=datetime.now(UTC) + timedelta(hours=1),
    )

    found = [(await tokens.authenticate(store, bearer))[0] for bearer in (own, of_service, orphan)]

    assert [(token.owner_kind.value, token.person_id) for token in found] == [
        ("person", sam.id),
        ("service", sam.id),
        ("service", None),
    ]
