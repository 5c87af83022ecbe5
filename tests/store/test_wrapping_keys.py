from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine, text

from ledger.keyring import Keyring
from store.contact_keys import read_data_keys
from store.engine import Store
from store.invariants import check
from store.migrate import upgrade
from store.wrapping_keys import in_use, wrap_anew
from tests.stack import LEDGER_KEYRING
from tests.store.scratch import Scratch
from tests.store.world import HERE, World

NEW = Keyring({"new": bytes(range(32))})
BOTH = Keyring({**NEW.keys, **LEDGER_KEYRING.keys})


@pytest.fixture
def connection(scratch: Scratch) -> Iterator[Connection]:
    engine = create_engine(scratch.url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_which_keys_are_in_use_is_told_and_whether_they_are_there(connection: Connection) -> None:
    assert in_use(connection, LEDGER_KEYRING) == {"test": True}
    assert in_use(connection, NEW) == {"test": False}
    assert in_use(connection, Keyring({"test": bytes(32)})) == {"test": False}


async def test_a_key_that_comes_first_takes_the_others_place_at_the_next_upgrade(
    scratch: Scratch, world: World
) -> None:
    async with scratch.store.transaction() as connection:
        before = await read_data_keys(connection, LEDGER_KEYRING, HERE, [world.first, world.second, None])
    owner = create_engine(scratch.owner_url)
    upgrade(owner, BOTH, "onefold")
    with owner.connect() as connection:
        assert in_use(connection, NEW) == {"new": True}
    owner.dispose()
    async with scratch.store.transaction() as connection:
        assert await read_data_keys(connection, NEW, HERE, [world.first, world.second, None]) == before
    rotated = Store(scratch.store.engine, scratch.store.autocommit, NEW)
    assert (await check(rotated)).violations == []


def test_what_cannot_be_read_stays_as_it_is(connection: Connection) -> None:
    """The key may be found again."""
    rows = text("SELECT * FROM contact_keys ORDER BY database_id, contact_id")
    before = connection.execute(rows).all()
    wrap_anew(connection, NEW)
    assert connection.execute(rows).all() == before
