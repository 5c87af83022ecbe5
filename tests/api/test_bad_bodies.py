"""A body that is not what the route documents is refused in words, before anything is done."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.wire import DEVICE, Answer, exchange, refusal, request_head, send
from tests.stack import Stack
from tests.tenant import APP_KEY, Tenant

IDENTITY = {"name": "userId", "value": "777374"}
ASKED = json.dumps({"identity": IDENTITY}).encode()
LIMIT = 16 * 1024


def put_path(tenant: Tenant) -> bytes:
    return f"/databases/{tenant.id}/establishidentity/PUSH-{APP_KEY}/{DEVICE}".encode()


def body_routes(tenant: Tenant) -> Iterator[tuple[str, bytes]]:
    """Every route that reads a body."""
    own = f"/v1/databases/{tenant.id}"
    yield "PUT", put_path(tenant)
    yield "PUT", b"/rest" + put_path(tenant)
    for prefix in ("", "/rest"):
        yield "POST", f"{prefix}/databases/{tenant.id}/contacts".encode()
        yield "PATCH", f"{prefix}/databases/{tenant.id}/contacts/1000".encode()
        yield "PATCH", f"{prefix}/databases/{tenant.id}/contactbylookupkey".encode()
        yield "PATCH", f"{prefix}/databases/{tenant.id}/contactbychannel".encode()
    yield "POST", b"/v1/merges"
    yield "POST", b"/v1/merges/preview"
    yield "POST", b"/v1/databases"
    yield "POST", b"/v1/receipts/check"
    for path in ("columns", "appkeys", "campaigns", "contacts/1000/messages", "contacts/1000/events"):
        yield "POST", f"{own}/{path}".encode()
    yield "PUT", f"{own}/policy".encode()


MALFORMED = {
    "nothing": b"",
    "a space": b" ",
    "half a document": b'{"identity": {"name": "userId"',
    "two documents": ASKED + ASKED,
    "a comma too many": b'{"a": 1,}',
    "single quotes": b"{'identity': 1}",
    "a comment": b'{"a": 1} // secret',
    "a byte order mark": b"\xef\xbb\xbf" + ASKED,
    "UTF-16": ASKED.decode().encode("utf-16"),
    "invalid UTF-8": b'{"a": "\xff"}',
    "a raw line feed in a text": b'{"a": "b\nc"}',
    "an unknown escape": b'{"a": "\\x41"}',
    "a key twice": b'{"identity": {"name": "userId", "value": "1"}, "identity": {"name": "userId", "value": "2"}}',
    "a key twice inside": b'{"identity": {"name": "userId", "value": "1", "value": "2"}}',
    "a key twice in a list": b'{"a": [{"b": 1, "b": 1}]}',
    "a key twice, once escaped": b'{"a": 1, "\\u0061": 2}',
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": [Infinity]}',
    "minus Infinity": b"-Infinity",
    "a NUL": b'{"identity": {"name": "userId", "value": "secret\\u0000"}}',
    "a NUL in a key": b'{"secret\\u0000": 1}',
    "half a surrogate pair": b'{"identity": {"name": "userId", "value": "secret\\ud800"}}',
    "the other half": b'["\\udfff secret"]',
    "an exponent beyond all numbers": b'{"a": 1e999999999999999999999}',
    "an integer of 5,000 digits": b'{"a": ' + b"7" * 5000 + b"}",
    "17 lists": b"[" * 17 + b"]" * 17,
    "500 lists": b"[" * 500 + b"]" * 500,
    "8,000 lists": b"[" * 8000 + b"]" * 8000,
    "2,000 objects": b'{"a":' * 2000 + b"1" + b"}" * 2000,
    "an open list for ever": b"[" * LIMIT,
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
async def test_a_body_that_is_not_one_json_document_is_refused_on_every_route(unchanged: Tenant, body: bytes) -> None:
    for method, path in body_routes(unchanged):
        answer = await send(unchanged, method, path, body)
        problem = await refusal(unchanged, answer, 400, "body-malformed", secrets=["secret", "777374"])
        assert problem["detail"] != problem["title"], "it says what is wrong with this one"


@pytest.mark.parametrize(
    "content_type",
    [b"text/plain", b"application/x-www-form-urlencoded", b"application/xml", b"application/jsonp", b"", b"json"],
)
async def test_a_body_that_is_not_announced_as_json_is_refused(unchanged: Tenant, content_type: bytes) -> None:
    for method, path in body_routes(unchanged):
        answer = await send(unchanged, method, path, ASKED, content_type=content_type)
        await refusal(unchanged, answer, 415, "body-not-json", secrets=["777374"])


async def test_a_request_without_a_body_is_told_what_to_send(unchanged: Tenant) -> None:
    for method, path in body_routes(unchanged):
        await refusal(unchanged, await send(unchanged, method, path), 415, "body-not-json")


@pytest.mark.parametrize(
    "content_type", [b"application/json; charset=utf-8", b"APPLICATION/JSON", b" application/json"]
)
async def test_json_may_be_announced_in_any_case_with_its_character_set(unchanged: Tenant, content_type: bytes) -> None:
    answer = await send(unchanged, "POST", b"/v1/merges/preview", b"{}", content_type=content_type)

    await refusal(unchanged, answer, 422, "request-invalid")


@pytest.mark.parametrize("document", [b"null", b"5", b'"text"', b"[]", b"[{}]", b"true", b"{}", b'{"Identity": {}}'])
async def test_a_document_of_another_shape_is_refused_on_every_route(unchanged: Tenant, document: bytes) -> None:
    for method, path in body_routes(unchanged):
        takes_nothing = path.endswith((b"/contacts", b"/contacts/1000", b"/policy"))
        if document == b"{}" and takes_nothing:
            continue  # a contact without values is one, and of a policy all may stay
        problem = await refusal(unchanged, await send(unchanged, method, path, document), 422, "request-invalid")
        assert all(one["pointer"].startswith("/body") and one["detail"] for one in problem["errors"])


def _of_size(size: int) -> bytes:
    return ASKED + b" " * (size - len(ASKED))


async def test_a_body_of_16_kib_is_read_and_one_byte_more_is_not(unchanged: Tenant) -> None:
    for method, path in body_routes(unchanged):
        await refusal(unchanged, await send(unchanged, method, path, b'{"no": 1}'.ljust(LIMIT)), 422, "request-invalid")
        await refusal(unchanged, await send(unchanged, method, path, _of_size(LIMIT + 1)), 413, "body-too-large")


@pytest.mark.parametrize("size", [LIMIT, LIMIT + 1, 1_000_000])
async def test_a_body_in_chunks_has_the_same_limit(unchanged: Tenant, size: int) -> None:
    body = b'{"no": 1}'.ljust(size)
    chunks = [body[start : start + 4096] for start in range(0, size, 4096)]

    answer = await _chunked(unchanged, *chunks)

    status, code = (422, "request-invalid") if size == LIMIT else (413, "body-too-large")
    await refusal(unchanged, answer, status, code)


async def test_a_body_that_is_far_too_large_is_refused_and_not_just_cut_off(unchanged: Tenant) -> None:
    """On a connection that closes the answer is read after a megabyte, on one that stays open always."""
    await refusal(
        unchanged, await send(unchanged, "PUT", put_path(unchanged), _of_size(1_000_000)), 413, "body-too-large"
    )
    headers = {"Content-Type": "application/json"}
    for path in ("/v1/merges", put_path(unchanged).decode()):
        method = "POST" if path == "/v1/merges" else "PUT"
        answer = await unchanged.http.request(method, path, content=_of_size(5_000_000), headers=headers)
        await refusal(unchanged, answer, 413, "body-too-large")


async def _chunked(tenant: Tenant, *chunks: bytes) -> Answer:
    head = request_head(
        tenant, "PUT", put_path(tenant), b"Content-Type: application/json", b"Transfer-Encoding: chunked"
    )
    framed = [b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks]
    answer = await exchange(str(tenant.http.base_url), head, *framed, b"0\r\n\r\n")
    assert answer is not None
    return answer


@pytest.mark.parametrize("sent", [b"", ASKED[:10], ASKED[:-1]])
async def test_who_hangs_up_in_the_middle_of_a_body_has_done_nothing(
    stack: Stack, unchanged: Tenant, sent: bytes
) -> None:
    length = b"Content-Length: %d" % len(ASKED)
    _, writer = await asyncio.open_connection(unchanged.http.base_url.host, unchanged.http.base_url.port)
    writer.write(request_head(unchanged, "PUT", put_path(unchanged), b"Content-Type: application/json", length) + sent)
    await writer.drain()
    await asyncio.sleep(0.2)
    writer.close()
    await writer.wait_closed()

    await asyncio.sleep(0.2)
    assert (await unchanged.http.get("/healthz")).status_code == 200
    log = [json.loads(line) for line in stack.log("serve").read_text().splitlines()]
    assert not [line for line in log if line["level"] == "error"]


def with_value(tenant: Tenant, name: str, value: Any) -> dict[str, Any]:
    """A merge request in which one value is another; `identity.value` is the value within."""
    asked: dict[str, Any] = tenant.specification(DEVICE, "777374", useCrmContactAsWinner=False, mergeEvents=True)
    *within, last = name.split(".")
    place = asked[within[0]] if within else asked
    place[last] = value
    return asked


TEXTS: list[Any] = [None, 1, 1.5, True, [], ["777374"], {}]
WRONG: dict[str, list[Any]] = {
    "identity": [None, 1, "userId", [], {}, [IDENTITY]],
    "identity.name": TEXTS,
    "identity.value": TEXTS,
    "useCrmContactAsWinner": ["yes", "True", "", 1, 0, [], {}],
    "mergeEvents": ["no", "FALSE", 0.0, "0", [True]],
    "databaseId": [None, "10000", 0, -1, 2**63, 10**30, 1.5, 10000.0, True, [], {}],
    **{name: [1] for name in ("unknown", "identity.unknown", "useCrmContactAsWinner ", "MergeEvents", "__proto__")},
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, some in WRONG.items() for value in some])
async def test_a_value_of_the_wrong_type_is_named_and_nothing_is_merged(
    unchanged: Tenant, name: str, value: Any
) -> None:
    asked = with_value(unchanged, name, value)
    for path in ("/v1/merges", "/v1/merges/preview"):
        answer = await unchanged.http.post(path, json=asked)
        problem = await refusal(unchanged, answer, 422, "request-invalid", secrets=["777374", DEVICE])
        pointer = "/body/" + name.replace(".", "/")
        assert all(one["pointer"].startswith(pointer) for one in problem["errors"])
