"""No two different destinations reach one device, but for the spellings that the design's edges allow.

Those are: a phone number with `+`, `%2B` or no plus; the channel in any case; a byte as itself or percent-encoded.
"""

import json
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import example, given, settings
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
    *(b"a%20b|c", b"a?b|c", b"a|b?", b"a|b?x=1", b"a|b#", b"a|b#c", b"a|b/", b"a|b/.", b"./a|b", b"a|b%00", b"a|b%20"),
    *(
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
    ),
]

# Each line: bytes that something might take for one another, be it by decoding, folding, normalising or trimming.
_LETTERS = (b"a", b"A", b"%61", b"%41", b"%2561", b"%EF%BD%81", b"a%CC%81", b"%C3%A1")
_KELVIN = (b"k", b"K", b"%4B", b"%E2%84%AA", b"%25E2%2584%25AA")
_BARS = (b"|", b"%7C", b"%7c", b"%257C", b"%EF%BD%9C", b"%C2%A6", b"||")
_PLUS = (b"+", b"%2B", b"%2b", b"%252B", b"%20", b"%EF%BC%8B", b"", b"++")
_SLASH = (b"%2F", b"%2f", b"%252F", b"%5C", b"%E2%88%95")
_NOTHING = (
    b"",
    b"%00",
    b"%20",
    b"%09",
    b"%0A",
    b".",
    b"%2E",
    b"%E2%80%8B",
    b"%EF%BB%BF",
    b"%C2%AD",
    b"%ff",
    b"%",
    b"%2",
)
_ONE = (b"1", b"%31", b"%2531", b"%EF%BC%91", b"%D9%A1")
_HYPHEN = (b"-", b"-", b"-", b"%2D", b"%252D", b"%EF%BC%8D")
_S = (b"S", b"s", b"%53", b"%73", b"%C5%BF", b"%EF%BC%B3")
_TEXT = st.lists(st.sampled_from([_LETTERS, _KELVIN, _PLUS, _SLASH, _NOTHING, _ONE]), min_size=1, max_size=3)


@st.composite
def _twins(draw: st.DrawFn, *lines: st.SearchStrategy[list[tuple[bytes, ...]]]) -> tuple[bytes, bytes]:
    """Two spellings, place by place of bytes that might be taken for one another."""
    drawn = [line for part in lines for line in draw(part)]
    one, other = ([draw(st.sampled_from(line)) for line in drawn] for _ in range(2))
    return b"".join(one), b"".join(other)


_PUSHES = _twins(_TEXT, st.just([_BARS]), _TEXT)
_PHONES = _twins(st.just([_PLUS]), st.just([_ONE] * 8), st.just([_NOTHING]))
_SMS = st.just([_S, (b"m", b"M"), _S])
_PUSH = st.just([(b"p", b"P", b"%50"), (b"u", b"U"), _S, (b"h", b"H")])
_QUALIFIER = st.lists(st.sampled_from([_LETTERS, _KELVIN, _HYPHEN]), min_size=1, max_size=2)
_PLACES = _twins(_SMS | _PUSH, st.just([_HYPHEN]), _QUALIFIER)


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


@settings(max_examples=1000)
@given(_PUSHES)
@example((b"a|b", b"a%7Cb"))
@example((b"a%2Fb|c", b"a%252Fb|c"))
def test_two_push_destinations_reach_one_device_only_if_they_decode_to_the_same_bytes(
    twins: tuple[bytes, bytes],
) -> None:
    _same_device_means_same_words((PUSH, twins[0]), (PUSH, twins[1]))


@settings(max_examples=1000)
@given(_PHONES)
@example((b"12345678", b"%2B12345678"))
@example((b"12345678", b"%252B12345678"))
def test_two_phone_numbers_reach_one_device_only_if_they_have_the_same_digits(twins: tuple[bytes, bytes]) -> None:
    _same_device_means_same_words((SMS, twins[0]), (SMS, twins[1]))


@settings(max_examples=1000)
@given(_PLACES)
@example((b"PUSH-a", b"push-a"))
@example((b"PUSH-a-b", b"PUSH%2Da-b"))
def test_two_qualifiers_reach_one_device_only_if_they_are_the_same(twins: tuple[bytes, bytes]) -> None:
    for tail in (b"a|b", b"12345678"):
        _same_device_means_same_words((twins[0], tail), (twins[1], tail))


@settings(max_examples=1000)
@given(st.sampled_from([(PUSH, PUSH), (SMS, SMS)]) | _PLACES, _PUSHES | _PHONES)
def test_a_device_that_is_reached_has_the_very_bytes_of_the_path(
    places: tuple[bytes, bytes], destinations: tuple[bytes, bytes]
) -> None:
    """From each accepted path its meaning can be told again, so no two meanings share a device."""
    address = reached(places[0], destinations[0])
    if address:
        phone = address.destination.removeprefix("+") if address.channel == "SMS" else address.destination
        told = (address.channel.encode(), address.qualifier.encode(), phone.encode())
        assert told == meant(places[0], destinations[0])


@given(st.binary(max_size=12), st.binary(max_size=24))
def test_any_bytes_are_an_address_or_a_refusal(head: bytes, tail: bytes) -> None:
    reached(head, tail)


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
