"""The columns of a database and the values they take on the wire (always text)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from enum import StrEnum

from domain.contact import WIRE_NAMES
from domain.errors import RequiredColumnEmpty, ValueInvalid
from domain.text import flaw, storable
from domain.times import parse_date

NAME_LENGTH = 255
TEXT_LENGTH = 4000
RESERVED_NAMES = frozenset({"id", "created", "lastModified", *WIRE_NAMES.values()})
_DIGITS = 38  # as many as a NUMERIC column of the usual databases
_EXACT = Context(prec=_DIGITS)  # the usual one would round to 28 digits


class ColumnType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    SELECTION = "selection"


@dataclass(frozen=True)
class Column:
    """`selections` lists the values that a selection column takes; other types have none."""

    name: str
    type: ColumnType
    required: bool = False
    selections: tuple[str, ...] = ()


def check_column(column: Column) -> None:
    """Raises ValueInvalid for a column that can't be: an odd name, one of ours, selections of another type."""
    if fault := flaw(column.name, NAME_LENGTH):
        raise ValueInvalid(f"name: name {fault}.")
    if column.name in RESERVED_NAMES:
        raise ValueInvalid(f"name: {column.name} is an attribute that every contact has.")
    if bool(column.selections) != (column.type is ColumnType.SELECTION):
        raise ValueInvalid("selections: a selection column needs them, no other column has them.")


def column_value(column: Column, value: object) -> str | None:
    """The stored text of a value from the wire; None clears. Raises ValueInvalid with the vendor's words."""
    return None if value is None else column_text(column, _text(column, value))


def column_text(column: Column, text: str) -> str:
    """A value as the column stores it. Raises ValueInvalid with the vendor's words."""
    fault = _FAULTS[column.type](column, text)
    if fault:
        raise ValueInvalid(f"{column.name}: {column.name} {fault}", column=column.name)
    return _decimal_text(text) if column.type is ColumnType.NUMBER else text


def unknown_column(name: str) -> ValueInvalid:
    return ValueInvalid(f"{name}: {name} does not exist.", column=name)


def required_column_empty(name: str) -> str:
    """The vendor's sentence, on 422 and, for establish identity, on 500."""
    return f"{name}: could not validate recipient; required column {name} has no value."


def demand_required(columns: Mapping[str, Column], held: Mapping[str, str | None]) -> None:
    """Raises RequiredColumnEmpty for the first required column without a value."""
    for column in columns.values():
        if column.required and held.get(column.name) is None:
            raise RequiredColumnEmpty(required_column_empty(column.name), column=column.name)


def _text(column: Column, value: object) -> str:
    match value:
        case bool():
            return "Yes" if value else "No"
        case str():
            return value
        case int() | Decimal():
            return str(value)
    raise ValueInvalid(f"{column.name}: {column.name} must be a text, a number or a boolean.", column=column.name)


def _text_fault(_: Column, text: str) -> str | None:
    if not storable(text):
        return "holds a character that cannot be stored."
    return f"is longer than {TEXT_LENGTH} characters." if len(text) > TEXT_LENGTH else None


def _number_fault(_: Column, text: str) -> str | None:
    fault = "is not a valid number."
    if not text.isascii() or text != text.strip() or "_" in text:
        return fault
    try:
        number = Decimal(text)
    except InvalidOperation:
        return fault
    if not number.is_finite() or abs(number.adjusted()) >= _DIGITS or len(number.as_tuple().digits) > _DIGITS:
        return fault
    return None


def _boolean_fault(_: Column, text: str) -> str | None:
    return None if text in {"Yes", "No"} else "is not a valid boolean; it must be Yes or No."


def _date_fault(_: Column, text: str) -> str | None:
    fault = "must be formatted as yyyy-MM-dd."
    try:
        parse_date(text)
    except ValueError:
        return fault
    return None


def _selection_fault(column: Column, text: str) -> str | None:
    return None if text in column.selections else "is not one of the valid selections for this field."


def _decimal_text(text: str) -> str:
    """One spelling per number, so that two contacts with 1 and 1.0 are equal."""
    number = format(Decimal(text).normalize(_EXACT), "f")
    return "0" if number == "-0" else number


_FAULTS: dict[ColumnType, Callable[[Column, str], str | None]] = {
    ColumnType.TEXT: _text_fault,
    ColumnType.NUMBER: _number_fault,
    ColumnType.BOOLEAN: _boolean_fault,
    ColumnType.DATE: _date_fault,
    ColumnType.SELECTION: _selection_fault,
}
