"""How long it takes to tell what happened to a contact, among many merges of others."""

import statistics
from collections.abc import Awaitable, Callable

from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from store.audit_list import Wanted, list_merges
from store.chain_places import places_of
from store.engine import Store
from store.inbox import read_item
from store.story import story_of
from tests.bench.record import seconds
from tests.stack import LEDGER_KEYRING, Stack, new_database
from tests.store.world import World, make_world

OTHERS = 100_000
ROUNDS = 50

# Copies of a merge that a person was asked about, of contacts of their own, with what the journal tells of each.
_MERGES = text("""
    WITH numbers AS (SELECT generate_series(1, :others) AS n)
    INSERT INTO merges (id, database_id, state, outcome, requested, settled, requester, workflow_id, run_id, channel,
      qualifier, destination, identity_name, identity_value, use_crm_contact_as_winner, merge_events, plan, plan_digest,
      device_snapshot, lookup_snapshot)
    SELECT gen_random_uuid(), database_id, 'done', 'unchanged', requested - n * interval '1 s', settled, requester,
      workflow_id, run_id, channel, qualifier, destination || n, identity_name, identity_value || n,
      use_crm_contact_as_winner, merge_events, plan, plan_digest,
      device_snapshot || jsonb_build_object('id', 1000000 + 2 * n),
      lookup_snapshot || jsonb_build_object('id', 1000001 + 2 * n)
    FROM merges, numbers WHERE id = :approved
""")
_EVENTS = text("""
    INSERT INTO ledger_events (database_id, kind, merge_id, person_id, token_id, detail)
    SELECT m.database_id, e.kind, m.id, e.person_id, e.token_id, e.detail
    FROM merges m, ledger_events e WHERE e.merge_id = :approved AND m.id <> :approved
""")


async def measure_story(stack: Stack, console: Console) -> None:
    store = Store.connect(new_database(stack, "story"), ledger_keys=LEDGER_KEYRING)
    world = await make_world(store)
    await _fill(store, world)

    async def requests() -> None:
        async with store.statements() as connection:
            assert await list_merges(connection, None, Wanted(contact_id=world.last), limit=51)

    async def story() -> None:
        async with store.statements() as connection:
            item = await read_item(connection, world.approved)
            assert item is not None
            told = await story_of(connection, item)
            seqs = {one.place.seq for one in told.passages if one.place}
            assert await places_of(connection, item.merge.database_id, seqs)

    table = Table("", "ms: median (spread)", title=f"a contact's story among {OTHERS:,} merges")
    table.add_row("every request that a contact had to do with", await _milliseconds(requests))
    table.add_row("one of them, with its entries of the ledger", await _milliseconds(story))
    console.print(table)
    await store.close()


async def _fill(store: Store, world: World) -> None:
    async with store.transaction() as connection:
        await connection.execute(text("SET LOCAL statement_timeout = 0"))
        await connection.execute(_MERGES, {"others": OTHERS, "approved": world.approved})
        await connection.execute(_EVENTS, {"approved": world.approved})


async def _milliseconds(told: Callable[[], Awaitable[None]]) -> str:
    await told()
    taken = sorted([await seconds(told) * 1000 for _ in range(ROUNDS)])
    return f"{statistics.median(taken):.1f} ({taken[0]:.1f} to {taken[-1]:.1f})"
