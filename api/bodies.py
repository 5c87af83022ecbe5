"""Bodies are read strictly: one JSON document, of at most 16 KiB, no key twice, nothing that can't be stored."""

import json
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from domain.errors import BodyMalformed, BodyNotJson, BodyTooLarge
from domain.text import storable

LARGEST = 16 * 1024


class StrictRequest(Request):
    """A request whose body was read by `read_strictly`, so that FastAPI finds it parsed."""

    async def read_strictly(self) -> None:
        media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise BodyNotJson
        self._body = await self._limited()
        self._json = _parse(self._body)

    async def _limited(self) -> bytes:
        body = bytearray()
        async for chunk in self.stream():
            body += chunk
            if len(body) > LARGEST:
                raise BodyTooLarge
        return bytes(body)


class StrictRoute(APIRoute):
    """A route whose body, if it takes one, is read strictly before anything else happens."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            strict = StrictRequest(request.scope, request.receive)
            if self.body_field is not None:
                await strict.read_strictly()
            return await handle(strict)

        return strictly


def _parse(body: bytes) -> Any:
    try:
        parsed = json.loads(body.decode(), object_pairs_hook=_unique, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise BodyMalformed from None
    if not _storable(parsed):
        raise BodyMalformed("The body holds a NUL or half a surrogate pair, which cannot be stored.")
    return parsed


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = dict(pairs)
    if len(keys) < len(pairs):
        raise ValueError("duplicate key")
    return keys


def _no_constant(_: str) -> Any:
    raise ValueError("not JSON")


def _storable(value: Any) -> bool:
    match value:
        case str():
            return storable(value)
        case list():
            return all(_storable(item) for item in value)
        case dict():
            return all(storable(key) and _storable(item) for key, item in value.items())
    return True
