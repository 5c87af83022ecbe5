"""JSON as this service writes it: times in RFC 3339 with Z, ids as numbers."""

import json
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from starlette.responses import Response

from domain.times import rfc3339


def document(
    content: object,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    media_type: str = "application/json",
) -> Response:
    body = json.dumps(content, default=_text, ensure_ascii=False, separators=(",", ":"))
    return Response(body, status, dict(headers or {}), media_type)


def _text(value: object) -> str:
    match value:
        case datetime():
            return rfc3339(value)
        case UUID():
            return str(value)
    raise TypeError(type(value).__name__)
