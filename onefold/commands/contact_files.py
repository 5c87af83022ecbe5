"""Contacts in files, in the shape that reading a contact over HTTP prints, checked key by key."""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StrictStr, ValidationError
from pydantic_core import PydanticCustomError

from domain.address import Address, parse_address
from domain.columns import NAME_LENGTH, RESERVED_NAMES
from domain.contact import Contact
from domain.documents import contact_from
from domain.errors import Refusal
from domain.identity import parse_identity
from domain.text import flaw, storable
from domain.times import parse_time
from onefold.commands.failures import CommandFailed

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is no key of a contact",
    "string_type": "must be a text",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
}


def _id(value: object) -> int:
    """A whole number, or a text of one: canonical bytes have ids as texts."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:20])
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise PydanticCustomError("id", "must be a whole number from 0 to 2^63 - 1")
    return value


def _time(value: object) -> object:
    try:
        return parse_time(value) if isinstance(value, str) else _no_time()
    except (ValueError, OverflowError):
        return _no_time()


def _no_time() -> object:
    raise PydanticCustomError("time", "must be a time such as 2017-08-15T00:00:00Z, or a date such as 2017-08-15")


def _text(value: str) -> str:
    if not storable(value):
        raise PydanticCustomError("text", "holds a character that cannot be stored")
    return value


Id = Annotated[int, BeforeValidator(_id)]
Time = Annotated[datetime, BeforeValidator(_time)]
Text = Annotated[StrictStr, AfterValidator(_text)]


class _Shape(BaseModel):
    """What it does not know it refuses: a misspelt key must not be taken for an absent one."""

    model_config = ConfigDict(extra="forbid")


class _Value(_Shape):
    name: Text
    value: Text | None


class _Channel(_Shape):
    id: Id = 0
    channelType: Text
    qualifier: Text
    destination: Text
    status: Literal["OPTED-IN", "OPTED-OUT"] = "OPTED-IN"
    consentDate: Time | None = None
    consentSource: Text | None = None
    attributes: dict[Text, Text] = {}


class _Contact(_Shape):
    id: Id
    databaseId: Id = 0
    created: Time
    lastModified: Time | None = None
    version: Id = 1
    email: Text | None = None
    emailType: Text | None = None
    optInDetails: Text | None = None
    leadSource: Text | None = None
    crmSyncId: Text | None = None
    visitorKey: Text | None = None
    muid: Text | None = None
    customFields: list[_Value] = []
    identities: list[_Value] = []
    channels: list[_Channel] = []
    contactLists: list[Id] = []


def read_contact(path: Path) -> Contact:
    """Raises CommandFailed with a line for each key that does not fit; none repeats a value."""
    document = _document(path)
    try:
        shape = _Contact.model_validate(document)
    except ValidationError as error:
        raise _invalid(path, [_complaint(one) for one in error.errors()]) from None
    return contact_from(_parsed(path, document, shape))


def _document(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_object)
    except OSError as error:
        raise CommandFailed("file-unreadable", f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise _invalid(path, ["it is not UTF-8 text"]) from None
    except json.JSONDecodeError as error:
        raise _invalid(path, [f"it is not JSON: line {error.lineno}, column {error.colno}: {error.msg}"]) from None
    except (ValueError, RecursionError) as error:
        raise _invalid(path, [f"it is not JSON that can be read: {error}"]) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("an object has the same key twice")
    return made


def _parsed(path: Path, document: dict[str, Any], shape: _Contact) -> dict[str, Any]:
    """The document with its addresses and identities as the API would have stored them."""
    channels, identities, faults = [], [], []
    for number, channel in enumerate(shape.channels):
        try:
            address = parse_address(channel.channelType, channel.qualifier, channel.destination)
        except Refusal as refusal:
            faults.append(f"channels[{number}]: {refusal.detail}")
        else:
            channels.append({**document["channels"][number], **_address(address)})
    for number, given in enumerate(shape.identities):
        try:
            identities.append({"name": given.name, "value": parse_identity(given.name, given.value or "").value})
        except Refusal as refusal:
            faults.append(f"identities[{number}]: {refusal.detail}")
    if faults := [*faults, *_bad_names(shape), *_repetitions(shape)]:
        raise _invalid(path, faults)
    return {**document, "channels": channels, "identities": identities}


def _bad_names(shape: _Contact) -> list[str]:
    """No database has a column of such a name."""
    found = []
    for key, values in (("customFields", shape.customFields), ("identities", shape.identities)):
        for number, one in enumerate(values):
            if one.name in RESERVED_NAMES:
                found.append(f"{key}[{number}]: every contact has {one.name} of its own")
            elif fault := flaw(one.name, NAME_LENGTH):
                found.append(f"{key}[{number}]: its name {fault}")
    return found


def _repetitions(shape: _Contact) -> list[str]:
    found = []
    for key, values in (("customFields", shape.customFields), ("identities", shape.identities)):
        names = [one.name for one in values]
        found += [f"{key} has {name} twice" for name in dict.fromkeys(names) if names.count(name) > 1]
    held = {one.name: one.value for one in shape.identities}
    return found + [
        f"{one.name} has one value in customFields and another in identities"
        for one in shape.customFields
        if one.name in held and one.value != held[one.name]
    ]


def _address(address: Address) -> dict[str, str]:
    return {
        "channelType": address.channel.value,
        "qualifier": address.qualifier,
        "destination": address.destination,
    }


def _complaint(error: "ErrorDetails") -> str:
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"]).lstrip(".")
    reason = _WORDS.get(error["type"]) or f"is not valid: {error['msg'][0].lower()}{error['msg'][1:]}"
    if error["type"] in {"id", "time", "text"}:
        reason = error["msg"]
    return f"{where or 'the contact'} {reason}"


def _invalid(path: Path, faults: list[str]) -> CommandFailed:
    return CommandFailed("contact-invalid", "\n".join(f"{path}: {fault.rstrip('.')}." for fault in faults))
