"""How fast the record is verified: over the entries that the other measurements left, real ones of merges."""

import statistics
import time
from collections.abc import Awaitable, Callable

from rich.console import Console
from rich.table import Table

from ledger.checkpoint import Checkpoint, origin_of
from ledger.note import SigningKey
from onefold.chain_watch import ChainWatch
from store.audit import Evidence, audit
from store.checkpoints import ChainHead, read_heads
from store.engine import Store
from tests.stack import LEDGER_KEYRING, SIGNING_SEED, Stack

ROUNDS = 3
KEY = SigningKey("onefold", SIGNING_SEED)
Check = Callable[[], Awaitable[None]]


async def measure_record(stack: Stack, console: Console) -> None:
    store = Store.connect(stack.database_url, ledger_keys=LEDGER_KEYRING)
    async with store.statements() as connection:
        chains = await read_heads(connection)
    signed = {chain.database_id: await new_entries(store, chain) for chain in chains}

    async def everything() -> None:
        evidence = Evidence(KEY.name, [KEY.verifier], lambda _: {}, {}, {})
        assert (await audit(store, evidence, lambda _: None)).findings == []

    async def again() -> None:
        for chain in chains:
            await watch(store, chain).catch_up(chain.head, {signed[chain.database_id]})

    async def new() -> None:
        for chain in chains:
            await new_entries(store, chain)

    entries = sum(chain.head.seq for chain in chains)
    table = Table("", "entries per second", title=f"verified, of {entries} entries: median (spread) of {ROUNDS} rounds")
    for name, check in (
        ("`onefold audit verify`: everything, each merge planned again", everything),
        ("the signer, entries that are new: bytes, place and link of each", new),
        ("the signer as it starts: entries that a checkpoint covers", again),
    ):
        rates = [entries / await seconds(check) for _ in range(ROUNDS)]
        table.add_row(name, f"{statistics.median(rates):,.0f} ({min(rates):,.0f} to {max(rates):,.0f})")
    console.print(table)
    await store.close()


async def new_entries(store: Store, chain: ChainHead) -> Checkpoint:
    return await watch(store, chain).catch_up(chain.head, ())


def watch(store: Store, chain: ChainHead) -> ChainWatch:
    return ChainWatch(store, chain.database_id, origin_of(KEY.name, chain.database_id))


async def seconds(check: Check) -> float:
    began = time.perf_counter()
    await check()
    return time.perf_counter() - began
