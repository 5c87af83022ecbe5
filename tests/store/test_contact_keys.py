"""Data keys: one for each contact, made once however many need it at the same moment."""

import asyncio

import pytest
from sqlalchemy import text

from domain.errors import ServiceUnavailable
from domain.plan import Outcome
from ledger.keyring import Keyring
from store.contact_keys import DataKeys, data_keys, read_data_keys
from store.engine import Store
from store.invariants import check
from tests.stack import LEDGER_KEYRING
from tests.store.scratch import Scratch
from tests.store.world import HERE, World, settle

OTHER_KEYS = Keyring({"test": bytes(32)})


async def keys_of(store: Store, *contact_ids: int | None, keyring: Keyring = LEDGER_KEYRING) -> DataKeys:
    return await store.rerun(lambda connection: data_keys(connection, keyring, HERE, contact_ids))


async def test_each_contact_has_a_key_of_its_own_and_so_has_the_database(scratch: Scratch, world: World) -> None:
    keys = await keys_of(scratch.store, world.first, world.bare, None)
    assert keys.keys() == {world.first, world.bare, None}
    assert len(set(keys.values())) == 3
    assert await keys_of(scratch.store, None, world.bare, world.first, world.bare) == keys


async def test_reading_makes_none(scratch: Scratch, world: World) -> None:
    async with scratch.store.transaction() as connection:
        known = await read_data_keys(connection, LEDGER_KEYRING, HERE, [world.first, world.bare, world.stranger])
        assert known.keys() == {world.first}
        assert await read_data_keys(connection, OTHER_KEYS, HERE, [world.first]) == {}


async def test_transactions_that_need_a_first_key_at_once_end_with_the_same(scratch: Scratch, world: World) -> None:
    """The other waits at the unique constraint, finds no key in its snapshot and begins again."""

    async def made_slowly() -> DataKeys:
        async with scratch.store.transaction() as connection:
            keys = await data_keys(connection, LEDGER_KEYRING, HERE, [world.bare])
            await asyncio.sleep(0.3)
            return keys

    slow = asyncio.create_task(made_slowly())
    await asyncio.sleep(0.1)
    assert await keys_of(scratch.store, world.bare) == await slow


async def test_with_other_keys_than_before_nothing_is_recorded(scratch: Scratch, world: World) -> None:
    with pytest.raises(ServiceUnavailable):
        await keys_of(scratch.store, world.first, keyring=OTHER_KEYS)
    async with scratch.store.transaction() as connection:
        requester = (await connection.execute(text("SELECT id FROM tokens WHERE owner_kind = 'service'"))).scalar_one()
    blind = Store(scratch.store.engine, scratch.store.autocommit, OTHER_KEYS)
    with pytest.raises(ServiceUnavailable):
        await settle(blind, HERE, "m4|c4", "two", str(requester))
    assert (await settle(scratch.store, HERE, "m4|c4", "two", str(requester)))[0] is Outcome.MERGED


async def test_and_the_invariants_say_that_values_cannot_be_decrypted(scratch: Scratch) -> None:
    blind = Store(scratch.store.engine, scratch.store.autocommit, OTHER_KEYS)
    report = await check(blind)
    of_entries = [one.what for one in report.violations if one.what.startswith("ledger entry")]
    assert len(of_entries) > 10
    assert all("cannot be decrypted" in one for one in of_entries)


async def test_no_value_lies_in_clear_beside_the_ledger(scratch: Scratch) -> None:
    async with scratch.store.transaction() as connection:
        rows = (await connection.execute(text("SELECT encrypted FROM ledger_payloads"))).scalars().all()
    assert len(rows) > 15
    assert not any(value in row for row in rows for value in (b"Pizza", b"Burger", b"salt", b"userId"))
