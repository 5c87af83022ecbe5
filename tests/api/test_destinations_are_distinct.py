"""No two different destinations reach one device, but for the spellings that the design's edges allow.

Those are: a phone number with `+`, `%2B` or no plus; the channel in any case; a byte as itself or percent-encoded.
"""

import json
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.address import Address, parse_path_address
from domain.errors import Refusal
from tests.api.wire import Answer, send
from tests.tenant import APP_KEY, CAMPAIGN, Tenant

PUSH = f"PUSH-{APP_KEY}".encode()
SMS = f"SMS-{CAMPAIGN}".encode()

IDENTITY = {"name": "userId", "value": "777374"}

# Registered below: destinations that differ as little as two can.
NEIGHBOURS = ("a|b", "A|b", "a|B", "a%7Cb|c", "a/b|c", "a%2Fb|c", "a+b|c", "a%20b|c", "a?b|c", "a|b?", "a|b#", "a|b.")
# What reaches which of them, and what reaches none.
SPELLINGS = {
    b"a|b": "a|b",
    b"%61%7c%62": "a|b",
    b"A|b": "A|b",
    b"a%7CB": "a|B",
    b"a%257Cb|c": "a%7Cb|c",
    b"a%2Fb|c": "a/b|c",
    b"a%2fb%7Cc": "a/b|c",
    b"a%252Fb|c": "a%2Fb|c",
    b"a+b|c": "a+b|c",
    b"a%2Bb|c": "a+b|c",
    b"a%2520b|c": "a%20b|c",
    b"a%3Fb|c": "a?b|c",
    b"a|b%3F": "a|b?",
    b"a|b%23": "a|b#",
    b"a|b.": "a|b.",
    b"a|b%2E": "a|b.",
}
NOBODYS = [
    b"a%20b|c",
    b"a?b|c",
    b"a|b?",
    b"a|b?x=1",
    b"a|b#",
    b"a|b#c",
    b"a|b/",
    b"a|b/.",
    b"./a|b",
    b"a|b%00",
    b"a|b%20",
]
NOBODYS += [
    b"a|b%0A",
    b"a%EF%BD%9Cb",
    b"a|b%CC%81",
    b"a|b%ff",
    b"a|b%",
    b"a||b",
    b"a|b|",
    b"a|c",
    b"aa|b",
    b"a|bb",
    b"%2561|b",
]

# Bytes that something might take for one another, raw and encoded once or twice; none ends a segment or a path.
_PIECES = st.sampled_from(
    [
        *(b"a", b"A", b"b", b"1", b"|", b"+", b" ", b".", b"-", b"%", b"\\", b";", b"\xc3\xa4", b"\xff"),
        *(b"%61", b"%41", b"%7C", b"%7c", b"%257C", b"%2B", b"%2b", b"%252B", b"%20", b"%00", b"%0A", b"%2F", b"%252F"),
        *(b"%3F", b"%23", b"%25", b"%EF%BD%9C", b"%EF%BC%8B", b"%E2%84%AA", b"%C5%BF", b"%CC%81", b"%E2%80%8B", b"%ff"),
        *(b"%zz", b"%2", b"%C0%AF", b"%EF%BF%BD", b"%EF%BC%91"),
    ]
)
_PUSHES = st.lists(_PIECES, max_size=6).map(b"".join) | st.tuples(
    st.lists(_PIECES, min_size=1, max_size=3).map(b"".join),
    st.sampled_from([b"|", b"%7C", b"%7c"]),
    st.lists(_PIECES, min_size=1, max_size=3).map(b"".join),
).map(b"".join)
_DIGITS = st.lists(st.sampled_from([b"0", b"1", b"%30", b"%31"]), min_size=7, max_size=9).map(b"".join)
_PHONES = st.tuples(st.sampled_from([b"", b"+", b"%2B", b"%2b", b"++", b"%252B", b"%20", b"%EF%BC%8B"]), _DIGITS).map(
    b"".join
)
_CHANNELS = st.sampled_from([b"PUSH", b"push", b"pUsH", b"P%55SH", b"SMS", b"sms", b"%C5%BFms", b"SMS%00", b"PUSH%20"])
_HYPHENS = st.sampled_from([b"-", b"%2D", b"--", b"%EF%BC%8D"])
_QUALIFIERS = st.lists(st.sampled_from([b"a", b"A", b"-", b"%2D", b"%20", b"%61", b"|", b"%C3%A4"]), max_size=3).map(
    b"".join
)
_PLACES = st.tuples(_CHANNELS, _HYPHENS, _QUALIFIERS).map(b"".join)


def reached(place: bytes, destination: bytes) -> Address | None:
    try:
        return parse_path_address(place, destination)
    except Refusal:
        return None


def meant(place: bytes, destination: bytes) -> tuple[bytes, bytes, bytes]:
    """What a path says, told without the code under test: its bytes decoded once, and the edges' spellings undone."""
    channel, _, qualifier = unquote_to_bytes(place).partition(b"-")
    decoded = unquote_to_bytes(destination)
    if channel.upper() == b"SMS":
        decoded = decoded.removeprefix(b"+")
    return channel.upper(), qualifier, decoded


@given(one=_PUSHES, other=_PUSHES)
@example(one=b"a|b", other=b"a%7Cb")
@example(one=b"a|b", other=b"a%EF%BD%9Cb")
@example(one=b"a%2Fb|c", other=b"a%252Fb|c")
@example(one=b"a|K", other=b"a|%E2%84%AA")
def test_two_push_destinations_reach_one_device_only_if_they_decode_to_the_same_bytes(one: bytes, other: bytes) -> None:
    _same_device_means_same_words((PUSH, one), (PUSH, other))


@given(one=_PHONES, other=_PHONES)
@example(one=b"12345678", other=b"%2B12345678")
@example(one=b"12345678", other=b"%252B12345678")
def test_two_phone_numbers_reach_one_device_only_if_they_have_the_same_digits(one: bytes, other: bytes) -> None:
    _same_device_means_same_words((SMS, one), (SMS, other))


@given(one=_PLACES, other=_PLACES, destination=st.sampled_from([b"a|b", b"12345678"]))
@example(one=b"PUSH-a", other=b"push-a", destination=b"a|b")
@example(one=b"PUSH-a-b", other=b"PUSH%2Da-b", destination=b"a|b")
def test_two_qualifiers_reach_one_device_only_if_they_are_the_same(
    one: bytes, other: bytes, destination: bytes
) -> None:
    _same_device_means_same_words((one, destination), (other, destination))


@given(head=_PLACES | st.binary(max_size=12), tail=_PUSHES | _PHONES | st.binary(max_size=24))
def test_a_device_that_is_reached_has_the_very_bytes_of_the_path(head: bytes, tail: bytes) -> None:
    """From each accepted path its meaning can be told again, so no two meanings share a device."""
    address = reached(head, tail)
    if address:
        phone = address.destination.removeprefix("+") if address.channel == "SMS" else address.destination
        assert (address.channel.encode(), address.qualifier.encode(), phone.encode()) == meant(head, tail)


def _same_device_means_same_words(one: tuple[bytes, bytes], other: tuple[bytes, bytes]) -> None:
    device = reached(*one)
    if device is not None and device == reached(*other):
        assert meant(*one) == meant(*other)


@pytest.fixture(scope="module")
async def neighbours(place: Tenant) -> Tenant:
    for destination in (*NEIGHBOURS, "+4915112345679"):
        await place.register(destination)
    return place


@pytest.mark.parametrize("spelling", SPELLINGS, ids=bytes.decode)
async def test_each_spelling_reaches_the_one_device_that_it_names(neighbours: Tenant, spelling: bytes) -> None:
    assert await _found(neighbours, PUSH, spelling) == {SPELLINGS[spelling]}


@pytest.mark.parametrize("spelling", NOBODYS, ids=bytes.decode)
async def test_what_names_no_device_reaches_none(neighbours: Tenant, spelling: bytes) -> None:
    assert await _found(neighbours, PUSH, spelling) == set()


@pytest.mark.parametrize("plus", [b"+", b"%2B", b"%2b", b""])
async def test_a_phone_number_is_reached_with_and_without_its_plus_and_no_other_is(
    neighbours: Tenant, plus: bytes
) -> None:
    for number in (b"4915112345678", b"4915112345679"):
        assert await _found(neighbours, b"sMs-spring", plus + number) == {f"+{number.decode()}"}
    assert await _found(neighbours, SMS, plus + b"491511234567") == set()


async def test_the_same_words_in_a_body_reach_the_same_device_and_nothing_is_decoded_there(neighbours: Tenant) -> None:
    device = {"channel": "PUSH", "qualifier": APP_KEY}
    for destination in NEIGHBOURS:
        asked = {"databaseId": neighbours.id, **device, "destination": destination, "identity": IDENTITY}
        plan = (await neighbours.http.post("/v1/merges/preview", json=asked)).json()
        assert {one["destination"] for one in plan["devices"]} == {destination}


async def _found(tenant: Tenant, place: bytes, destination: bytes) -> set[str]:
    """The devices of the contact that a GET finds under either prefix, which must be of one mind."""
    told = [
        _destinations(await send(tenant, "GET", f"{prefix}/databases/{tenant.id}/contactbychannel/".encode() + tail))
        for prefix in ("", "/rest")
        for tail in [place + b"/" + destination]
    ]
    assert told[0] == told[1]
    return set(told[0])


def _destinations(answer: Answer) -> Iterable[str]:
    assert answer.status in {200, 400, 404}
    return [one["destination"] for one in json.loads(answer.body)["channels"]] if answer.status == 200 else []
