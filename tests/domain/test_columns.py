"""Values on the wire, and the vendor's sentences word for word."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.columns import (
    NAME_LENGTH,
    RESERVED_NAMES,
    Column,
    ColumnType,
    check_column,
    column_value,
    demand_required,
    required_column_empty,
    unknown_column,
)
from domain.errors import RequiredColumnEmpty, ValueInvalid

TEXT = Column("Nickname", ColumnType.TEXT)
NUMBER = Column("Age", ColumnType.NUMBER)
BOOLEAN = Column("Newsletter", ColumnType.BOOLEAN)
DATE = Column("Birthday", ColumnType.DATE)
SELECTION = Column("Size", ColumnType.SELECTION, selections=("S", "M", "L"))
COLUMNS = {column.type: column for column in (TEXT, NUMBER, BOOLEAN, DATE, SELECTION)}


@pytest.mark.parametrize(
    ("column", "value", "stored"),
    [
        (TEXT, "", ""),
        (TEXT, "0", "0"),
        (TEXT, " kept as it is ", " kept as it is "),
        (TEXT, "\u202e", "\u202e"),
        (TEXT, "x" * 4000, "x" * 4000),
        (TEXT, 5, "5"),
        (TEXT, Decimal("1.50"), "1.50"),
        (TEXT, True, "Yes"),
        (NUMBER, 0, "0"),
        (NUMBER, "42", "42"),
        (NUMBER, "007", "7"),
        (NUMBER, "+5", "5"),
        (NUMBER, "-0", "0"),
        (NUMBER, "-0.00", "0"),
        (NUMBER, "1.0", "1"),
        (NUMBER, "1.50", "1.5"),
        (NUMBER, ".5", "0.5"),
        (NUMBER, "1e3", "1000"),
        (NUMBER, Decimal("1E+2"), "100"),
        (NUMBER, 2**63, "9223372036854775808"),
        (NUMBER, "9" * 38, "9" * 38),
        (NUMBER, "0." + "1" * 37, "0." + "1" * 37),
        (NUMBER, "-" + "123456789" * 4 + "12", "-" + "123456789" * 4 + "12"),
        (BOOLEAN, "Yes", "Yes"),
        (BOOLEAN, "No", "No"),
        (BOOLEAN, True, "Yes"),
        (BOOLEAN, False, "No"),
        (DATE, "2017-08-15", "2017-08-15"),
        (DATE, "2016-02-29", "2016-02-29"),
        (SELECTION, "M", "M"),
    ],
)
def test_a_value_is_stored_as_text(column: Column, value: object, stored: str) -> None:
    assert column_value(column, value) == stored


@pytest.mark.parametrize("column", COLUMNS.values())
def test_null_clears(column: Column) -> None:
    assert column_value(column, None) is None


@pytest.mark.parametrize("value", ["", " ", "1 ", " 1", "one", "1,5", "1_000", "NaN", "-Infinity", "1e99", "1e-99"])
def test_what_is_no_number_is_refused_in_the_vendors_words(value: str) -> None:
    assert _refused(NUMBER, value) == "Age: Age is not a valid number."


@pytest.mark.parametrize("value", ["\uff19", "\u0663", "0x10", "9" * 39, "0." + "1" * 39, True, "--1", "1e", "sNaN"])
def test_a_number_has_38_ascii_digits_at_most(value: object) -> None:
    assert _refused(NUMBER, value) == "Age: Age is not a valid number."


@pytest.mark.parametrize("value", ["", "yes", "YES", "no", "true", "1", 1, 0, "Y", " Yes"])
def test_a_boolean_is_yes_or_no(value: object) -> None:
    assert _refused(BOOLEAN, value) == "Newsletter: Newsletter is not a valid boolean; it must be Yes or No."


@pytest.mark.parametrize(
    "value",
    [
        "",
        "15.08.2017",
        "2017-8-15",
        "20170815",
        "2017-W33-2",
        "2017-02-29",
        "2017-08-15Z",
        "\uff12\uff10\uff11\uff17-08-15",
        20170815,
    ],
)
def test_a_date_must_be_formatted_as_the_vendor_says(value: object) -> None:
    assert _refused(DATE, value) == "Birthday: Birthday must be formatted as yyyy-MM-dd."


@pytest.mark.parametrize("value", ["", "XL", "m", "S,M", 1])
def test_a_selection_is_one_of_its_columns(value: object) -> None:
    assert _refused(SELECTION, value) == "Size: Size is not one of the valid selections for this field."


def test_a_text_too_long_or_that_cannot_be_stored_is_refused() -> None:
    assert _refused(TEXT, "x" * 4001) == "Nickname: Nickname is longer than 4000 characters."
    assert _refused(TEXT, "a\x00b") == "Nickname: Nickname holds a character that cannot be stored."
    assert _refused(TEXT, "\ud800") == "Nickname: Nickname holds a character that cannot be stored."


@pytest.mark.parametrize("value", [[], {}, ["a"], {"a": "b"}, 1.5, b"a"])
def test_a_list_or_an_object_is_no_value(value: object) -> None:
    assert _refused(TEXT, value) == "Nickname: Nickname must be a text, a number or a boolean."


def test_the_vendors_sentences_about_columns() -> None:
    assert unknown_column("Age").detail == "Age: Age does not exist."
    assert (
        required_column_empty("Country")
        == "Country: could not validate recipient; required column Country has no value."
    )


def test_the_first_required_column_without_a_value_is_named() -> None:
    columns = {name: Column(name, ColumnType.TEXT, required=name != "Nickname") for name in ("Nickname", "Country")}
    demand_required(columns, {"Country": ""})  # an empty text is a value
    for held in ({}, {"Country": None}, {"Nickname": "Bert"}):
        with pytest.raises(RequiredColumnEmpty) as refused:
            demand_required(columns, held)
        assert refused.value.detail == required_column_empty("Country")
        assert refused.value.extensions == {"column": "Country"}


@pytest.mark.parametrize("name", ["Favorite Food", "Alias Id", "e-mail", "Größe", "n" * NAME_LENGTH])
def test_a_column_may_have_inner_spaces_and_any_visible_letters(name: str) -> None:
    check_column(Column(name, ColumnType.TEXT))


@pytest.mark.parametrize("name", ["", " Age", "Age ", "A\x00", "A\u200b", "n" * (NAME_LENGTH + 1)])
def test_a_column_with_an_odd_name_is_refused(name: str) -> None:
    with pytest.raises(ValueInvalid, match="value-invalid") as refused:
        check_column(Column(name, ColumnType.TEXT))
    assert refused.value.detail.startswith("name: name must not ")


@pytest.mark.parametrize("name", sorted(RESERVED_NAMES))
def test_a_column_cannot_be_named_as_a_system_attribute(name: str) -> None:
    with pytest.raises(ValueInvalid) as refused:
        check_column(Column(name, ColumnType.TEXT))
    assert refused.value.detail == f"name: {name} is an attribute that every contact has."


@pytest.mark.parametrize("kind", ColumnType)
def test_a_selection_column_has_selections_and_no_other_has(kind: ColumnType) -> None:
    fits = ("S",) if kind is ColumnType.SELECTION else ()
    check_column(Column("Size", kind, selections=fits))
    with pytest.raises(ValueInvalid):
        check_column(Column("Size", kind, selections=() if fits else ("S",)))


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**30), max_value=10**30))
def test_equal_numbers_have_one_spelling_and_no_digit_is_lost(number: Decimal) -> None:
    stored = column_value(NUMBER, str(number))
    assert stored is not None
    assert Decimal(stored) == number
    assert column_value(NUMBER, stored) == stored
    assert column_value(NUMBER, f"{number:f}0" if "." in f"{number:f}" else f"{number:f}.0") == stored


def _refused(column: Column, value: object) -> str:
    with pytest.raises(ValueInvalid) as refused:
        column_value(column, value)
    assert refused.value.extensions == {"column": column.name}
    return refused.value.detail
