"""Values at rest: AES-256-GCM under a data key per contact, each wrapped by a key that is configured.

Destroying one wrapped key makes all values of its contact unreadable, wherever copies of them lie. What is encrypted
is bound to its place (NIST SP 800-38D's additional data), so that it can't be read as another row's.
"""

import hmac
import json
import secrets
from collections.abc import Iterable
from functools import reduce
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.canonical import canonical
from ledger.entry import Payload
from ledger.keyring import KEY_LENGTH, Keyring

_NONCE = 12


class Undecryptable(Exception):
    """Encrypted with a key that is not at hand, in another place, or changed since."""


def new_data_key() -> bytes:
    return secrets.token_bytes(KEY_LENGTH)


def encrypt(key: bytes, place: str, document: object) -> bytes:
    """A document, in its canonical form, for this place alone."""
    return encrypt_bytes(key, place, canonical(document))


def decrypt(key: bytes, place: str, encrypted: bytes) -> Any:
    """The document; whole numbers as texts, since that is their canonical form. Raises Undecryptable."""
    return json.loads(decrypt_bytes(key, place, encrypted))


def wrap(keyring: Keyring, place: str, data_key: bytes) -> tuple[str, bytes]:
    """The id of the current key, and the data key under it."""
    return keyring.current, encrypt_bytes(keyring.keys[keyring.current], place, data_key)


def unwrap(keyring: Keyring, place: str, key_id: str, wrapped: bytes) -> bytes:
    """Raises Undecryptable."""
    if key_id not in keyring.keys:
        raise Undecryptable
    return decrypt_bytes(keyring.keys[key_id], place, wrapped)


def data_key_place(database_id: int, contact_id: int | None) -> str:
    return f"data-key/{database_id}/{'' if contact_id is None else contact_id}"


def encrypt_payload(key: bytes, database_id: int, seq: int, part: int, payload: Payload) -> bytes:
    document = {"salt": payload.salt.hex(), "values": payload.values}
    return encrypt(key, _payload_place(database_id, seq, part), document)


def decrypt_payload(
    key: bytes, database_id: int, seq: int, part: int, contact_id: int | None, encrypted: bytes
) -> Payload:
    """Raises Undecryptable."""
    document = decrypt(key, _payload_place(database_id, seq, part), encrypted)
    return Payload(contact_id, bytes.fromhex(document["salt"]), document["values"])


def _payload_place(database_id: int, seq: int, part: int) -> str:
    return f"payload/{database_id}/{seq}/{part}"


def combined(keys: Iterable[bytes]) -> bytes:
    """One key that takes all of these, so that destroying one of them is enough."""
    return reduce(lambda one, other: hmac.digest(one, other, "sha256"), keys)


def encrypt_bytes(key: bytes, place: str, content: bytes) -> bytes:
    """What is no document, for this place alone."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, content, place.encode())


def decrypt_bytes(key: bytes, place: str, encrypted: bytes) -> bytes:
    """Raises Undecryptable."""
    try:
        return AESGCM(key).decrypt(encrypted[:_NONCE], encrypted[_NONCE:], place.encode())
    except (InvalidTag, ValueError):  # ValueError: too short to hold a nonce
        raise Undecryptable from None
