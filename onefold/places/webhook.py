"""A webhook: somebody else keeps the checkpoints, and nobody here can take them back."""

import hashlib
import json
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from domain.times import rfc3339
from onefold.places.place import PlaceFailed, Publication
from onefold.signed_post import post


@dataclass(frozen=True)
class Webhook:
    """`url` may hold a secret of the receiver's too."""

    url: str = field(repr=False)
    secret: str = field(repr=False)

    @property
    def name(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    async def put(self, publication: Publication) -> None:
        message_id = hashlib.sha256(publication.note.encode()).hexdigest()[:32]
        try:
            status = await post(self.url, self.secret, message_id, json.dumps(document(publication)))
        except TimeoutError:
            raise PlaceFailed("does not answer in time") from None
        except (httpx.HTTPError, OSError) as error:
            raise PlaceFailed(f"cannot be reached: {type(error).__name__}") from None
        if not httpx.codes.is_success(status):
            raise PlaceFailed(f"answers {status}")


def document(publication: Publication) -> dict[str, object]:
    return {
        "type": "ledger.checkpoint",
        "timestamp": rfc3339(publication.at),
        "data": {
            "databaseId": publication.database_id,
            "origin": publication.checkpoint.origin,
            "size": publication.checkpoint.size,
            "note": publication.note,
        },
    }
