"""Keys that are configured, by id: one encrypts, all of them decrypt, so that one can take another's place."""

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field

KEY_LENGTH = 32


@dataclass(frozen=True)
class Keyring:
    """Keys of 32 bytes. The first, the current one, encrypts; the others decrypt what they once encrypted."""

    keys: Mapping[str, bytes] = field(repr=False)

    @property
    def current(self) -> str:
        return next(iter(self.keys))

    @classmethod
    def parse(cls, text: str) -> "Keyring":
        """Reads `id:base64,id:base64`, the value of ONEFOLD_CODEC_KEYS and ONEFOLD_LEDGER_KEYS. Raises ValueError."""
        keys: dict[str, bytes] = {}
        for pair in text.split(","):
            key_id, _, encoded = pair.strip().partition(":")
            key = b64decode(encoded, validate=True)
            if not key_id or len(key) != KEY_LENGTH:
                raise ValueError("each key reads id:base64 of 32 bytes")
            if key_id in keys:
                raise ValueError("two keys have the same id")
            keys[key_id] = key
        return cls(keys)
