"""Checkpoints: how long a database's chain is and which tree stands over it, as C2SP's tlog-checkpoint has it.

One key of an installation signs for all its databases: the origin, which names the database, tells them apart.
"""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from ledger.note import NoteRefused, SigningKey, VerifierKey, open_note

_ROOT_LENGTH = 32


@dataclass(frozen=True)
class Checkpoint:
    """The tree of `size` leaves has this root, says whoever signs it."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"

    def signed(self, key: SigningKey) -> str:
        """The note that is handed out."""
        return key.sign(self.text())


def origin_of(name: str, database_id: int) -> str:
    """The first line of a database's checkpoints; `name` is the installation's, and its key's."""
    return f"{name}/{database_id}"


def open_checkpoint(note: str, keys: Sequence[VerifierKey]) -> Checkpoint:
    """The checkpoint in a note that one of these keys signed. Raises NoteRefused.

    Lines after the third are opaque by the specification; what they say is signed, and not read here.
    """
    origin, size, root, *_ = (*open_note(note, keys).split("\n"), "", "")
    try:
        checkpoint = Checkpoint(origin, int(size), b64decode(root, validate=True))
    except ValueError:
        raise NoteRefused("is signed, and not a checkpoint") from None
    if not origin or str(checkpoint.size) != size or checkpoint.size < 0 or len(checkpoint.root) != _ROOT_LENGTH:
        raise NoteRefused("is signed, and not a checkpoint")
    return checkpoint
