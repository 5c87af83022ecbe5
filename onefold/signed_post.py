"""A message to a webhook's receiver, signed as Standard Webhooks says."""

import asyncio
import ssl
from datetime import UTC, datetime
from functools import cache

import httpx
import standardwebhooks

_SECONDS = 10


async def post(url: str, secret: str, message_id: str, body: str) -> int:
    """The status that the receiver answers with, of whose answer nothing else is read; no redirect is followed.

    `message_id` is the same at every attempt, so that the receiver can tell a repeat. Raises httpx.HTTPError and
    TimeoutError.
    """
    # The time is that of the whole exchange, however slowly it trickles.
    async with (
        asyncio.timeout(_SECONDS),
        httpx.AsyncClient(verify=_trusted(), timeout=_SECONDS, follow_redirects=False) as http,
        http.stream("POST", url, content=body, headers=_headers(secret, message_id, body)) as answer,
    ):
        return answer.status_code


def _headers(secret: str, message_id: str, body: str) -> dict[str, str]:
    """Signed anew at each attempt: receivers refuse what is older than minutes."""
    now = datetime.now(UTC)
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": standardwebhooks.Webhook(secret).sign(message_id, now, body),
    }


@cache
def _trusted() -> ssl.SSLContext:
    """Made once: to read the authorities takes longer than the call, and the worker's workflows would wait for it."""
    return httpx.create_ssl_context()
