"""Signed notes: text with Ed25519 signature lines under it, as C2SP's signed-note specification defines the bytes.

Whoever signs is named in the line; whoever reads holds a verifier key, one line of text that was handed over before.
"""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ED25519 = b"\x01"
_KEY_LENGTH = 32
_ID_LENGTH = 4
_DASH = "\u2014 "
_MOST_SIGNATURES = 100


class NoteRefused(ValueError):
    """A note that is none, or that no key signed which is known. The message says which, and quotes nothing of it."""


class KeyRefused(ValueError):
    """A text that is no verifier key."""


@dataclass(frozen=True)
class VerifierKey:
    """A public key under the name that its signature lines bear. Raises KeyRefused where that can't be a name."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        if not self.name or "+" in self.name or any(one.isspace() or one < " " for one in self.name):
            raise KeyRefused("a key's name is not empty and has no space and no plus")

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """Reads `name+id+key`. Raises KeyRefused, also where the id is another key's: a part was cut or mistyped."""
        name, _, rest = text.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        try:
            key = b64decode(encoded, validate=True)
        except ValueError:
            raise KeyRefused("a verifier key reads name+id+key, the key in Base64") from None
        if len(key) != 1 + _KEY_LENGTH or key[:1] != _ED25519:
            raise KeyRefused("a verifier key reads name+id+key, the key 33 bytes that begin with 1: Ed25519")
        parsed = cls(name, key[1:])
        if parsed.id.hex() != key_id:
            raise KeyRefused("a verifier key's id is not that of its name and key: it was changed on its way")
        return parsed

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64encode(_ED25519 + self.public).decode()}"

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:_ID_LENGTH]

    def verifies(self, signature: bytes, text: str) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class SigningKey:
    """A name and the 32 secret bytes of an Ed25519 key."""

    name: str
    seed: bytes = field(repr=False)

    @property
    def verifier(self) -> VerifierKey:
        return VerifierKey(self.name, self._private().public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """The note of this text. Raises ValueError: what isn't text of whole lines can't be signed so that it opens."""
        if not text.endswith("\n") or _has_controls(text):
            raise ValueError("a note's text is whole lines without control characters")
        signature = b64encode(self.verifier.id + self._private().sign(text.encode())).decode()
        return f"{text}\n{_DASH}{self.name} {signature}\n"

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


def open_note(note: str, keys: Sequence[VerifierKey]) -> str:
    """The text of a note that one of these keys signed.

    Raises NoteRefused: unreadable, signed by none of them, or by one of them over other text. Signatures by keys that
    are not known say nothing, for or against.
    """
    text, signatures = _split(note)
    known = [(key, value) for name, key_id, value in signatures for key in keys if (key.name, key.id) == (name, key_id)]
    if not known:
        raise NoteRefused("is not signed by the key")
    if not all(key.verifies(value, text) for key, value in known):
        raise NoteRefused("bears a signature of the key that is not one over its text")
    return text


def _split(note: str) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """The text, and name, key id and signature of each line below the last empty one."""
    end = note.rfind("\n\n") + 1
    lines = note[end + 1 :].split("\n")
    if not end or lines.pop() or not 0 < len(lines) <= _MOST_SIGNATURES or _has_controls(note):
        raise NoteRefused("is not a signed note")
    return note[:end], [_signature(line) for line in lines]


def _signature(line: str) -> tuple[str, bytes, bytes]:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    try:
        value = b64decode(encoded, validate=True)
    except ValueError:
        raise NoteRefused("is not a signed note") from None
    if not line.startswith(_DASH) or not name or len(value) <= _ID_LENGTH:
        raise NoteRefused("is not a signed note")
    return name, value[:_ID_LENGTH], value[_ID_LENGTH:]


def _has_controls(text: str) -> bool:
    return any(one < " " and one != "\n" for one in text)
