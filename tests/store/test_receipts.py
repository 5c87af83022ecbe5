"""Receipts, over chains of several tiles."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from domain.errors import ChainContradicted, ReceiptUnknown
from ledger.chain import TILE, Chain
from ledger.entry import Entry, Receipt
from ledger.tree import inclusion_proof
from store import checkpoints, databases
from store.checkpoints import Signed
from store.engine import Store
from store.receipts import check_receipt, newest_checkpoint
from tests import chains
from tests.stack import LEDGER_KEYRING, Stack, new_database
from tests.store.scratch import Scratch, copy_of

HERE = 10000
LENGTH = 3 * TILE + 5
AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
ENTRIES = chains.entries(HERE, LENGTH)
LEAVES = [entry.entry_hash for entry in ENTRIES]


@pytest.fixture(scope="module")
async def scratch(stack: Stack) -> AsyncIterator[Scratch]:
    store = Store.connect(new_database(stack, "receipts"), pool_size=1, ledger_keys=LEDGER_KEYRING)
    await databases.create(store, "receipts", database_id=HERE)
    await store.close()
    async with copy_of(stack, "receipts") as copy:
        chains.write(copy.admin_url, ENTRIES)
        yield copy


@pytest.fixture
def clean(scratch: Scratch) -> Scratch:
    scratch.break_by_hand(b"DELETE FROM ledger_checkpoints")
    scratch.break_by_hand(b"DELETE FROM ledger_tiles")
    return scratch


async def sign(store: Store, size: int) -> None:
    chain = Chain()
    chain.extend(ENTRIES[:size])
    checkpoint = chain.checkpoint(f"onefold/{HERE}")
    signed = Signed("a note", AT)
    await checkpoints.keep(store, HERE, checkpoint, signed, first_tile=0, tiles=chain.tiles)


def receipt_of(entry: Entry) -> Receipt:
    return Receipt(HERE, entry.seq, entry.entry_hash)


@pytest.mark.parametrize("size", [1, 5, TILE - 1, TILE, TILE + 1, 2 * TILE, 3 * TILE, LENGTH])
async def test_the_proof_is_that_of_the_whole_tree(clean: Scratch, size: int) -> None:
    await sign(clean.store, size)
    for seq in sorted({1, 2, size // 2 + 1, TILE, TILE + 1, size - 1, size} & set(range(1, size + 1))):
        found = await check_receipt(clean.store, receipt_of(ENTRIES[seq - 1]))
        assert (found.kind, found.at) == (ENTRIES[seq - 1].kind, ENTRIES[seq - 1].at)
        assert found.covered
        assert found.covered.proof == inclusion_proof(LEAVES[:size], seq - 1)
        assert found.covered.by == await newest_checkpoint(clean.store, HERE)


async def test_an_entry_that_no_checkpoint_covers_yet_is_in_the_chain_all_the_same(clean: Scratch) -> None:
    await sign(clean.store, 5)
    assert (await check_receipt(clean.store, receipt_of(ENTRIES[4]))).covered
    assert (await check_receipt(clean.store, receipt_of(ENTRIES[5]))).covered is None


FIRST = receipt_of(ENTRIES[0])


@pytest.mark.parametrize(
    "other",
    [
        replace(FIRST, seq=2),
        replace(FIRST, seq=LENGTH + 1),
        replace(FIRST, entry_hash=b"x" * 32),
        replace(FIRST, database_id=20000),
    ],
)
async def test_a_receipt_of_another_entry_is_of_none(clean: Scratch, other: Receipt) -> None:
    with pytest.raises(ReceiptUnknown):
        await check_receipt(clean.store, other)


@pytest.mark.parametrize(
    "statement",
    [
        b"UPDATE ledger_tiles SET root = 'x' WHERE number = 1",
        b"DELETE FROM ledger_tiles WHERE number = 1",
        b"DELETE FROM ledger_tiles",
        b"UPDATE ledger_checkpoints SET root = 'x'",
        b"UPDATE ledger_checkpoints SET size = size - 1",
    ],
)
async def test_no_proof_is_handed_out_that_does_not_lead_to_the_root(clean: Scratch, statement: bytes) -> None:
    await sign(clean.store, LENGTH)
    clean.break_by_hand(statement)
    with pytest.raises(ChainContradicted):
        await check_receipt(clean.store, receipt_of(ENTRIES[2]))
