"""What never becomes a request: refused by the protocol itself, as a problem document, and the process lives on."""

import pytest

from tests.api.wire import DEVICE, Answer, exchange, refusal, request_head, send
from tests.stack import Stack
from tests.tenant import APP_KEY, Tenant

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
MERGES = b"POST /v1/merges HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(autouse=True)
async def still_serves(stack: Stack, unchanged: Tenant) -> object:
    """Whatever a test sends: the same process answers the next request."""
    yield
    assert stack.processes["serve"].poll() is None
    assert (await unchanged.http.get("/healthz")).status_code == 200


async def _refused(tenant: Tenant, answer: Answer | None, secrets: list[str]) -> None:
    assert answer is not None, "closed without a word"
    problem = await refusal(tenant, answer, 400, "bad-request", secrets=secrets)
    assert problem["type"] == "/problems/bad-request", "no host is known that a link could begin with"


@pytest.mark.parametrize(
    "destination",
    ["ä|b".encode(), "a\uff5cb".encode(), b"\xff|b", b"a |b", b"a|b\t", b"a\x00|b", b"a\x01|b", b"a\x7f|b", b"a\r|b"],
    ids=repr,
)
async def test_bytes_that_no_path_holds_are_refused(unchanged: Tenant, destination: bytes) -> None:
    path = f"/databases/{unchanged.id}/establishidentity/PUSH-{APP_KEY}/".encode() + destination
    body = b'{"identity": {"name": "userId", "value": "777374"}}'
    await _refused(unchanged, await send(unchanged, "PUT", path, body), [APP_KEY, "777374"])


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"hello\r\n\r\n",
        b"BREW /v1/databases HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET http:///healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n",
        HEALTH + b"Bad Name: x\r\n\r\n",
        HEALTH + b": x\r\n\r\n",
        HEALTH + b"X: a\x00b\r\n\r\n",
        HEALTH + b"X: a\nY: b\r\r\n\r\n",
        MERGES + b"Content-Length: x\r\n\r\n{}",
        MERGES + b"Content-Length: -2\r\n\r\n{}",
        MERGES + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        MERGES + b"Content-Length: 2\r\n" + CHUNKED + b"0\r\n\r\n",
        MERGES + CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n",
        MERGES + CHUNKED + b"fffffffffffffffff\r\n{}\r\n0\r\n\r\n",
    ],
    ids=lambda sent: repr(sent[-40:]),
)
async def test_what_is_no_http_is_refused(unchanged: Tenant, sent: bytes) -> None:
    await _refused(unchanged, await exchange(str(unchanged.http.base_url), sent), ["example.org", "zz"])


@pytest.mark.parametrize("host", [b"", b"[::1", b"a b", b"\xff\xfe", b"a/b?c#d", b'"><script>', b"a:99999999"])
async def test_a_malformed_host_leads_no_problem_astray(unchanged: Tenant, host: bytes) -> None:
    sent = b"GET /nowhere HTTP/1.1\r\nConnection: close\r\nHost: " + host + b"\r\n\r\n"

    answer = await exchange(str(unchanged.http.base_url), sent)

    assert answer is not None
    await refusal(unchanged, answer, 404, "not-found")


@pytest.mark.parametrize(
    "head",
    [
        b"GET /v1/" + b"a" * 1_000_000 + b" HTTP/1.1\r\n",
        HEALTH + b"X: " + b"a" * 1_000_000 + b"\r\n",
        HEALTH + b"X: a\r\n" * 200_000,
    ],
    ids=["a long path", "a long header", "many headers"],
)
async def test_a_head_without_end_is_cut_off(unchanged: Tenant, head: bytes) -> None:
    """The server stops reading after some 64 KiB; whether its words still reach who goes on sending is up to TCP."""
    parts = [head[start : start + 16_384] for start in range(0, len(head), 16_384)]

    answer = await exchange(str(unchanged.http.base_url), *parts)

    if answer is not None:
        await refusal(unchanged, answer, 431, "request-header-fields-too-large")


async def test_a_head_of_32_kib_is_read(unchanged: Tenant) -> None:
    head = HEALTH + b"Connection: close\r\nX: " + b"a" * 32_768 + b"\r\n\r\n"

    answer = await exchange(str(unchanged.http.base_url), head[:20_000], head[20_000:])

    assert answer is not None
    assert answer.status == 200


async def test_many_requests_on_one_connection_are_no_head_without_end(unchanged: Tenant) -> None:
    in_pieces = [HEALTH + b"X: ", b"a" * 16_384, b"\r\n\r\n"]
    last = HEALTH + b"Connection: close\r\n\r\n"

    answer = await exchange(str(unchanged.http.base_url), *in_pieces * 8, last, pause=0.05)

    assert answer is not None
    assert answer.body.count(b"HTTP/1.1 200 OK") == 8, "of nine, the first one's head was taken off"


async def test_a_websocket_is_not_spoken_here(unchanged: Tenant) -> None:
    upgrade = b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

    answer = await exchange(str(unchanged.http.base_url), HEALTH + b"Connection: Upgrade\r\n" + upgrade)

    assert answer is not None
    assert answer.status == 403


@pytest.mark.parametrize(
    "path", [b"/nowhere", b"/rest/databases", b"/v1/merges/", b"/v1/databases/%2F", b"//v1/databases"]
)
async def test_a_path_without_a_route_is_a_404_and_never_a_redirect(unchanged: Tenant, path: bytes) -> None:
    answer = await send(unchanged, "GET", path)

    await refusal(unchanged, answer, 404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/healthz", "GET"),
        ("PUT", "/v1/databases", "GET, POST"),
        ("DELETE", "/databases/1/contacts/1", "GET, PATCH"),
        ("POST", "/rest/databases/1/lookupkeys/userId", "GET, PUT, DELETE"),
        ("GET", "/databases/1/establishidentity/PUSH-a/a|b", "PUT"),
        ("OPTIONS", "/docs", "GET, HEAD"),
    ],
)
async def test_a_method_that_a_path_does_not_take_is_a_405_that_names_all_that_it_takes(
    unchanged: Tenant, method: str, path: str, allowed: str
) -> None:
    answer = await send(unchanged, method, path.encode())

    await refusal(unchanged, answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == allowed


async def test_nothing_that_was_sent_ends_in_the_log(stack: Stack, unchanged: Tenant) -> None:
    """The protocol's own complaints repeat no byte of what they complain about."""
    secret = "4915199999999"
    path = f"/databases/{unchanged.id}/establishidentity/SMS-spring/+{secret} /".encode()
    await exchange(str(unchanged.http.base_url), request_head(unchanged, "PUT", path))
    await exchange(str(unchanged.http.base_url), MERGES + CHUNKED + f"zz{secret}".encode())
    await send(unchanged, "PUT", f"/databases/{unchanged.id}/establishidentity/SMS-spring/{secret}%ff".encode(), b"{}")

    assert secret not in stack.log("serve").read_text()
    assert DEVICE not in stack.log("serve").read_text()
