"""Whether a chain's entries stand where they should: each place once, in order, none left out."""

from collections.abc import Iterator

from ledger.entry import GENESIS, Entry, Head
from ledger.findings import FindingKind


class Order:
    """Takes entries as they come. `head` is the one at the highest place so far."""

    def __init__(self) -> None:
        self.head = GENESIS
        self.whole = True
        self._missing: list[range] = []

    def take(self, entry: Entry, previous: str | None) -> Iterator[tuple[FindingKind, str]]:
        """What is wrong with an entry's place. `previous` is the hash that it names, None where it can't be read."""
        expected = self.head.seq + 1
        if entry.seq == expected:
            if previous is not None and previous != self.head.entry_hash.hex():
                yield FindingKind.UNLINKED, "does not name the hash of the entry before it"
        else:
            self.whole = False
            yield from self._out_of_line(entry.seq, expected)
        if entry.seq >= expected:
            self.head = Head(entry.seq, entry.entry_hash)

    def missing(self) -> list[range]:
        """The places that no entry has taken, up to the head."""
        return list(self._missing)

    def _out_of_line(self, seq: int, expected: int) -> Iterator[tuple[FindingKind, str]]:
        if seq > expected:
            self._missing.append(range(expected, seq))
        elif gap := next((gap for gap in self._missing if seq in gap), None):
            self._missing.remove(gap)
            self._missing += [part for part in (range(gap.start, seq), range(seq + 1, gap.stop)) if part]
            yield FindingKind.DISPLACED, f"stands behind entry {self.head.seq}"
        else:
            yield FindingKind.DUPLICATED, "is there once more"
