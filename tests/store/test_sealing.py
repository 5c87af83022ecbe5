"""The journal in the chain: every event once, in batches, whoever seals and however late it was committed."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from ledger.events import Event, EventKind
from store import invariants, journal, sealing
from store.engine import Store
from store.ledger import lock_head
from store.sealing import MOST, seal_all, seal_new
from tests.stack import LEDGER_KEYRING
from tests.store.scratch import Scratch
from tests.store.world import ELSEWHERE, HERE

_ENTRIES = text("""
    SELECT canonical FROM ledger_entries WHERE database_id = :database_id AND kind = 'events.sealed' ORDER BY seq
""")
_RECORDED = text("SELECT id FROM ledger_events WHERE database_id = :database_id ORDER BY position")
_SEALED = text("SELECT event_id FROM ledger_seals WHERE database_id = :database_id ORDER BY seq, place")


async def record(store: Store, number: int = 1, database_id: int = HERE) -> None:
    async with store.transaction() as connection:
        await journal.record(connection, *[Event(EventKind.MERGE_JOINED, database_id, uuid4())] * number)


async def ids(store: Store, query: str, database_id: int = HERE) -> list[UUID]:
    async with store.statements() as connection:
        return list((await connection.execute(text(query), {"database_id": database_id})).scalars())


async def batches(store: Store, database_id: int = HERE) -> list[list[UUID]]:
    """The events of each entry that seals some, as its hashed bytes name them."""
    async with store.statements() as connection:
        contents = (await connection.execute(_ENTRIES, {"database_id": database_id})).scalars()
        return [[UUID(event["id"]) for event in json.loads(one)["body"]["events"]] for one in contents]


@pytest.fixture
async def sealed(scratch: Scratch) -> Store:
    """A store with nothing left to seal."""
    while await seal_all(scratch.store):
        pass
    return scratch.store


async def is_whole(store: Store) -> bool:
    """Every event is in the chain once, and each entry says what stands in the journal."""
    assert (await invariants.check(store)).violations == []
    named = [one for batch in await batches(store) for one in batch]
    recorded = await ids(store, _RECORDED.text)
    assert named == await ids(store, _SEALED.text)
    return sorted(named) == sorted(recorded) and len(set(named)) == len(named)


async def test_each_database_has_its_new_events_in_one_entry_in_their_order(sealed: Store) -> None:
    before = len(await batches(sealed))
    await record(sealed, 3)
    await record(sealed, 2, ELSEWHERE)
    await record(sealed, 1)
    assert await seal_new(sealed) == 6
    assert (await batches(sealed))[before:] == [(await ids(sealed, _RECORDED.text))[-4:]]
    assert (await batches(sealed, ELSEWHERE))[-1] == (await ids(sealed, _RECORDED.text, ELSEWHERE))[-2:]
    assert await is_whole(sealed)


async def test_where_nothing_is_new_nothing_is_appended(sealed: Store) -> None:
    await record(sealed)
    assert await seal_new(sealed) == 1
    before = await batches(sealed)
    assert [await seal_new(sealed), await seal_all(sealed)] == [0, 0]
    assert await batches(sealed) == before


async def test_an_entry_holds_so_many_events_and_the_next_one_the_rest(sealed: Store) -> None:
    before = len(await batches(sealed))
    await record(sealed, MOST + 1)
    assert [await seal_new(sealed) for _ in range(2)] == [MOST + 1, 0]
    assert [len(batch) for batch in (await batches(sealed))[before:]] == [MOST, 1]
    assert await is_whole(sealed)


async def test_what_waited_during_an_outage_is_sealed_oldest_first_so_much_by_one_look(
    sealed: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look through the whole journal takes longer than new events take to come: one for each entry never ends."""
    monkeypatch.setattr(sealing, "MOST", 2)
    monkeypatch.setattr(sealing, "BACKLOG", 5)
    before = len(await batches(sealed))
    await record(sealed, 7)
    assert [await seal_all(sealed) for _ in range(3)] == [5, 2, 0]
    assert [len(batch) for batch in (await batches(sealed))[before:]] == [2, 2, 1, 2]
    assert await is_whole(sealed)


@pytest.mark.parametrize("seal", [seal_new, seal_all])
async def test_an_event_that_is_committed_after_later_ones_were_sealed_is_not_skipped(
    sealed: Store, seal: Callable[[Store], Awaitable[int]]
) -> None:
    async with sealed.transaction() as late:
        await journal.record(late, Event(EventKind.MERGE_JOINED, HERE, uuid4()))
        await record(sealed, 2)
        assert await seal(sealed) == 2
    assert await seal(sealed) == 1
    assert await is_whole(sealed)


async def test_one_that_was_overtaken_by_very_many_is_found_by_the_sweep(
    sealed: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "_WINDOW", 2)
    async with sealed.transaction() as late:
        await journal.record(late, Event(EventKind.MERGE_JOINED, HERE, uuid4()))
        await record(sealed, 2)
        assert await seal_new(sealed) == 2
    assert [await seal_new(sealed), await seal_all(sealed)] == [0, 1]
    assert await is_whole(sealed)


async def test_where_more_is_new_than_is_looked_at_all_of_it_is_sealed(
    sealed: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a role is given in very many databases."""
    monkeypatch.setattr(sealing, "_WINDOW", 3)
    await record(sealed, 5)
    assert [await seal_new(sealed), await seal_new(sealed)] == [5, 0]
    assert await is_whole(sealed)


async def test_sealers_at_once_seal_every_event_once(sealed: Store, scratch: Scratch) -> None:
    """Both have looked for what is new before either may append it: the head is held until then."""
    another = Store.connect(scratch.url, pool_size=2, ledger_keys=LEDGER_KEYRING)
    await record(sealed, 3)
    async with another.transaction() as connection:
        await lock_head(connection, HERE)
        sealers = [asyncio.create_task(seal_new(store)) for store in (sealed, another)]
        await asyncio.sleep(0.3)
    assert sorted(await asyncio.gather(*sealers)) == [0, 3]
    await another.close()
    assert await is_whole(sealed)
