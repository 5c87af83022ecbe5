import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client

from store.engine import Store
from tests.api.wire import DEVICE, PHONE, nothing_changes
from tests.stack import Stack
from tests.tenant import Tenant, new_tenant


@pytest.fixture(scope="module")
async def place(stack: Stack, store: Store) -> AsyncIterator[Tenant]:
    """A database with one device of each kind. Nothing that is sent to it may start a workflow."""
    tenant = await new_tenant(store, stack.url)
    await tenant.register(DEVICE)
    await tenant.register(PHONE)
    yield tenant
    # Temporal lists a run a moment after it began: once this one is seen, those before it would be seen too.
    await tenant.established(DEVICE, "the one request that is well-formed")
    temporal = await Client.connect(stack.env["TEMPORAL_ADDRESS"])

    async def started() -> int:
        return (await temporal.count_workflows(f"DatabaseId = '{tenant.id}'")).count

    deadline = time.monotonic() + 30
    while await started() == 0:
        assert time.monotonic() < deadline, "Temporal never listed the run"
        await asyncio.sleep(0.1)
    assert await started() == 1, "a malformed request started a workflow"
    await tenant.http.aclose()


@pytest.fixture
async def unchanged(store: Store, place: Tenant) -> AsyncIterator[Tenant]:
    """The same database, in a test after which every table must be as it was."""
    async with nothing_changes(store):
        yield place
