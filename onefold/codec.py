"""The payload codec: AES-256-GCM over everything that Temporal stores of a payload, plaintext refused."""

import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from ledger.keyring import Keyring

_ENCODING = b"binary/encrypted"
_NONCE = 12


class PlaintextRefused(ValueError):
    """A payload that this service did not encrypt, or not with a key that it knows."""


class EncryptingCodec(PayloadCodec):
    def __init__(self, keyring: Keyring) -> None:
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keyring.keys.items()}
        self._current = keyring.current

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._encrypt(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Raises PlaintextRefused: whoever can write to Temporal can't make this service read what it did not write."""
        return [self._decrypt(payload) for payload in payloads]

    def _encrypt(self, payload: Payload) -> Payload:
        nonce = secrets.token_bytes(_NONCE)
        key_id = self._current.encode()
        sealed = self._ciphers[self._current].encrypt(nonce, payload.SerializeToString(), key_id)
        return Payload(metadata={"encoding": _ENCODING, "key-id": key_id}, data=nonce + sealed)

    def _decrypt(self, payload: Payload) -> Payload:
        key_id = payload.metadata.get("key-id", b"")
        cipher = self._ciphers.get(key_id.decode(errors="replace"))
        if payload.metadata.get("encoding") != _ENCODING or cipher is None:
            raise PlaintextRefused
        try:
            clear = cipher.decrypt(payload.data[:_NONCE], payload.data[_NONCE:], key_id)
        except (InvalidTag, ValueError):  # ValueError: too short to hold a nonce
            raise PlaintextRefused from None
        return Payload.FromString(clear)
