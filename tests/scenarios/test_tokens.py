"""Tokens: 401 without a valid one, 404 for a database that is not theirs, 403 without the scope."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from domain.errors import Unauthenticated
from store import tokens
from store.engine import Store
from store.tokens import Scope, new_token
from tests.scenarios.approvals import execute
from tests.stack import Stack
from tests.tenant import WAYS, MakeTenant, Tenant, channel, client, token_for, who_answers

A = "muidA|channelA"
OPEN_ROUTES = {"/healthz", "/readyz"}
METHODS = ("get", "put", "post", "patch", "delete")
ALL_BUT_ADMIN: list[Scope] = [scope for scope in Scope if scope not in {Scope.ADMIN, Scope.MERGES_DECIDE}]
MISSING = 4_000_000_000


async def routes(http: httpx.AsyncClient) -> list[tuple[str, str]]:
    """Method and path of every operation in the OpenAPI document, under both of the vendor's prefixes."""
    paths = (await http.get("/openapi.json")).json()["paths"]
    listed = [(method, path) for path, operations in paths.items() for method in METHODS if method in operations]
    return listed + [(method, f"/rest{path}") for method, path in listed if path.startswith("/databases/")]


async def ask(http: httpx.AsyncClient, method: str, path: str, database_id: int) -> httpx.Response:
    """Asks for what a path names, in a database; the body fits where a databaseId is read from it."""
    values = {
        "databaseId": database_id,
        "contactId": 1000,
        "deviceId": 1000,
        "mergeId": "00000000-0000-4000-8000-000000000000",
        "pairId": 1000,
        "channel": "PUSH",
        "qualifier": "ap56921D",
        "destination": A,
        "destination:path": A,
        "field": "userId",
    }
    url = path
    for name, value in values.items():
        url = url.replace(f"{{{name}}}", str(value))
    assert "{" not in url, f"this test does not know what to put into {url}"
    specification = Tenant(database_id, http).specification(A, "777374")
    body = specification if path.startswith("/v1/merges") else {}
    filtered = {"filter": "lookupkeyfields=userId=777374"} if path.endswith("/contacts") else {}
    query = {"databaseId": database_id} if path == "/v1/merges" and method == "get" else filtered
    return await http.request(method.upper(), url, params=query, json=None if method == "get" else body)


async def test_the_crawl_meets_every_route_with_a_database_id(tenant: Tenant) -> None:
    with_database = [route for route in await routes(tenant.http) if "{databaseId}" in route[1]]

    assert len(with_database) >= 30
    assert any(path.startswith("/rest/databases/{databaseId}/establishidentity/") for _, path in with_database)


@pytest.mark.parametrize("reach", ["one database", "every database"])
async def test_a_foreign_database_answers_as_one_that_does_not_exist_on_every_route(
    make_tenant: MakeTenant, store: Store, reach: str
) -> None:
    mine, theirs = await make_tenant(), await make_tenant()
    device = await theirs.register(A)
    await theirs.patch_contact(device, custom={"userId": "777374"})
    before = await theirs.contact(device)
    bearer = await token_for(store, [mine.id] if reach == "one database" else None, [Scope.ADMIN])

    async with client(str(mine.http.base_url), bearer) as http:
        for method, path in await routes(http):
            if "{databaseId}" not in path and not (path.startswith("/v1/merges") and "{mergeId}" not in path):
                continue
            missing = await ask(http, method, path, MISSING)
            assert (missing.status_code, missing.json()["title"]) == (404, "Database not found"), (method, path)
            if reach == "one database":
                foreign = await ask(http, method, path, theirs.id)
                assert (foreign.status_code, foreign.content) == (404, missing.content), (method, path)

    assert await theirs.contact(device) == before


async def test_without_a_valid_token_every_route_is_a_401(tenant: Tenant) -> None:
    base_url = str(tenant.http.base_url)
    wrong_secret = tenant.http.headers["authorization"].removeprefix("Bearer ")[:-1] + "_"
    async with client(base_url, None) as nobody, client(base_url, wrong_secret) as somebody:
        for method, path in await routes(nobody):
            if path in OPEN_ROUTES:
                continue
            for http in (nobody, somebody):
                answer = await ask(http, method, path, tenant.id)
                assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), (method, path)
                assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer x", f"Bearer of_00000000_{'x' * 43}", "Basic dTpw", "Token {valid}", "{valid}"]
)
async def test_a_wrong_authorization_header_is_a_401(stack: Stack, tenant: Tenant, header: str) -> None:
    valid = tenant.http.headers["authorization"].removeprefix("Bearer ")

    async with client(stack.url, None) as http:
        answer = await http.get(f"/v1/databases/{tenant.id}", headers={"Authorization": header.format(valid=valid)})

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_the_schemes_case_does_not_count(stack: Stack, tenant: Tenant) -> None:
    valid = tenant.http.headers["authorization"].removeprefix("Bearer ")

    async with client(stack.url, None) as http:
        answer = await http.get(f"/v1/databases/{tenant.id}", headers={"Authorization": f"bearer {valid}"})

    assert answer.status_code == 200


async def test_an_expired_token_is_a_401(stack: Stack, store: Store, tenant: Tenant) -> None:
    bearer = new_token()
    await tokens.create_for_service(
        store,
        bearer,
        service="tests",
        scopes=[Scope.ADMIN],
        database_ids=[tenant.id],
        expires=datetime.now(UTC) - timedelta(seconds=1),
        person_id=await who_answers(store),
    )

    async with client(stack.url, bearer) as http:
        assert (await http.get(f"/v1/databases/{tenant.id}")).status_code == 401


async def test_a_revocation_takes_effect_at_once(stack: Stack, store: Store, tenant: Tenant) -> None:
    bearer = await token_for(store, [tenant.id], [Scope.DATABASES_READ])
    async with client(stack.url, bearer) as http:
        before = await http.get(f"/v1/databases/{tenant.id}")
        assert await tokens.revoke(store, bearer.split("_")[1])
        after = await http.get(f"/v1/databases/{tenant.id}")

    assert (before.status_code, after.status_code) == (200, 401)
    assert not await tokens.revoke(store, bearer.split("_")[1]), "revoked once"
    with pytest.raises(Unauthenticated):
        await tokens.authenticate(store, bearer)


CONTACT_BY_CHANNEL = {"channel": channel(A)}
NEEDS: list[tuple[str, str, Any, Scope]] = [
    ("GET", "/databases/{id}/contacts?filter=lookupkeyfields=userId=1", None, Scope.CONTACTS_READ),
    ("GET", "/databases/{id}/contacts/1000", None, Scope.CONTACTS_READ),
    ("GET", "/v1/databases/{id}/contacts/1000/messages", None, Scope.CONTACTS_READ),
    ("GET", "/v1/databases/{id}/kept-apart", None, Scope.CONTACTS_READ),
    ("POST", "/databases/{id}/contacts", {}, Scope.CONTACTS_WRITE),
    ("PATCH", "/databases/{id}/contacts/1000", {}, Scope.CONTACTS_WRITE),
    ("PATCH", "/databases/{id}/contactbychannel", CONTACT_BY_CHANNEL, Scope.CONTACTS_WRITE),
    ("POST", "/v1/databases/{id}/contacts/1000/events", {"type": "opened"}, Scope.CONTACTS_WRITE),
    ("DELETE", "/v1/databases/{id}/devices/1000", None, Scope.CONTACTS_WRITE),
    ("GET", "/v1/merges?databaseId={id}", None, Scope.MERGES_READ),
    (
        "PUT",
        f"/databases/{{id}}/establishidentity/PUSH-ap56921D/{A}",
        {"identity": {"name": "userId", "value": "1"}},
        Scope.MERGES_REQUEST,
    ),
    ("GET", "/v1/databases/{id}", None, Scope.DATABASES_READ),
    ("GET", "/v1/databases", None, Scope.DATABASES_READ),
    ("GET", "/databases/{id}/lookupkeys", None, Scope.DATABASES_READ),
    ("PUT", "/databases/{id}/lookupkeys/userId", {}, Scope.DATABASES_WRITE),
    ("POST", "/v1/databases/{id}/columns", {"name": "More"}, Scope.DATABASES_WRITE),
    ("POST", "/v1/databases/{id}/appkeys", {"name": "more"}, Scope.DATABASES_WRITE),
    ("POST", "/v1/databases/{id}/campaigns", {"name": "more"}, Scope.DATABASES_WRITE),
    ("POST", "/v1/databases", {"name": "more"}, Scope.ADMIN),
]


@pytest.mark.parametrize(("method", "path", "body", "scope"), NEEDS)
async def test_a_route_needs_its_scope_and_no_other(
    stack: Stack, store: Store, tenant: Tenant, method: str, path: str, body: Any, scope: Scope
) -> None:
    others = [one for one in ALL_BUT_ADMIN if one is not scope]
    without, alone = [await token_for(store, [tenant.id], scopes) for scopes in (others, [scope])]

    async with client(stack.url, without) as http:
        refused = await http.request(method, path.format(id=tenant.id), json=body)
    async with client(stack.url, alone) as http:
        allowed = await http.request(method, path.format(id=tenant.id), json=body)

    assert (refused.status_code, refused.json()["code"]) == (403, "scope-missing")
    assert scope.value in refused.json()["detail"]
    bound_admin = path == "/v1/databases" and method == "POST"
    assert (allowed.status_code == 403) == bound_admin, "a database is created only by who reaches every one"


async def test_what_is_refused_for_a_missing_scope_is_not_done(stack: Stack, store: Store, tenant: Tenant) -> None:
    await tenant.register(A)
    reader = await token_for(store, [tenant.id], [Scope.CONTACTS_READ, Scope.MERGES_READ])

    async with client(stack.url, reader) as http:
        body = {"identity": {"name": "userId", "value": "777374"}}
        assert (await http.put(tenant.path(A), json=body)).status_code == 403
        for path in ("/v1/merges", "/v1/merges/preview"):
            assert (await http.post(path, json=tenant.specification(A, "777374"))).status_code == 403

    assert (await tenant.by_identity("777374")).status_code == 404
    assert (await tenant.http.get("/v1/merges", params={"databaseId": tenant.id})).json()["merges"] == []


async def test_a_service_that_nobody_answers_for_requests_no_merges(stack: Stack, store: Store, tenant: Tenant) -> None:
    """As tokens from before there were people; whoever holds one could decide on what they asked for with it."""
    await tenant.register(A)
    bearer = await token_for(store, [tenant.id], [Scope.ADMIN])
    await execute(store, "UPDATE tokens SET person_id = NULL WHERE id = :id", id=tokens.id_of(bearer))

    async with client(stack.url, bearer) as http:
        body = {"identity": {"name": "userId", "value": "777374"}}
        refused = await http.put(tenant.path(A), json=body)
        assert (await http.get(f"/v1/databases/{tenant.id}")).status_code == 200

    assert (refused.status_code, refused.json()["code"]) == (403, "scope-missing")
    assert (await tenant.by_identity("777374")).status_code == 404


async def test_a_merge_names_the_token_that_asked_for_it(stack: Stack, store: Store, tenant: Tenant) -> None:
    await tenant.register(A)
    bearer = await token_for(store, [tenant.id], [Scope.MERGES_REQUEST])

    async with client(stack.url, bearer) as http:
        body = {"identity": {"name": "userId", "value": "777374"}}
        told = (await http.put(tenant.path(A), json=body)).json()

    merge = await tenant.merge(told["mergeId"])
    assert merge["requested"]["token"] == bearer.split("_")[1]
    assert bearer.split("_", 2)[2] not in str(merge)


@pytest.mark.parametrize("way", WAYS)
async def test_created_needs_an_admins_token(stack: Stack, store: Store, tenant: Tenant, way: str) -> None:
    contact_id = await tenant.create(custom={"userId": "777374"})
    contact = {"created": "2017-08-15"}
    bearer = await token_for(store, [tenant.id], ALL_BUT_ADMIN)

    async with client(stack.url, bearer) as http:
        refused = await Tenant(tenant.id, http).write(way, contact_id, contact)
    unchanged = await tenant.contact(contact_id)
    absent = await tenant.by_channel(A)
    allowed = await tenant.write(way, contact_id, contact)

    assert (refused.status_code, refused.json()["code"]) == (403, "scope-missing")
    assert not unchanged["created"].startswith("2017")
    assert absent.status_code == 404
    told = allowed.json() if allowed.content else contact_id
    written = told["id"] if isinstance(told, dict) else told
    assert (await tenant.contact(written))["created"] == "2017-08-15T00:00:00Z"
