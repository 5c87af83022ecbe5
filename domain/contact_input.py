"""What a caller wants a contact to hold, checked against the database's columns."""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from domain.approval import PLACEHOLDERS, demand_not_blocked
from domain.columns import Column, column_text, column_value, demand_required, unknown_column
from domain.contact import WIRE_NAMES, Contact
from domain.errors import EmailInvalid, LookupKeyInactive, ValueInvalid
from domain.identity import Identity, parse_identity
from domain.text import storable

_EMAIL = re.compile(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+\.[^@\s\x00-\x1f]+")
_EMAIL_LENGTH = 254
_SYSTEM_LENGTH = 1000
EMAIL_TYPES = frozenset({"HTML", "TEXT"})


@dataclass(frozen=True)
class Schema:
    """The columns of a database by name, which of them are active lookup keys, and the values these refuse."""

    columns: Mapping[str, Column]
    lookup_keys: frozenset[str]
    blocked_values: tuple[str, ...] = PLACEHOLDERS


@dataclass(frozen=True)
class ContactInput:
    """As it came: `system` by wire name, `custom` by column name. Absent leaves, None clears.

    `created` needs an admin's token.
    """

    system: Mapping[str, str | None] = field(default_factory=dict)
    custom: Mapping[str, object] = field(default_factory=dict)
    created: datetime | None = None


@dataclass(frozen=True)
class ContactChange:
    """As it will be written: `system` by our names; None clears or, for an identity, frees."""

    system: Mapping[str, str | None]
    custom: Mapping[str, str | None]
    identities: Mapping[str, str | None]
    created: datetime | None = None

    @property
    def claims(self) -> list[Identity]:
        return [Identity(name, value) for name, value in self.identities.items() if value is not None]


def contact_change(given: ContactInput, schema: Schema) -> ContactChange:
    """Raises ValueInvalid, EmailInvalid, IdentityInvalid or IdentityBlocked for the first value that does not fit."""
    system = {name: _system(wire, given.system[wire]) for name, wire in WIRE_NAMES.items() if wire in given.system}
    custom: dict[str, str | None] = {}
    identities: dict[str, str | None] = {}
    for name, value in given.custom.items():
        if name not in schema.columns:
            raise unknown_column(name)
        text = column_value(schema.columns[name], value)
        if name in schema.lookup_keys:
            identities[name] = None if text is None else given_identity(name, text, schema).value
        else:
            custom[name] = text
    return ContactChange(system, custom, identities, given.created)


def given_identity(name: str, value: str, schema: Schema) -> Identity:
    """An identity that a contact is to hold. Raises LookupKeyInactive and what `identity_under` finds."""
    if name not in schema.lookup_keys:
        raise LookupKeyInactive
    return identity_under(schema.columns[name], value, schema.blocked_values)


def identity_under(lookup_key: Column, value: str, blocked_values: Iterable[str]) -> Identity:
    """The value as its column stores it. Raises IdentityInvalid, ValueInvalid or IdentityBlocked."""
    identity = parse_identity(lookup_key.name, value)
    identity = Identity(lookup_key.name, column_text(lookup_key, identity.value))
    demand_not_blocked(identity, blocked_values)
    return identity


def lookup_identity(name: str, value: str, schema: Schema) -> Identity:
    """An identity to look a contact up by. Raises LookupKeyInactive or IdentityInvalid."""
    if name not in schema.lookup_keys:
        raise LookupKeyInactive
    identity = parse_identity(name, value)
    with suppress(ValueInvalid):
        return Identity(name, column_text(schema.columns[name], identity.value))
    return identity  # nobody can be given it; who holds it from before is still found


def demand_required_columns(change: ContactChange, schema: Schema, before: Contact | None) -> None:
    """Raises RequiredColumnEmpty where the contact, as it would be, lacks one."""
    held: dict[str, str | None] = {**before.custom, **before.identities} if before else {}
    demand_required(schema.columns, {**held, **change.custom, **change.identities})


def demand_opt_in_details_unset(given: ContactInput) -> None:
    """`optInDetails` can only be set on a contact being added (the vendor's Swagger)."""
    if "optInDetails" in given.system:
        raise ValueInvalid(
            "optInDetails: optInDetails can only be set on a contact being added.", column="optInDetails"
        )


def is_email(text: str) -> bool:
    return len(text) <= _EMAIL_LENGTH and _EMAIL.fullmatch(text) is not None and storable(text)


def _system(wire: str, value: str | None) -> str | None:
    if value is None:
        return None
    if wire == "email" and not is_email(value):
        raise EmailInvalid
    if wire == "emailType" and value not in EMAIL_TYPES:
        raise ValueInvalid("emailType: emailType is not one of the valid selections for this field.", column=wire)
    if len(value) > _SYSTEM_LENGTH or not storable(value):
        raise ValueInvalid(
            f"{wire}: {wire} is longer than {_SYSTEM_LENGTH} characters or cannot be stored.", column=wire
        )
    return value
