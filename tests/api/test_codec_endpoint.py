"""The codec endpoint as the browser meets it, when Temporal's web UI asks it to decode."""

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads

from ledger.keyring import Keyring
from onefold.codec import EncryptingCodec
from tests.stack import CODEC_ORIGIN, CODEC_SECRET, KEYRING, Stack
from tests.tenant import client

PATH = f"/temporal/codec/{CODEC_SECRET}/decode"
CLEAR = Payload(metadata={"encoding": b"json/plain"}, data=b'"Execute once"')


@pytest.fixture(scope="session")
async def ui(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that shows Temporal's web UI: no token, but the UI's origin on every call."""
    async with client(stack.url, None) as browser:
        browser.headers["Origin"] = CODEC_ORIGIN
        yield browser


async def encrypted(keyring: Keyring = KEYRING) -> dict[str, Any]:
    payloads = Payloads(payloads=await EncryptingCodec(keyring).encode([CLEAR, CLEAR]))
    return json_format.MessageToDict(payloads)


async def test_what_this_service_encrypted_is_decoded(ui: httpx.AsyncClient) -> None:
    answer = await ui.post(PATH, json=await encrypted())
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert json_format.Parse(answer.content, Payloads()) == Payloads(payloads=[CLEAR, CLEAR])


async def test_the_answer_is_for_the_uis_origin_only(ui: httpx.AsyncClient) -> None:
    answer = await ui.post(PATH, json=await encrypted())
    assert answer.headers["access-control-allow-origin"] == CODEC_ORIGIN
    assert "origin" in answer.headers["vary"].lower()
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "",
        "*",
        CODEC_ORIGIN + "0",
        CODEC_ORIGIN + "/",
        CODEC_ORIGIN.upper(),
        CODEC_ORIGIN.replace("http", "https"),
        CODEC_ORIGIN.replace("127.0.0.1", "localhost"),
        f"{CODEC_ORIGIN}, http://evil.example",
    ],
)
@pytest.mark.parametrize("method", ["POST", "OPTIONS"])
async def test_any_other_origin_is_forbidden_and_gets_nothing(ui: httpx.AsyncClient, origin: str, method: str) -> None:
    answer = await ui.request(method, PATH, headers={"Origin": origin}, json=await encrypted())
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers
    assert b"payloads" not in answer.content


async def test_without_an_origin_it_is_forbidden_too(stack: Stack) -> None:
    async with client(stack.url, None) as no_browser:
        assert (await no_browser.post(PATH, json=await encrypted())).status_code == 403


@pytest.mark.parametrize(
    "secret", ["", "x", CODEC_SECRET[:-1], CODEC_SECRET + "x", CODEC_SECRET.upper(), "%C3%A4", "%00"]
)
@pytest.mark.parametrize("method", ["POST", "OPTIONS"])
async def test_without_the_secret_there_is_nothing(ui: httpx.AsyncClient, secret: str, method: str) -> None:
    answer = await ui.request(method, f"/temporal/codec/{secret}/decode", json=await encrypted())
    assert answer.status_code == 404
    assert "access-control-allow-origin" not in answer.headers


async def test_a_preflight_allows_what_the_ui_sends(ui: httpx.AsyncClient) -> None:
    answer = await ui.options(
        PATH,
        headers={
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type,x-namespace,authorization",
        },
    )
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == CODEC_ORIGIN
    assert answer.headers["access-control-allow-methods"] == "POST"
    allowed = {one.strip() for one in answer.headers["access-control-allow-headers"].split(",")}
    assert {"content-type", "x-namespace"} <= allowed


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_other_methods_are_not_served(ui: httpx.AsyncClient, method: str) -> None:
    assert (await ui.request(method, PATH)).status_code == 405


def _payload(**metadata: bytes) -> bytes:
    payload = Payload(metadata=metadata, data=b"plaintext")
    return json_format.MessageToJson(Payloads(payloads=[payload])).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no JSON",
        b"\xff\xfe",
        b"null",
        b"5",
        b'"payloads"',
        b'{"payloads": 5}',
        b'{"payloads": [5]}',
        b'{"payloads": [null]}',
        b'{"payloads": [{"metadata": 5}]}',
        b'{"payloads": [{"metadata": {"encoding": "not base64!"}}]}',
        b'{"payloads": [{"metadata": {"encoding": 5}, "data": {}}]}',
        b'{"payloads": [], "other": 1}',
        b'{"payloads": [], "payloads": []}',
        b"[" * 100_000,
        b'{"payloads":' * 100_000,
        _payload(encoding=b"binary/encrypted"),
        _payload(**{"encoding": b"binary/encrypted", "key-id": b"test"}),
        _payload(**{"encoding": b"binary/encrypted", "key-id": b"unknown"}),
    ],
)
async def test_garbage_and_what_only_claims_to_be_encrypted_are_refused(ui: httpx.AsyncClient, body: bytes) -> None:
    answer = await ui.post(PATH, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert b"plaintext" not in answer.content


@pytest.mark.parametrize("metadata", [{"encoding": b"json/plain", "type": b"Keyword"}, {}])
async def test_what_is_plain_stays_as_it_is(ui: httpx.AsyncClient, metadata: dict[str, bytes]) -> None:
    """The UI also sends search attributes, which Temporal keeps in clear. This service never reads such a payload."""
    answer = await ui.post(PATH, content=_payload(**metadata))
    assert answer.status_code == 200
    assert json_format.Parse(answer.content, Payloads()) == json_format.Parse(_payload(**metadata), Payloads())


async def test_what_another_key_encrypted_is_refused(ui: httpx.AsyncClient) -> None:
    foreign = Keyring.parse("test:" + base64.b64encode(b"f" * 32).decode())
    assert (await ui.post(PATH, json=await encrypted(foreign))).status_code == 400


async def test_no_payloads_decode_to_none(ui: httpx.AsyncClient) -> None:
    answer = await ui.post(PATH, content=b"{}")
    assert (answer.status_code, json.loads(answer.content)) == (200, {})


async def test_it_is_not_in_the_services_description(ui: httpx.AsyncClient) -> None:
    assert "/temporal/" not in (await ui.get("/openapi.json")).text


async def test_the_secret_is_in_no_log(ui: httpx.AsyncClient, stack: Stack) -> None:
    await ui.post(PATH, json=await encrypted())
    await ui.get(PATH)
    log = stack.log("serve").read_text()
    assert "/temporal/codec/{secret}/decode" in log
    assert CODEC_SECRET not in log
