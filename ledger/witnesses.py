"""What the chain is held against from outside: checkpoints that were signed, receipts that callers kept."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ledger.checkpoint import Checkpoint, open_checkpoint
from ledger.entry import Entry, Head, Receipt
from ledger.findings import FindingKind
from ledger.note import NoteRefused, VerifierKey
from ledger.tree import Frontier

_Told = tuple[FindingKind, int | None, str]


@dataclass(frozen=True)
class Witness:
    """A checkpoint that was found signed; `source` says where it lay."""

    checkpoint: Checkpoint
    source: str


def witness(note: str, keys: Sequence[VerifierKey], origin: str, source: str) -> Witness:
    """Raises NoteRefused: not signed by one of the keys, no checkpoint, or another chain's."""
    checkpoint = open_checkpoint(note, keys)
    if checkpoint.origin != origin:
        raise NoteRefused(f"is of the chain {checkpoint.origin}, not of {origin}")
    return Witness(checkpoint, source)


class Witnesses:
    """Holds each checkpoint against the tree of its size, and each receipt against the entry at its place.

    A checkpoint has to be known before the entry that makes the tree its size is taken.
    """

    def __init__(self) -> None:
        self.compared = 0
        self.receipts = 0
        self._tree = Frontier()
        self._checkpoints: defaultdict[int, list[Witness]] = defaultdict(list)
        self._receipts: defaultdict[int, list[tuple[Receipt, str]]] = defaultdict(list)

    def expect(self, witness: Witness) -> Iterator[_Told]:
        if witness.checkpoint.size < self._tree.size:
            yield FindingKind.CHECKPOINT, None, f"a checkpoint of {witness.source} does not stand in order of size"
        elif witness.checkpoint.size == self._tree.size:
            yield from self._compare(witness)
        else:
            self._checkpoints[witness.checkpoint.size].append(witness)

    def expect_receipt(self, receipt: Receipt, source: str) -> None:
        self._receipts[receipt.seq].append((receipt, source))

    def take(self, entry: Entry, *, in_place: bool) -> Iterator[_Told]:
        """`in_place`: all before it is there and in order, so that the tree is worth comparing."""
        for receipt, source in self._receipts.pop(entry.seq, []):
            self.receipts += 1
            if receipt.entry_hash != entry.entry_hash:
                yield FindingKind.RECEIPT, entry.seq, f"is not the entry that the receipt of {source} names"
        if in_place:
            self._tree.append(entry.entry_hash)
            for one in self._checkpoints.pop(entry.seq, []):
                yield from self._compare(one)

    def end(self, head: Head) -> Iterator[_Told]:
        for size in sorted(self._checkpoints):
            for one in self._checkpoints[size]:
                if size > head.seq:
                    yield (
                        FindingKind.CUT,
                        None,
                        f"ends at entry {head.seq}, while {one.source} has {size} entries signed",
                    )
        for seq in sorted(self._receipts):
            for _, source in self._receipts[seq]:
                yield FindingKind.RECEIPT, seq, f"is not there, while the receipt of {source} names it"

    def _compare(self, witness: Witness) -> Iterator[_Told]:
        self.compared += 1
        if witness.checkpoint.root != self._tree.root():
            size = witness.checkpoint.size
            yield (
                FindingKind.REWRITTEN,
                None,
                f"the first {size} entries are not those that {witness.source} has signed",
            )
