import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from store.engine import Store
from tests.stack import LEDGER_KEYRING, Stack, new_database, whole_stack
from tests.store.scratch import Scratch, copy_of
from tests.store.world import World, make_world
from tests.tenant import Tenant, new_tenant
from tests.waiting import ORIGINAL, Waiting, waiting_in_a_copy

# Machines that run these tests are shared: how long an example takes says nothing about it.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files of fast tests first, in one run: each process collects them, and starts a stack for them, once."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path in slow)


def pytest_collection_finish() -> None:
    """What was collected stays: no collection of garbage has to look at all of it again, as each command does."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One whole Onefold for the session; each test has a database of its own in it."""
    folder: Path = tmp_path_factory.mktemp("stack")
    with whole_stack(folder) as running:
        yield running
        # Tests with a Temporal of their own on this store: the reconciler here misses their runs, and begins others.
        running.reconcile()


@pytest.fixture(scope="session")
async def store(stack: Stack) -> AsyncIterator[Store]:
    connected = Store.connect(stack.database_url, ledger_keys=LEDGER_KEYRING)
    yield connected
    await connected.close()


@pytest.fixture
async def make_tenant(stack: Stack, store: Store) -> AsyncIterator[Callable[..., Awaitable[Tenant]]]:
    made: list[Tenant] = []

    async def make(**options: Any) -> Tenant:
        made.append(await new_tenant(store, stack.url, **options))
        return made[-1]

    yield make
    for tenant in made:
        await tenant.http.aclose()


@pytest.fixture
async def tenant(make_tenant: Callable[..., Awaitable[Tenant]]) -> Tenant:
    return await make_tenant()


@pytest.fixture(scope="session")
def waiting_original(stack: Stack) -> str:
    return new_database(stack, ORIGINAL)


@pytest.fixture
async def waiting(stack: Stack, waiting_original: str) -> AsyncIterator[Waiting]:
    """A database whose outbox no process looks at."""
    async with waiting_in_a_copy(stack) as made:
        yield made


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
