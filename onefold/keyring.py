"""The keys of Temporal's payloads."""

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Keyring:
    """Keys by id, 32 bytes each. New payloads take the first; the others still decode what they once encoded."""

    keys: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> "Keyring":
        """Reads `id:base64,id:base64`, the value of ONEFOLD_CODEC_KEYS. Raises ValueError."""
        keys: dict[str, bytes] = {}
        for pair in text.split(","):
            key_id, _, encoded = pair.strip().partition(":")
            key = b64decode(encoded, validate=True)
            if not key_id or len(key) != 32:
                raise ValueError("each codec key reads id:base64 of 32 bytes")
            if key_id in keys:
                raise ValueError("two codec keys have the same id")
            keys[key_id] = key
        return cls(keys)
