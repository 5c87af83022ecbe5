"""HTTP byte for byte, where a client library would tidy up what it sends; and what a refusal must look like."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
from sqlalchemy import text

from store.engine import Store
from store.tables import metadata
from tests.tenant import Tenant

DEVICE = "a|b"
PHONE = "+4915112345678"
JSON = b"application/json"
_PATIENCE = 60


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.body))


async def exchange(url: str, *sent: bytes, pause: float = 0) -> Answer | None:
    """Sends the parts one after the other and reads until the server closes. None: it closed without an answer."""
    address = urlsplit(url)
    ours = socket.socket()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)  # so that a server that reads no more is felt at once
    ours.setblocking(False)
    await asyncio.get_running_loop().sock_connect(ours, (address.hostname, address.port))
    reader, writer = await asyncio.open_connection(sock=ours)
    received = bytearray()
    try:
        async with asyncio.timeout(_PATIENCE):
            with suppress(ConnectionError):
                for part in sent:
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(pause)
            with suppress(ConnectionError):
                while chunk := await reader.read(65536):
                    received += chunk
    finally:
        writer.close()
    return _parsed(bytes(received)) if received else None


def request_head(tenant: Tenant, method: str, path: bytes, *headers: bytes) -> bytes:
    """A head whose connection closes after the answer; `path` as it is."""
    token = str(tenant.http.headers["authorization"]).encode()
    lines = [method.encode() + b" " + path + b" HTTP/1.1", b"Host: " + tenant.http.base_url.netloc]
    return b"\r\n".join([*lines, b"Authorization: " + token, b"Connection: close", *headers]) + b"\r\n\r\n"


async def send(
    tenant: Tenant, method: str, path: bytes, body: bytes | None = None, *headers: bytes, content_type: bytes = JSON
) -> Answer:
    if body is not None:
        headers = (*headers, b"Content-Type: " + content_type, b"Content-Length: %d" % len(body))
    answer = await exchange(str(tenant.http.base_url), request_head(tenant, method, path, *headers), body or b"")
    assert answer is not None, f"no answer to {method} {path!r}"
    return answer


def _parsed(received: bytes) -> Answer:
    head, _, body = received.partition(b"\r\n\r\n")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        raise AssertionError("this test reads no chunks")
    return Answer(int(status_line.split()[1]), headers, body)


async def refusal(
    tenant: Tenant, answer: Answer | httpx.Response, status: int, code: str, *, secrets: Iterable[str] = ()
) -> dict[str, Any]:
    """The answer as the problem document that it must be: complete, explained by a page, silent about values."""
    got, body = (answer.status, answer.body) if isinstance(answer, Answer) else (answer.status_code, answer.content)
    told = body.decode()
    assert got == status, told
    assert answer.headers["content-type"] == "application/problem+json"
    problem = dict(json.loads(body))
    assert {"type", "title", "status", "code", "detail"} <= set(problem)
    assert (problem["status"], problem["code"]) == (status, code), told
    assert len(problem["title"]) > 5
    assert len(problem["detail"].split()) > 2, "a detail is a sentence"
    page = await _page(tenant, problem["type"])
    assert problem["code"] in page
    for secret in secrets:
        assert secret not in told, f"the answer repeats {secret!r}"
    return problem


_pages: dict[str, str] = {}


async def _page(tenant: Tenant, link: str) -> str:
    url = urljoin(str(tenant.http.base_url), link)
    if url not in _pages:
        answer = await tenant.http.get(url)
        assert answer.status_code == 200, f"{url} leads nowhere"
        _pages[url] = answer.text
    return _pages[url]


# What the worker writes by itself, some seconds after what it is about: what it seals, signs, archives and finds.
_BY_ITSELF = {
    *("checkpoint_places", "checkpoint_refusals", "ledger_checkpoints", "ledger_tiles", "ledger_heads", "ledger_seals"),
    *("histories", "findings"),
}
_BUT = {"ledger_entries": "WHERE kind <> 'events.sealed'", "ledger_events": "WHERE kind NOT LIKE 'history.%'"}
_STATE = text(
    " UNION ALL ".join(
        f"SELECT '{table.name}', count(*), coalesce(sum(hashtextextended((to_jsonb(t) - 'archived')::text, 0)), 0)"
        f" FROM {table.name} t {_BUT.get(table.name, '')}"
        for table in metadata.sorted_tables
        if table.name not in _BY_ITSELF
    )
)


@asynccontextmanager
async def nothing_changes(store: Store) -> AsyncIterator[None]:
    """Fails if any row of any table was added, removed or changed meanwhile, but by the worker by itself."""
    before = await _state(store)
    yield
    after = await _state(store)
    assert after == before, {name for name, was in before.items() if after[name] != was}


async def _state(store: Store) -> dict[str, tuple[int, str]]:
    async with store.transaction() as connection:
        rows = await connection.execute(_STATE)
        return {name: (count, str(content)) for name, count, content in rows}
