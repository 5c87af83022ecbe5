from datetime import UTC, datetime

import pytest

from domain.address import Address, Channel
from domain.columns import ColumnType
from web.masking import MASK, Sight, masked, masked_address

HIDDEN, IN_FULL = Sight(role_sees=False), Sight(role_sees=True)
REVEALED = Sight(role_sees=False, until=datetime(2026, 11, 23, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("albert.b.jerm@gmail.com", "a•••@gmail.com"),
        ("a@gmail.com", "a•••@gmail.com"),
        ("+43 664 12345678", "•••78"),
        ("777374", "7•••"),
        ("", "•••"),
        ("two words @ once", "t•••"),
    ],
)
def test_a_mask_keeps_what_tells_two_values_apart(value: str, shown: str) -> None:
    assert masked(value) == shown


@pytest.mark.parametrize("value", ["x", "xy", "x" * 4000])
def test_a_mask_does_not_give_a_values_length_away(value: str) -> None:
    assert masked(value) == "x•••"


@pytest.mark.parametrize("kind", [ColumnType.BOOLEAN, ColumnType.SELECTION, ColumnType.NUMBER, ColumnType.DATE])
def test_of_a_value_that_a_letter_would_tell_nothing_is_kept(kind: ColumnType) -> None:
    assert HIDDEN.text("Yes", kind) == MASK


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (Address(Channel.SMS, "spring", "+4366412345678"), "•••78"),
        (Address(Channel.PUSH, "ap56921D", "Sksd03jdJKK|H892hH"), "S•••|H•••"),
    ],
)
def test_both_halves_of_an_address_are_masked(address: Address, shown: str) -> None:
    assert masked_address(address) == HIDDEN.address(address) == shown


@pytest.mark.parametrize("seen", [IN_FULL, REVEALED])
def test_a_role_or_a_reveal_shows_the_value(seen: Sight) -> None:
    assert seen.text("777374") == "777374"
    assert seen.address(Address(Channel.SMS, "spring", "+4366412345678")) == "+4366412345678"
