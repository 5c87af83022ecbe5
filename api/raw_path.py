"""A device's address in a path, taken from the bytes that came: decoded once, never by the router."""

from fastapi import Request

from domain.address import Address, parse_path_address
from domain.errors import DestinationInvalid


def path_address(request: Request, resource: str) -> Address:
    """Reads `…/{resource}/{channel}-{qualifier}/{destination}`. Raises ChannelInvalid or DestinationInvalid."""
    raw_path: bytes = request.scope["raw_path"]
    segments = raw_path.partition(f"/{resource}/".encode())[2].split(b"/")
    if len(segments) != 2:
        raise DestinationInvalid("The path must end in CHANNEL-QUALIFIER/DESTINATION, a slash inside sent as %2F.")
    return parse_path_address(*segments)
