"""Notices to a webhook, signed as Standard Webhooks says."""

import asyncio
import json
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache

import httpx
import standardwebhooks

from domain.times import rfc3339
from onefold.notices.notice import NotAccepted, Notice, RecipientGone

_SECONDS = 10


@dataclass(frozen=True)
class Webhook:
    """One receiver for all notices. `url` may hold a secret of the receiver's too."""

    url: str = field(repr=False)
    secret: str = field(repr=False)

    async def send(self, notice: Notice, recipient: str) -> None:
        """The receiver tells a repeat by its webhook-id. 2xx is done, 410 is done with."""
        body = json.dumps(document(notice))
        # Of the answer only the status is read; the time is that of the whole exchange, however slowly it trickles.
        async with (
            asyncio.timeout(_SECONDS),
            httpx.AsyncClient(verify=_trusted(), timeout=_SECONDS, follow_redirects=False) as http,
            http.stream("POST", self.url, content=body, headers=self._headers(notice, body)) as answer,
        ):
            status = answer.status_code
        if status == httpx.codes.GONE:
            raise RecipientGone(status)
        if not httpx.codes.is_success(status):
            raise NotAccepted(status)

    def _headers(self, notice: Notice, body: str) -> dict[str, str]:
        """Signed anew at each attempt: receivers refuse what is older than minutes."""
        message_id, now = str(notice.id), datetime.now(UTC)
        return {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": standardwebhooks.Webhook(self.secret).sign(message_id, now, body),
        }


@cache
def _trusted() -> ssl.SSLContext:
    """Made once: to read the authorities takes longer than the call, and the worker's workflows would wait for it."""
    return httpx.create_ssl_context()


def document(notice: Notice) -> dict[str, object]:
    return {
        "type": notice.kind,
        "timestamp": rfc3339(notice.at),
        "data": {
            "mergeId": str(notice.merge_id),
            "databaseId": notice.database_id,
            "deadline": rfc3339(notice.deadline),
            "reasons": notice.reasons,
            "link": notice.link,
        },
    }
