"""An identity: the value of a lookup-key column, unique in its database."""

import unicodedata
from dataclasses import dataclass

from domain.errors import IdentityInvalid
from domain.text import flaw

VALUE_LENGTH = 255


@dataclass(frozen=True, order=True)
class Identity:
    """`name` is a lookup key of the database; `value` is compared exactly, case counts."""

    name: str
    value: str


def parse_identity(name: str, value: str) -> Identity:
    """Normalises the value to NFC. Raises IdentityInvalid."""
    value = unicodedata.normalize("NFC", value)
    if fault := flaw(value, VALUE_LENGTH):
        raise IdentityInvalid(f"The identity value {fault}.")
    return Identity(name, value)
