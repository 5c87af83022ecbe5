from collections.abc import AsyncIterator

import pytest

from store.engine import Store
from tests.stack import LEDGER_KEYRING, Stack, new_database
from tests.store.scratch import Scratch, copy_of
from tests.store.world import World, make_world


@pytest.fixture(scope="session")
async def world(stack: Stack) -> World:
    """Made once, in a database named `world`; each test gets a copy of it."""
    store = Store.connect(new_database(stack, "world"), pool_size=2, ledger_keys=LEDGER_KEYRING)
    made = await make_world(store)
    await store.close()
    return made


@pytest.fixture
async def scratch(stack: Stack, world: World) -> AsyncIterator[Scratch]:
    async with copy_of(stack, "world") as copy:
        yield copy
