"""Bodies are read strictly: one JSON document, of at most 16 KiB, no key twice, nothing that can't be stored."""

import itertools
import json
from collections.abc import Callable, Coroutine
from decimal import Decimal, InvalidOperation
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from api.services import bearer
from domain.errors import BodyMalformed, BodyNotJson, BodyTooLarge
from domain.text import storable

LARGEST = 16 * 1024
DRAINED = 1024 * 1024  # who is cut off while still sending never gets to read why
DEEPEST = 16  # a contact with its fields takes four levels
_TOO_DEEP = f"The body nests objects and lists more than {DEEPEST} deep."


class StrictRequest(Request):
    """A request whose body was read by `read_strictly`, so that FastAPI finds it parsed."""

    async def read_strictly(self) -> None:
        media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise BodyNotJson
        self._body = await self._limited()
        self._json = _parse(self._body)

    async def _limited(self) -> bytes:
        body, size = bytearray(), 0
        async for chunk in self.stream():
            size += len(chunk)
            if size > DRAINED:
                break
            body += chunk if size <= LARGEST else b""
        if size > LARGEST:
            raise BodyTooLarge(f"The body is larger than {LARGEST // 1024} KiB.")
        return bytes(body)


class StrictRoute(APIRoute):
    """A route whose body, if it takes one, is read strictly before anything else happens."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            strict = StrictRequest(request.scope, request.receive)
            if self.body_field is not None:
                bearer(strict)  # nobody's body is read who brings no token
                await strict.read_strictly()
            return await handle(strict)

        return strictly


def _parse(body: bytes) -> Any:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise BodyMalformed("The body is not UTF-8.") from None
    try:
        parsed = json.loads(text, object_pairs_hook=_unique, parse_float=_decimal, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise BodyMalformed(f"The body is not JSON: {error.msg} at {where}.") from None
    except RecursionError:
        raise BodyMalformed(_TOO_DEEP) from None
    except ValueError:  # Python refuses to read an integer of more than some thousand digits
        raise BodyMalformed("The body holds a number that is too large.") from None
    _demand_storable(parsed, DEEPEST)
    return parsed


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = dict(pairs)
    if len(keys) < len(pairs):
        raise BodyMalformed("An object in the body names a key twice.")
    return keys


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise BodyMalformed("The body holds a number that is too large.") from None


def _no_constant(name: str) -> Any:
    raise BodyMalformed(f"The body is not JSON: it has no {name}.")


def _demand_storable(value: Any, depth: int) -> None:
    match value:
        case str():
            if not storable(value):
                raise BodyMalformed("The body holds a NUL or half a surrogate pair, which cannot be stored.")
        case list() | dict():
            if not depth:
                raise BodyMalformed(_TOO_DEEP)
            for item in itertools.chain(value, value.values() if isinstance(value, dict) else ()):
                _demand_storable(item, depth - 1)
