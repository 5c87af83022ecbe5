import hashlib
import json
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.canonical import canonical, sha256


def test_members_are_sorted_by_their_utf_16_code_units() -> None:
    """The example of RFC 8785, section 3.2.3."""
    given = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    wanted = [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ]
    assert list(json.loads(canonical(given)).values()) == wanted


def test_strings_are_escaped_no_more_than_json_demands() -> None:
    """The string and the literals of RFC 8785, section 3.2.2; its bytes from section 3.2.4."""
    given = {"literals": [None, True, False], "string": '\u20ac$\u000f\nA\'B"\\\\"/'}
    wanted = (
        "7b 22 6c 69 74 65 72 61 6c 73 22 3a 5b 6e 75 6c 6c 2c 74 72 75 65 2c 66 61 6c 73 65 5d 2c"
        "22 73 74 72 69 6e 67 22 3a 22 e2 82 ac 24 5c 75 30 30 30 66 5c 6e 41 27 42 5c 22 5c 5c 5c 5c 5c 22 2f 22 7d"
    )
    assert canonical(given) == bytes.fromhex(wanted)


@pytest.mark.parametrize(
    ("value", "content"),
    [
        (0, b'"0"'),
        (-1, b'"-1"'),
        (2**53 + 1, b'"9007199254740993"'),
        (2**63 - 1, b'"9223372036854775807"'),
        (True, b"true"),
        (None, b"null"),
        ((1, "a"), b'["1","a"]'),
        ({1: 2}, b'{"1":"2"}'),
        (datetime(2017, 8, 15, tzinfo=UTC), b'"2017-08-15T00:00:00Z"'),
        (UUID(int=1), b'"00000000-0000-0000-0000-000000000001"'),
    ],
)
def test_whole_numbers_ids_and_times_enter_as_strings(value: object, content: bytes) -> None:
    assert canonical(value) == content


@pytest.mark.parametrize("value", [1.0, float("nan"), [1.5], {"a": {"b": 0.1}}, Decimal("1.5"), b"bytes", {1, 2}])
def test_floats_and_whatever_else_has_no_one_spelling_are_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical(value)


def test_the_digest_is_over_the_canonical_bytes() -> None:
    assert sha256({"b": 1, "a": None}) == hashlib.sha256(b'{"a":null,"b":"1"}').hexdigest()


_DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.text() | st.integers().map(str),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(_DOCUMENTS)
def test_what_is_read_back_is_what_was_written(document: object) -> None:
    assert json.loads(canonical(document)) == document
    assert canonical(json.loads(canonical(document))) == canonical(document)


@given(st.dictionaries(st.text(), st.text(), min_size=2))
def test_the_order_of_members_does_not_count(document: dict[str, str]) -> None:
    assert canonical(dict(reversed(document.items()))) == canonical(document)
