import pytest

from domain.text import flaw, storable


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "must not be empty"),
        ("abcd", "must not be longer than 3 characters"),
        ("a\x00", "must not hold control or invisible characters"),
        ("a\u200b", "must not hold control or invisible characters"),
        ("a\ufffd", "must not hold U+FFFD, which stands for a character that was lost"),
        ("a\u3164", "must not hold control or invisible characters"),
        ("\u2800", "must not hold control or invisible characters"),
        ("a\ufe0f", "must not hold control or invisible characters"),
        ("\U000e0100", "must not hold control or invisible characters"),
        (" a", "must not begin or end with a space"),
        ("a\u00a0", "must not begin or end with a space"),
        ("a b", None),
        ("abc", None),
        ("\U0001f600", None),
    ],
)
def test_a_flaw_is_told_in_words(text: str, fault: str | None) -> None:
    assert flaw(text, longest=3) == fault


@pytest.mark.parametrize("text", ["", "a", "\n", "\u202e", "\ud7ff", "\ue000", "\U0010ffff"])
def test_postgresql_stores_any_other_text(text: str) -> None:
    assert storable(text)


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\ud800", "a\udfffb"])
def test_postgresql_stores_neither_nul_nor_half_a_character(text: str) -> None:
    assert not storable(text)
