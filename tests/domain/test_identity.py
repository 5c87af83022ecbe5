import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import IdentityInvalid
from domain.identity import Identity, parse_identity


@pytest.mark.parametrize(
    "value", ["777374", "a", "user Account 4567", "O'Brien", "Ä", "名前", "v" * 255, "a|b", "null"]
)
def test_a_visible_value_of_up_to_255_characters_is_an_identity(value: str) -> None:
    assert parse_identity("userId", value) == Identity("userId", value)


def test_the_composed_and_the_decomposed_spelling_are_one_identity() -> None:
    assert parse_identity("userId", "Zoe\u0308") == parse_identity("userId", "Zo\u00eb")


def test_case_counts() -> None:
    assert parse_identity("userId", "ABC") != parse_identity("userId", "abc")
    assert parse_identity("userId", "abc") != parse_identity("UserId", "abc")


def test_compatibility_characters_stay_what_they_are() -> None:
    assert parse_identity("userId", "\uff11") != parse_identity("userId", "1")


def test_the_length_is_that_of_the_composed_value() -> None:
    assert parse_identity("userId", "e\u0301" * 255).value == "\u00e9" * 255


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        " 1",
        "1 ",
        "\u00a01",
        "1\u3000",
        "a\tb",
        "a\nb",
        "a\x00b",
        "a\x7fb",
        "a\u200bb",
        "a\u200db",
        "a\u202eb",
        "a\u00adb",
        "\ufeffa",
        "a\u2028b",
        "a\ud800b",
        "a\ue000b",
        "a\U000e0041b",
        "a\uffffb",
        "v" * 256,
    ],
)
def test_any_other_value_is_refused(value: str) -> None:
    with pytest.raises(IdentityInvalid) as refused:
        parse_identity("userId", value)
    assert refused.value.detail.startswith("The identity value must not ")


@given(st.text(min_size=1, max_size=300))
def test_what_is_accepted_is_accepted_again_and_stays_the_same(value: str) -> None:
    try:
        identity = parse_identity("userId", value)
    except IdentityInvalid:
        return
    assert parse_identity("userId", identity.value) == identity
    assert unicodedata.is_normalized("NFC", identity.value)
    assert 1 <= len(identity.value) <= 255
