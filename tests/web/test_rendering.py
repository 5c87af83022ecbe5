"""Values between other words."""

import pytest

from web.rendering import isolated


@pytest.mark.parametrize(
    ("value", "markup"),
    [
        ("Dana", "Dana"),
        ("\u05d3\u05e0\u05d4", "<bdi>\u05d3\u05e0\u05d4</bdi>"),
        ("\u05d3<b>\u0336", "<bdi>\u05d3&lt;b&gt;&lt;U+0336&gt;</bdi>"),
    ],
)
def test_what_is_read_from_right_to_left_keeps_to_itself(value: str, markup: str) -> None:
    assert isolated(value) == markup
