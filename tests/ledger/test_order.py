"""What is said of entries that come in another order than the chain's, and of nothing else."""

from dataclasses import replace

import pytest

from ledger.entry import Entry
from ledger.findings import FindingKind
from ledger.order import Order
from tests.contacts import device_contact, lookup_contact, merged
from tests.entries import entry_of

ONE = entry_of(merged(device_contact(), lookup_contact()))
DUPLICATED, DISPLACED = FindingKind.DUPLICATED, FindingKind.DISPLACED


def entry(seq: int) -> Entry:
    return replace(ONE, seq=seq, entry_hash=bytes([seq]) * 32)


def previous(seq: int) -> str:
    return (bytes([seq - 1]) * 32).hex()


@pytest.mark.parametrize(
    ("seqs", "kinds", "missing", "head"),
    [
        ((1, 2, 3), [], [], 3),
        ((1, 3, 2, 4), [DISPLACED], [], 4),
        ((1, 2, 2, 3), [DUPLICATED], [], 3),
        ((1, 5, 3, 6), [DISPLACED], [range(2, 3), range(4, 5)], 6),
        ((2, 3), [], [range(1, 2)], 3),
        ((1, 9, 9), [DUPLICATED], [range(2, 9)], 9),
    ],
)
def test_places(seqs: tuple[int, ...], kinds: list[FindingKind], missing: list[range], head: int) -> None:
    order = Order()
    told = [kind for seq in seqs for kind, _ in order.take(entry(seq), previous(seq))]
    assert told == kinds
    assert sorted(order.missing(), key=lambda gap: gap.start) == missing
    assert order.head.seq == head
    assert order.whole == (list(seqs) == list(range(1, len(seqs) + 1)))


def test_a_hash_that_another_entry_has_is_told() -> None:
    order = Order()
    told = [kind for seq in (1, 2) for kind, _ in order.take(entry(seq), previous(1))]
    assert told == [FindingKind.UNLINKED]
