import pytest

from domain.visible import right_to_left, visible


@pytest.mark.parametrize(
    "text", ["", "a b", "Zoë 名前", "\U0001f600", "e\u0301", "\u05e9\u05c1\u05bc\u05b8\u05bd\u0591", "o\u0302\u0301"]
)
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
        ("a\u0336b", "a<U+0336>b"),
        ("a\u20dd", "a<U+20DD>"),
        ("a\u0332", "a<U+0332>"),
        ("\u0301a", "<U+0301>a"),
        ("a" + "\u0301" * 6, "a" + "\u0301" * 5 + "<U+0301>"),
    ],
)
def test_what_is_invisible_or_changes_its_neighbours_shows_its_code_point(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "so"), [("abc 1", False), ("\u05d3\u05e0\u05d4", True), ("a \u0627", True), ("\u0661", True), ("", False)]
)
def test_what_is_read_from_right_to_left_is_known(text: str, so: bool) -> None:
    assert right_to_left(text) is so
