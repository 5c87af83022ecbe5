"""A device's address: channel, qualifier, destination. Parsed at the edge, once."""

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote_to_bytes

from domain.errors import ChannelInvalid, DestinationInvalid
from domain.text import flaw

_PUSH_SIDE = re.compile(r"[!-{}~]{1,255}")  # visible ASCII but the bar
_PHONE = re.compile(r"\+?([0-9]{8,15})")
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
QUALIFIER_LENGTH = 255


class Channel(StrEnum):
    PUSH = "PUSH"
    SMS = "SMS"


_CHANNELS = {channel.value: channel for channel in Channel}


@dataclass(frozen=True, order=True)
class Address:
    """One device of a database: PUSH = app key + `MUID|channelId`, SMS = campaign + phone number."""

    channel: Channel
    qualifier: str
    destination: str

    @property
    def channel_identifier(self) -> str:
        """The MUID (PUSH) or the phone number (SMS): the wire's `winnerChannelIdentifier`."""
        return self.destination.partition("|")[0]


def parse_address(channel: str, qualifier: str, destination: str) -> Address:
    """Raises ChannelInvalid or DestinationInvalid."""
    known = _CHANNELS.get(channel.upper() if channel.isascii() else "")
    if known is None:
        raise ChannelInvalid
    if fault := flaw(qualifier, QUALIFIER_LENGTH):
        raise ChannelInvalid(f"The qualifier {fault}.")
    return Address(known, qualifier, _destination(known, destination))


def parse_path_address(channel_and_qualifier: bytes, destination: bytes) -> Address:
    """Reads two raw path segments, each decoded exactly once; the first hyphen ends the channel."""
    channel, _, qualifier = _decode(channel_and_qualifier, ChannelInvalid).partition("-")
    return parse_address(channel, qualifier, _decode(destination, DestinationInvalid))


def _destination(channel: Channel, text: str) -> str:
    if channel is Channel.SMS:
        phone = _PHONE.fullmatch(text)
        if not phone:
            raise DestinationInvalid("A phone number is 8 to 15 digits, with or without a leading plus.")
        return "+" + phone[1]
    sides = text.split("|")
    if len(sides) != 2 or not all(_PUSH_SIDE.fullmatch(side) for side in sides):
        raise DestinationInvalid(
            "A push destination is MUID|channelId: exactly one bar, "
            "on either side of it 1 to 255 visible ASCII characters."
        )
    return text


def _decode(segment: bytes, refusal: type[ChannelInvalid] | type[DestinationInvalid]) -> str:
    if _BROKEN_ESCAPE.search(segment):
        raise refusal("The path holds a broken percent escape.")
    try:
        return unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        raise refusal("The path is not UTF-8.") from None
