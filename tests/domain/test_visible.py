import pytest

from domain.visible import visible


@pytest.mark.parametrize("text", ["", "a b", "Zoë 名前", "\U0001f600", "e\u0301"])
def test_what_a_person_can_see_stays(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", "a<U+202E>b"),
        ("\x1b[2J", "<U+001B>[2J"),
        ("a\nb", "a<U+000A>b"),
        ("a\u00a0b", "a<U+00A0>b"),
        ("\u3164", "<U+3164>"),
        ("a\ufe0f", "a<U+FE0F>"),
        ("a\U000e0100", "a<U+E0100>"),
        ("\ud800", "<U+D800>"),
    ],
)
def test_what_is_invisible_or_moves_its_neighbours_shows_its_code_point(text: str, shown: str) -> None:
    assert visible(text) == shown
