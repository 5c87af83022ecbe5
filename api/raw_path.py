"""A device's address in a path, taken from the bytes that came: decoded once, never by the router."""

import re
from typing import Any

from fastapi import Request
from starlette.convertors import PathConvertor, register_url_convertor

from api.shapes import CHANNEL, DESTINATION, QUALIFIER
from domain.address import Address, parse_path_address
from domain.errors import ChannelInvalid, DestinationInvalid

ADDRESS_REFUSALS = (ChannelInvalid, DestinationInvalid)

TARGET = "onefold.target"  # the request's target as it came; ASGI itself drops a fragment and an empty query
_ENDS_PATH = re.compile(rb"[?#]")


class _Raw(PathConvertor):
    """`{name:raw}` in a route: whatever follows, line ends too."""

    regex = r"[\s\S]*"


register_url_convertor("raw", _Raw())


def _parameter(name: str, schema: dict[str, Any], example: str, description: str) -> dict[str, object]:
    shown = {"type": "string", **schema, "examples": [example]}
    return {"name": name, "in": "path", "required": True, "schema": shown, "description": description}


ADDRESS_IN_OPENAPI: dict[str, Any] = {
    "parameters": [
        _parameter("channel", CHANNEL, "PUSH", "PUSH or SMS, in any case."),
        _parameter("qualifier", QUALIFIER, "ap56921D", "The app key or SMS campaign: all after the first hyphen."),
        _parameter("destination", DESTINATION, "Sksd03jdJKK|H892hH", "`MUID|channelId` or a phone number."),
    ]
}


def path_address(request: Request, resource: str) -> Address:
    """Reads `…/{resource}/{channel}-{qualifier}/{destination}`. Raises ChannelInvalid or DestinationInvalid."""
    raw_path: bytes = request.scope["raw_path"]
    if request.scope["query_string"] or _ENDS_PATH.search(request.scope.get(TARGET, b"")):
        # Whoever forgets to encode one of these must not reach the device whose destination ends before it.
        raise DestinationInvalid("This path takes no query; inside, ? is sent as %3F and # as %23.")
    segments = raw_path.partition(f"/{resource}/".encode())[2].split(b"/")
    if len(segments) != 2:
        raise DestinationInvalid("The path must end in CHANNEL-QUALIFIER/DESTINATION, a slash inside sent as %2F.")
    return parse_path_address(*segments)
