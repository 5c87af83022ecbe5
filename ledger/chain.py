"""A chain as far as it was checked: what a checkpoint may be signed over."""

from collections.abc import Sequence
from enum import StrEnum

from ledger.checkpoint import Checkpoint
from ledger.entry import GENESIS, Entry, Head
from ledger.recompute import chain_faults
from ledger.tree import Frontier, inclusion_proof, root

TILE = 1024
"""So many leaves have their tree's root kept, so that a proof reads few of the others."""


class Doubt(StrEnum):
    """Why nothing is signed."""

    CUT_SHORT = "cut-short"
    REWRITTEN = "rewritten"
    BROKEN = "broken"
    FOREIGN = "foreign"
    UNREAD = "unread"


class SigningRefused(Exception):
    """What stands in the database does not extend what was published. `what` is a sentence without a value."""

    def __init__(self, doubt: Doubt, what: str) -> None:
        super().__init__(doubt.value)
        self.doubt = doubt
        self.what = what


class Chain:
    """The tree over the entries that were checked, in the order of the chain, and nothing of the entries themselves."""

    def __init__(self) -> None:
        self.head = GENESIS
        self.tiles: list[bytes] = []
        self._tree = Frontier()
        self._begun: list[bytes] = []  # leaves of the tile that is not full yet

    def checkpoint(self, origin: str) -> Checkpoint:
        return Checkpoint(origin, self.head.seq, self._tree.root())

    def follow(self, seq: int, stored: bytes, leaf: bytes) -> None:
        """Adds an entry that a checkpoint covers, which it will be held against: `leaf` is the hash of its bytes.

        Raises SigningRefused.
        """
        if seq != self.head.seq + 1:
            raise SigningRefused(Doubt.BROKEN, f"entry {self.head.seq + 1} is missing")
        if stored != leaf:
            raise SigningRefused(Doubt.BROKEN, f"entry {seq} has another hash than its bytes")
        self._append(Head(seq, leaf))

    def extend(self, entries: Sequence[Entry]) -> None:
        """Adds entries that no checkpoint covers yet: each must name the one before it. Raises SigningRefused."""
        for entry in entries:
            for fault in chain_faults(self.head, entry):
                raise SigningRefused(Doubt.BROKEN, f"entry {entry.seq} {fault}")
            self._append(Head(entry.seq, entry.entry_hash))

    def meet(self, published: Checkpoint) -> None:
        """Holds the tree against a checkpoint of its size. Raises SigningRefused where that has another root."""
        if self._tree.root() != published.root:
            what = f"the first {published.size} entries are not those that a checkpoint was published over"
            raise SigningRefused(Doubt.REWRITTEN, what)

    def _append(self, head: Head) -> None:
        self.head = head
        self._tree.append(head.entry_hash)
        self._begun.append(head.entry_hash)
        if len(self._begun) == TILE:
            self.tiles.append(root(self._begun))
            self._begun = []


def proof_by_tiles(tiles: Sequence[bytes], own: Sequence[bytes], index: int) -> list[bytes]:
    """The inclusion proof of leaf `index`, counted from 0, from the root of each tile and the leaves of its own.

    A tile's tree is a subtree of the whole one, the last tile's too, which may be shorter.
    """
    return inclusion_proof(own, index % TILE) + inclusion_proof(tiles, index // TILE)
