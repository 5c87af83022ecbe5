from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client

from store.engine import Store
from tests.runs import connect, runs_of
from tests.scenarios.approvals import Reviewers, held_back, reviewers
from tests.stack import Stack
from tests.tenant import Tenant
from tests.workflows.pending import Waiting


@pytest.fixture(scope="session")
async def temporal(stack: Stack) -> Client:
    return await connect(stack)


@pytest.fixture
async def people(stack: Stack, store: Store, tenant: Tenant) -> AsyncIterator[Reviewers]:
    async with reviewers(store, stack.url, tenant) as make:
        yield make


@pytest.fixture
async def waiting(temporal: Client, tenant: Tenant, people: Reviewers) -> Waiting:
    merge = await held_back(tenant)
    (run,) = await runs_of(temporal, tenant.id)
    return Waiting(run, merge, tenant, await people())
