"""Answers in JSON."""

from collections.abc import Mapping

from starlette.responses import Response

from domain.wire import to_json


def document(
    content: object,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    media_type: str = "application/json",
) -> Response:
    body = to_json(content, ensure_ascii=False, separators=(",", ":"))
    return Response(body, status, dict(headers or {}), media_type)
