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
class Signers:
    """Whose checkpoints count, and which chain's: `origin` is how they name it."""

    keys: Sequence[VerifierKey]
    origin: str

    def open(self, note: str) -> Checkpoint:
        """Raises NoteRefused: not signed by one of the keys, no checkpoint, or another chain's."""
        checkpoint = open_checkpoint(note, self.keys)
        if checkpoint.origin != self.origin:
            raise NoteRefused(f"is of the chain {checkpoint.origin}, not of {self.origin}")
        return checkpoint


class Witnesses:
    """Holds each checkpoint against the tree of its size, and each receipt against the entry at its place.

    A checkpoint has to be known before the entry that makes the tree its size is taken.
    """

    def __init__(self, signers: Signers) -> None:
        self.compared = 0
        self.receipts = 0
        self._signers = signers
        self._tree = Frontier()
        self._checkpoints: defaultdict[int, list[tuple[Checkpoint, str]]] = defaultdict(list)
        self._receipts: defaultdict[int, list[tuple[Receipt, str]]] = defaultdict(list)

    def expect(self, note: str, source: str) -> Iterator[_Told]:
        """`source`: where the note lay."""
        try:
            checkpoint = self._signers.open(note)
        except NoteRefused as error:
            yield FindingKind.CHECKPOINT, None, f"a checkpoint of {source} {error}"
            return
        if checkpoint.size < self._tree.size:
            yield FindingKind.CHECKPOINT, None, f"a checkpoint of {source} does not stand in order of size"
        elif checkpoint.size == self._tree.size:
            yield from self._compare(checkpoint, source)
        else:
            self._checkpoints[checkpoint.size].append((checkpoint, source))

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
            for checkpoint, source in self._checkpoints.pop(entry.seq, []):
                yield from self._compare(checkpoint, source)

    def end(self, head: Head) -> Iterator[_Told]:
        for size in sorted(self._checkpoints):
            for _, source in self._checkpoints[size]:
                if size > head.seq:
                    yield FindingKind.CUT, None, f"ends at entry {head.seq}, while {source} has {size} entries signed"
        for seq in sorted(self._receipts):
            for _, source in self._receipts[seq]:
                yield FindingKind.RECEIPT, seq, f"is not there, while the receipt of {source} names it"

    def _compare(self, checkpoint: Checkpoint, source: str) -> Iterator[_Told]:
        self.compared += 1
        if checkpoint.root != self._tree.root():
            what = f"the first {checkpoint.size} entries are not those that {source} has signed"
            yield FindingKind.REWRITTEN, None, what
