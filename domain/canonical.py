"""Canonical bytes: what digests and ledger hashes are computed over (RFC 8785)."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import rfc8785

from domain.times import rfc3339


def canonical(value: object) -> bytes:
    """The RFC 8785 bytes of a value.

    Whole numbers enter as strings, since ids exceed the 2^53 that JSON numbers hold; times enter as RFC 3339.
    Floats are refused: no value of this product is one.
    """
    return rfc8785.dumps(_plain(value))


def sha256(value: object) -> str:
    """The SHA-256 over a value's canonical bytes, in hexadecimal."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _plain(value: object) -> Any:
    match value:
        case None | bool() | str():
            return value
        case int() | UUID():
            return str(value)
        case datetime():
            return rfc3339(value)
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no canonical form")
