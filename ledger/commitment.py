"""Commitments: what stands in the hashed bytes in place of a personal value.

`HMAC-SHA256(HMAC-SHA256(salt, path), canonical(value))`. The salt is 32 random bytes per payload and lies beside the
values. Each value has a key of its own derived from it, so that one value can be proven to an auditor without
handing over what the others could be guessed with; once the salt is destroyed nothing can be guessed.
"""

import hmac

from domain.canonical import canonical

SALT_LENGTH = 32


def commitment(salt: bytes, path: str, value: object) -> str:
    """The commitment to a value at a path of its payload, in hexadecimal."""
    return hmac.digest(value_key(salt, path), canonical(value), "sha256").hex()


def value_key(salt: bytes, path: str) -> bytes:
    """The key that proves one value: what an auditor is given with it."""
    return hmac.digest(salt, path.encode(), "sha256")
