from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.address import Address, Channel, parse_address, parse_path_address
from domain.errors import ChannelInvalid, DestinationInvalid, Refusal

LONG = "m" * 255


@pytest.mark.parametrize(
    "destination",
    [
        "Sksd03jdJKK|H892hH",
        "a|b",
        "!|~",
        "%2F|%00",  # nothing is decoded here: these are the characters themselves
        f"{LONG}|{LONG}",
        "+|+",
    ],
)
def test_a_push_destination_is_two_sides_of_visible_ascii(destination: str) -> None:
    assert parse_address("PUSH", "ap56921D", destination) == Address(Channel.PUSH, "ap56921D", destination)


@pytest.mark.parametrize(
    "destination",
    [
        "",
        "|",
        "nobar",
        "a|b|c",
        "a||b",
        "|b",
        "a|",
        "a \uff5c b",
        "a\uff5cb",  # a full-width bar is no bar
        "a|b\uff5cc",
        "a |b",
        "a|b ",
        " a|b",
        "a\t|b",
        "a|b\n",
        "a\x00|b",
        "a|b\x7f",
        "ä|b",
        "a|\u200bb",
        "a|b\u0301",
        f"{LONG}m|b",
        f"a|{LONG}m",
    ],
)
def test_any_other_push_destination_is_refused(destination: str) -> None:
    with pytest.raises(DestinationInvalid):
        parse_address("PUSH", "ap56921D", destination)


@pytest.mark.parametrize("digits", ["12345678", "491701234567", "123456789012345", "00000000"])
def test_a_phone_number_with_and_without_its_plus_is_the_same(digits: str) -> None:
    wanted = Address(Channel.SMS, "spring", f"+{digits}")
    assert parse_address("SMS", "spring", digits) == wanted
    assert parse_address("SMS", "spring", f"+{digits}") == wanted
    assert parse_path_address(b"SMS-spring", b"%2B" + digits.encode()) == wanted


@pytest.mark.parametrize(
    "destination",
    [
        "",
        "+",
        "1234567",
        "+1234567",
        "1234567890123456",
        "++12345678",
        "+12345678+",
        " 12345678",
        "12345678 ",
        "12345678\n",
        "1234 5678",
        "1234-5678",
        "0x123456",
        "12345678|1",
        "\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668",  # Arabic-Indic digits
        "\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18",  # full-width digits
        "\uff0b12345678",
    ],
)
def test_anything_else_is_no_phone_number(destination: str) -> None:
    with pytest.raises(DestinationInvalid):
        parse_address("SMS", "spring", destination)


@pytest.mark.parametrize("channel", ["PUSH", "push", "Push", "pUsH"])
def test_the_case_of_a_channel_does_not_count(channel: str) -> None:
    assert parse_address(channel, "ap56921D", "a|b").channel is Channel.PUSH


@pytest.mark.parametrize(
    "channel", ["", "EMAIL", "PUSHY", "PUSH ", "\u017fms", "\uff30\uff35\uff33\uff28", "CLIENT", "pu\u0301sh"]
)
def test_an_unknown_channel_is_refused(channel: str) -> None:
    with pytest.raises(ChannelInvalid):
        parse_address(channel, "spring", "12345678")


@pytest.mark.parametrize("qualifier", ["ap-56 921D", "-", "a--b", "Ümlaut", "a|b", "q" * 255])
def test_a_qualifier_may_hold_hyphens_and_inner_spaces(qualifier: str) -> None:
    assert parse_address("PUSH", qualifier, "a|b").qualifier == qualifier


@pytest.mark.parametrize("qualifier", ["", " ", " a", "a ", "a\x00b", "a\u202eb", "q" * 256])
def test_an_empty_invisible_or_long_qualifier_is_refused(qualifier: str) -> None:
    with pytest.raises(ChannelInvalid):
        parse_address("PUSH", qualifier, "a|b")


def test_the_first_hyphen_ends_the_channel() -> None:
    assert parse_path_address(b"push-my-app key", b"a|b").qualifier == "my-app key"
    assert parse_path_address(b"PUSH--", b"a|b").qualifier == "-"
    with pytest.raises(ChannelInvalid):
        parse_path_address(b"PUSH", b"a|b")


@pytest.mark.parametrize(
    ("segment", "destination"),
    [(b"a%7Cb", "a|b"), (b"a%7cb", "a|b"), (b"a|b", "a|b"), (b"a%257Cb|c", "a%7Cb|c"), (b"a+b|c", "a+b|c")],
)
def test_a_segment_is_decoded_exactly_once(segment: bytes, destination: str) -> None:
    assert parse_path_address(b"PUSH-app", segment).destination == destination


@pytest.mark.parametrize(
    "segment",
    [
        b"a|b%",
        b"a|b%2",
        b"a|b%zz",
        b"a|b%%41",
        b"a|%u0041",
        b"a|b%+1",
        b"a|b%00",
        b"a|b%0a",
        b"a|b%20",
        b"a|b%ff",
        b"a|b\xff",
        b"a|b%c0%af",  # an over-long spelling of the slash
        b"a|b%ed%a0%80",  # a surrogate
        b"a%EF%BD%9Cb",
        "a\uff5cb".encode(),
    ],
)
def test_a_broken_or_hidden_escape_is_refused(segment: bytes) -> None:
    with pytest.raises(DestinationInvalid):
        parse_path_address(b"PUSH-app", segment)


@pytest.mark.parametrize("segment", [b"PUSH-a%", b"PUSH-a%ff", b"PUSH-%00", b"%c5%bfms-spring"])
def test_a_broken_escape_before_the_destination_is_the_channels_fault(segment: bytes) -> None:
    with pytest.raises(ChannelInvalid):
        parse_path_address(segment, b"a|b")


def test_a_refusal_says_which_part_of_the_path_cannot_be_read() -> None:
    with pytest.raises(ChannelInvalid) as channel:
        parse_path_address(b"PUSH-a%ff", b"a|b")
    with pytest.raises(DestinationInvalid) as destination:
        parse_path_address(b"PUSH-a", b"a|b%ff")
    assert channel.value.detail == destination.value.detail == "The path is not UTF-8."


def test_a_slash_within_a_segment_is_part_of_the_destination() -> None:
    """`%2F` never splits a path again; whoever registers such a device reaches exactly that one."""
    assert parse_path_address(b"PUSH-app", b"a%2Fb|c").destination == "a/b|c"


def test_a_refusal_says_nothing_of_what_was_sent() -> None:
    with pytest.raises(DestinationInvalid) as refused:
        parse_address("SMS", "spring", "+49170 secret")
    assert "49170" not in f"{refused.value} {refused.value.detail} {refused.value.extensions}"


_TEXTS = st.text(alphabet=st.sampled_from("aA|+1-%2\uff5c\u0301\u017f \x00é") | st.characters(), max_size=20)
_DIGITS = st.from_regex(r"\A\+{0,2}[0-9]{7,16}\Z")
_PUSHES = st.from_regex(r"\A[!-~]{1,4}\|[!-~]{0,4}\Z")


@given(
    channel=st.sampled_from(["PUSH", "push", "SMS", "sMs", "\u017fms", "PUSH "]),
    qualifier=_TEXTS,
    destination=_TEXTS | _DIGITS | _PUSHES,
)
def test_no_two_accepted_spellings_reach_one_address_but_for_the_plus_and_the_channels_case(
    channel: str, qualifier: str, destination: str
) -> None:
    """What is accepted can be told from its address again, so that two spellings of one address are these only."""
    try:
        address = parse_address(channel, qualifier, destination)
    except Refusal:
        return
    assert address.channel.value == channel.upper()
    assert address.qualifier == qualifier
    spellings = {address.destination}
    if address.channel is Channel.SMS:
        spellings.add(address.destination.removeprefix("+"))
    assert destination in spellings


@given(channel=st.sampled_from(["PUSH", "SMS"]), qualifier=_TEXTS, destination=_TEXTS | _DIGITS | _PUSHES)
def test_a_path_reaches_the_address_that_its_decoded_texts_name(channel: str, qualifier: str, destination: str) -> None:
    head, tail = f"{channel}-{qualifier}", destination
    in_path = _result(lambda: parse_path_address(_quoted(head), _quoted(tail)))
    assert in_path == _result(lambda: parse_address(channel, qualifier, destination))


def _quoted(text: str) -> bytes:
    return quote(text, safe="", errors="surrogatepass").encode()


def _result(parse: Callable[[], Address]) -> Address | type[Refusal]:
    try:
        return parse()
    except Refusal as refusal:
        return type(refusal)
