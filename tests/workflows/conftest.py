import base64
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio.client import Client

from api.gateway import Gateway
from onefold import orphans
from onefold.reconciler import Reconciler
from store.engine import Store
from tests.runs import connect, runs_of
from tests.scenarios.approvals import Reviewers, held_back, reviewers
from tests.stack import WORKFLOW_ID_KEY, Stack
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


@pytest.fixture
def reconciler(temporal: Client, store: Store, monkeypatch: pytest.MonkeyPatch) -> Reconciler:
    """It finds at once what it would find after a minute."""
    monkeypatch.setattr(orphans, "_SECOND_LOOK", 0.2)
    gateway = Gateway(temporal, "onefold", base64.b64decode(WORKFLOW_ID_KEY), timedelta(seconds=60))
    return Reconciler(store, gateway, timedelta())
