"""Notices to a webhook, signed as Standard Webhooks says."""

import json
from dataclasses import dataclass, field

import httpx

from domain.times import rfc3339
from onefold.notices.notice import NotAccepted, Notice, RecipientGone
from onefold.signed_post import post


@dataclass(frozen=True)
class Webhook:
    """One receiver for all notices. `url` may hold a secret of the receiver's too."""

    url: str = field(repr=False)
    secret: str = field(repr=False)

    async def send(self, notice: Notice, recipient: str) -> None:
        """The receiver tells a repeat by its webhook-id. 2xx is done, 410 is done with."""
        body = json.dumps(document(notice))
        status = await post(self.url, self.secret, str(notice.id), body)
        if status == httpx.codes.GONE:
            raise RecipientGone(status)
        if not httpx.codes.is_success(status):
            raise NotAccepted(status)


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
