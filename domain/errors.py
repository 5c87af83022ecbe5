"""The one table of refusals: the same code stands in history, JSON and page.

A refusal's code is its class name in kebab-case. Its message carries the code only, never a value: the Temporal
SDK logs messages. `detail` may name columns, lookup keys and qualifiers, which are not personal.
"""

import re
from collections.abc import Iterator
from typing import ClassVar


class Refusal(Exception):
    """A request that is refused, and why."""

    status: ClassVar[int]
    title: ClassVar[str]
    code: ClassVar[str]

    def __init__(self, detail: str = "", **extensions: object) -> None:
        super().__init__(self.code)
        self.detail = detail or self.title
        self.extensions = extensions

    def __init_subclass__(cls) -> None:
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()


class ContactAbsorbed(Refusal):
    """The id lives on as an alias. `survivor` is the live contact at the end of the chain."""

    status = 308
    title = "The contact was merged into another, which answers for it."

    def __init__(self, survivor: int) -> None:
        super().__init__(survivor=survivor)
        self.survivor = survivor


class Unauthenticated(Refusal):
    status = 401
    title = "A valid bearer token is required."


class ScopeMissing(Refusal):
    status = 403
    title = "The token lacks a scope that this call needs."


class DatabaseNotFound(Refusal):
    status = 404
    title = "Database not found"


class QualifierUnknown(Refusal):
    status = 404
    title = "The database has no such app key or SMS campaign."


class DeviceNotFound(Refusal):
    status = 404
    title = "Not Found"

    def __init__(self, detail: str = "", **extensions: object) -> None:
        super().__init__(detail or "The database has no such device.", **extensions)


class ContactNotFound(Refusal):
    status = 404
    title = "No contact found"


class LookupKeyNotFound(Refusal):
    status = 404
    title = "The database has no such lookup key."


class ColumnNotFound(Refusal):
    status = 404
    title = "The database has no such column."


class MergeNotFound(Refusal):
    status = 404
    title = "No merge has this id."


class ChannelInvalid(Refusal):
    status = 400
    title = "The channel must be PUSH or SMS, a hyphen, and a qualifier."


class DestinationInvalid(Refusal):
    status = 400
    title = "The destination is malformed."


class EmailInvalid(Refusal):
    status = 400
    title = "Argument was not a valid email"


class FilterInvalid(Refusal):
    status = 400
    title = "The filter must read lookupkeyfields=NAME=VALUE, more pairs separated by semicolons."


class CursorInvalid(Refusal):
    status = 400
    title = "The page cursor is not one that this service issued."


class BodyMalformed(Refusal):
    status = 400
    title = "The body is not one JSON document without duplicate keys."


class BodyTooLarge(Refusal):
    status = 413
    title = "The body is larger than 16 KiB."


class BodyNotJson(Refusal):
    status = 415
    title = "The body must be sent as application/json."


class ValueInvalid(Refusal):
    status = 422
    title = "A value is not valid."


class IdentityInvalid(Refusal):
    status = 422
    title = "The identity value is not valid."


class LookupKeyInactive(Refusal):
    status = 422
    title = "The identity's name is not an active lookup key of the database."


class RequiredColumnEmpty(Refusal):
    status = 422
    title = "A required column has no value."


class IdentityInUse(Refusal):
    status = 409
    title = "Another contact holds this identity."


class LookupKeysDisagree(Refusal):
    status = 409
    title = "The lookup keys belong to different contacts."


class DatabaseKeyed(Refusal):
    status = 409
    title = "Establish identity needs a flexible (non-keyed) database."


class NameTaken(Refusal):
    status = 409
    title = "The name is taken."


class MergeBlocked(Refusal):
    """The documented 500 of a required column without value, kept for compatibility (seed, prerequisites)."""

    status = 500
    title = "A required column would be left without a value; nothing was changed."


class DeviceBusy(Refusal):
    status = 503
    title = "Another request for this device is still being executed. Try again shortly."


class ServiceUnavailable(Refusal):
    status = 503
    title = "A part that this service needs does not answer. Try again shortly."


def refusals() -> Iterator[type[Refusal]]:
    """Every refusal there is, by status and code."""
    yield from sorted(Refusal.__subclasses__(), key=lambda kind: (kind.status, kind.code))
