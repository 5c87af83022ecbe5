"""Single values that cannot be: identities, names, ids, times, and the headers and queries around them."""

import json
from urllib.parse import quote

import httpx
import pytest

from store.engine import Store
from tests.api.wire import DEVICE, nothing_changes, refusal, send
from tests.tenant import APP_KEY, MakeTenant, Tenant

BAD_IDENTITIES = {
    "nothing": "",
    "a space": " ",
    "a space before": " 777374",
    "a space behind": "777374 ",
    "a no-break space behind": "777374\u00a0",
    "an ideographic space before": "\u3000777374",
    "256 characters": "7" * 256,
    "256 characters of four bytes": "\U00020000" * 256,
    "a line feed": "777\n374",
    "a tab": "777\t374",
    "an escape": "777\x1b374",
    "delete": "777\x7f374",
    "a C1 control": "777\x9b374",
    "a soft hyphen": "777\u00ad374",
    "a zero-width space": "777\u200b374",
    "a zero-width joiner": "777\u200d374",
    "a word joiner": "777\u2060374",
    "a byte order mark": "777374\ufeff",
    "a right-to-left override": "777\u202e374",
    "an isolate": "777\u2066374",
    "a line separator": "777\u2028374",
    "a combining grapheme joiner": "777\u034f374",
    "a Hangul filler": "777\u3164374",
    "a half-width Hangul filler": "777\uffa0374",
    "a Khmer inherent vowel": "777\u17b4374",
    "a variation selector": "777\ufe0f374",
    "a supplementary variation selector": "777\U000e0100374",
    "a tag character": "777\U000e0037374",
    "a blank Braille pattern": "777\u2800374",
    "a private character": "777\ue000374",
    "an unassigned character": "777\u0378374",
    "a noncharacter": "777\uffff374",
    "a replacement character": "777\ufffd374",
}


@pytest.mark.parametrize("value", BAD_IDENTITIES.values(), ids=BAD_IDENTITIES)
async def test_an_identity_value_that_cannot_be_is_refused_wherever_one_is_given(unchanged: Tenant, value: str) -> None:
    secrets = [value] if value.strip() else []
    answers = [
        await unchanged.establish(DEVICE, value),
        await unchanged.http.post("/v1/merges", json=unchanged.specification(DEVICE, value)),
        await unchanged.http.post("/v1/merges/preview", json=unchanged.specification(DEVICE, value)),
        await unchanged.upsert({"userId": value}),
        *[await unchanged.write(way, 1000, {"custom": {"userId": value}}) for way in ("create", "registration")],
    ]
    if value:
        answers.append(await unchanged.by_identity(value))
    for answer in answers:
        problem = await refusal(unchanged, answer, 422, "identity-invalid", secrets=secrets)
        assert "value must not" in problem["detail"]


GOOD_IDENTITIES = [
    "7",
    "7" * 255,
    "\U00020000" * 255,
    "albert b@example.com",
    "Grüße",
    "\u212a",
    "%00",
    "\\u0000",
    "a|b;c=d",
]


@pytest.mark.parametrize("value", GOOD_IDENTITIES, ids=lambda value: value[:8])
async def test_any_other_identity_value_is_taken(tenant: Tenant, value: str) -> None:
    """Without this the test above would pass for a service that refuses everything."""
    plan = await tenant.preview(DEVICE, value)

    assert plan["outcome"] == "not_found"


@pytest.mark.parametrize(
    "name", ["userid", "USERID", "userId ", "Favorite Food", "Alias\u00a0Id", "nothing", "", "\U0001f600"]
)
async def test_a_name_that_is_no_active_lookup_key_is_refused(unchanged: Tenant, name: str) -> None:
    """Names are exact; a column that is no lookup key is none."""
    for answer in (
        await unchanged.establish(DEVICE, "777374", name),
        await unchanged.http.post("/v1/merges", json=unchanged.specification(DEVICE, "777374", name)),
        await unchanged.http.post("/v1/merges/preview", json=unchanged.specification(DEVICE, "777374", name)),
        await unchanged.upsert({name: "777374"}),
    ):
        await refusal(unchanged, answer, 422, "lookup-key-inactive", secrets=["777374"])


async def test_a_lookup_key_that_is_still_pending_is_refused(tenant: Tenant, store: Store) -> None:
    for _ in range(2):
        await tenant.create(custom={"Loyalty Card": "the same"})
    await tenant.register(DEVICE)
    pending = await tenant.http.put(f"/databases/{tenant.id}/lookupkeys/Loyalty Card")
    assert pending.json()["status"] == "CREATE_PENDING"

    async with nothing_changes(store):
        answer = await tenant.establish(DEVICE, "777374", "Loyalty Card")

    await refusal(tenant, answer, 422, "lookup-key-inactive", secrets=["777374"])


async def test_the_one_documented_500_is_a_problem_too(make_tenant: MakeTenant, store: Store) -> None:
    tenant = await make_tenant(required=("Country",))
    contact = await tenant.contact(await tenant.register(DEVICE))

    answer = await tenant.establish(DEVICE, "777374")

    problem = await refusal(tenant, answer, 500, "merge-blocked", secrets=["777374", DEVICE])
    assert "Country" in problem["detail"]
    assert problem["mergeId"]
    assert await tenant.contact(contact["id"]) == contact
    own = await tenant.http.post("/v1/merges", json=tenant.specification(DEVICE, "777374"))
    await refusal(tenant, own, 422, "required-column-empty")


@pytest.mark.parametrize(
    "database_id", ["0", "-1", "00", f"{2**63}", f"{10**40}", "abc", "1.5", "1e5", "%00", "%F0%9F%98%80", "%ff"]
)
async def test_a_database_id_that_cannot_be_is_refused(unchanged: Tenant, database_id: str) -> None:
    body = json.dumps({"identity": {"name": "userId", "value": "777374"}}).encode()
    put = f"/databases/{database_id}/establishidentity/PUSH-{APP_KEY}/{DEVICE}"
    for method, path, sent in (
        ("PUT", put, body),
        ("PUT", f"/rest{put}", body),
        ("GET", f"/databases/{database_id}/contacts/1000", None),
        ("GET", f"/databases/{database_id}/lookupkeys", None),
        ("GET", f"/v1/databases/{database_id}", None),
        ("GET", f"/v1/merges?databaseId={database_id}", None),
    ):
        problem = await refusal(
            unchanged, await send(unchanged, method, path.encode(), sent), 422, "request-invalid", secrets=["777374"]
        )
        assert problem["errors"][0]["pointer"] in {"/path/databaseId", "/query/databaseId"}


@pytest.mark.parametrize("database_id", [1, 2**63 - 1])
async def test_a_database_that_does_not_exist_is_a_404(unchanged: Tenant, database_id: int) -> None:
    path = f"/databases/{database_id}/establishidentity/PUSH-{APP_KEY}/{DEVICE}"
    body = {"identity": {"name": "userId", "value": "777374"}}
    await refusal(unchanged, await unchanged.http.put(path, json=body), 404, "database-not-found")


@pytest.mark.parametrize("name", ["%F0%9F%98%80", "%ff", "%0A", "%20", "%E2%80%AE", "userid", "..."])
async def test_a_lookup_key_with_an_odd_name_is_not_found(unchanged: Tenant, name: str) -> None:
    for method in ("GET", "PUT", "DELETE"):
        answer = await send(unchanged, method, f"/databases/{unchanged.id}/lookupkeys/{name}".encode())
        code = "column-not-found" if method == "PUT" else "lookup-key-not-found"
        await refusal(unchanged, answer, 404, code)


@pytest.mark.parametrize("name", ["%00", "a%00b", "x" * 256])
async def test_a_lookup_key_whose_name_no_column_can_have_is_refused(unchanged: Tenant, name: str) -> None:
    for method in ("GET", "PUT", "DELETE"):
        answer = await send(unchanged, method, f"/databases/{unchanged.id}/lookupkeys/{name}".encode())
        problem = await refusal(unchanged, answer, 422, "request-invalid")
        assert problem["errors"][0]["pointer"] == "/path/field"


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("", 422, "request-invalid"),
        ("?Filter=lookupkeyfields=userId=777374", 422, "request-invalid"),
        ("?%00=%00&%ff=%ff&===&&&", 422, "request-invalid"),
        ("?filter", 400, "filter-invalid"),
        ("?filter=", 400, "filter-invalid"),
        ("?filter=userId=777374", 400, "filter-invalid"),
        ("?filter=LOOKUPKEYFIELDS=userId=777374", 400, "filter-invalid"),
        ("?filter=lookupkeyfields=", 400, "filter-invalid"),
        ("?filter=lookupkeyfields=userId", 400, "filter-invalid"),
        ("?filter=lookupkeyfields==777374", 400, "filter-invalid"),
        ("?filter=lookupkeyfields=userId=", 400, "filter-invalid"),
        ("?filter=lookupkeyfields=userId=777374;", 400, "filter-invalid"),
        ("?filter=lookupkeyfields=userId=777374;;;", 400, "filter-invalid"),
        ("?filter=lookupkeyfields=userId=777374;userId;;=1", 422, "lookup-key-inactive"),
        (f"?filter=lookupkeyfields=userId={';' * 4000}", 422, "identity-invalid"),
        (f"?filter=lookupkeyfields=userId={';' * 4001}", 400, "filter-invalid"),
        ("?filter=lookupkeyfields=user%00Id=777374", 422, "lookup-key-inactive"),
        ("?filter=lookupkeyfields=%F0%9F%98%80=777374", 422, "lookup-key-inactive"),
        ("?filter=lookupkeyfields=userId=777%00374", 422, "identity-invalid"),
        ("?filter=lookupkeyfields=userId=777%ff374", 422, "identity-invalid"),
    ],
)
async def test_a_filter_that_cannot_be_is_refused(unchanged: Tenant, query: str, status: int, code: str) -> None:
    answer = await send(unchanged, "GET", f"/databases/{unchanged.id}/contacts{query}".encode())

    await refusal(unchanged, answer, status, code, secrets=["777"])


@pytest.mark.parametrize("query", ["after=x", "after=W10%3D", "after=%00", "after=bnVsbA%3D%3D", "after=%F0%9F%98%80"])
async def test_a_cursor_that_this_service_did_not_issue_is_refused(unchanged: Tenant, query: str) -> None:
    await refusal(unchanged, await unchanged.http.get(f"/v1/merges?{query}"), 400, "cursor-invalid")


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "state=open", "databaseId=", f"after={'x' * 201}"]
)
async def test_a_query_of_another_shape_is_refused(unchanged: Tenant, query: str) -> None:
    problem = await refusal(unchanged, await unchanged.http.get(f"/v1/merges?{query}"), 422, "request-invalid")

    assert problem["errors"][0]["pointer"] == f"/query/{query.partition('=')[0]}"


@pytest.mark.parametrize("merge_id", ["x", "1", "%00", "0" * 31, "0" * 33, quote("\U0001f600")])
async def test_a_merge_id_that_is_no_uuid_is_refused(unchanged: Tenant, merge_id: str) -> None:
    await refusal(unchanged, await send(unchanged, "GET", f"/v1/merges/{merge_id}".encode()), 422, "request-invalid")


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer\tx",
        "Bearer x",
        "Bearer of_abcdefgh_short",
        "Basic dXNlcjpwYXNz",
        "bearer: token",
        "Bearer null",
        "Bearer \xff\xfe",
        "Bearer " + "a" * 10_000,
    ],
    ids=lambda header: repr(header)[:20],
)
async def test_a_malformed_authorization_is_a_401_that_says_what_is_wanted(
    unchanged: Tenant, header: str | None
) -> None:
    headers = httpx.Headers([] if header is None else [(b"Authorization", header.encode("latin-1"))])
    async with httpx.AsyncClient(base_url=unchanged.http.base_url, trust_env=False) as anybody:
        body = {"identity": {"name": "userId", "value": "777374"}}
        answers = [
            await anybody.put(unchanged.path(DEVICE), headers=headers, json=body),
            await anybody.post("/v1/merges", headers=headers, json=unchanged.specification(DEVICE, "777374")),
            await anybody.get("/v1/merges", headers=headers),
            await anybody.get(f"/databases/{unchanged.id}/contacts/1000", headers=headers),
        ]
    for answer in answers:
        await refusal(unchanged, answer, 401, "unauthenticated", secrets=["777374", "dXNlcjpwYXNz"])
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
async def test_the_word_bearer_may_have_any_case(unchanged: Tenant, scheme: str) -> None:
    token = unchanged.http.headers["authorization"].split()[1]

    answer = await unchanged.http.get("/v1/merges", headers={"Authorization": f"{scheme} {token}"})

    assert answer.status_code == 200
