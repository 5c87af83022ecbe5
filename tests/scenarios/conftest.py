import base64
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from api.gateway import Gateway
from domain.roles import Role
from store.engine import Store
from store.invariants import check
from tests.runs import connect
from tests.scenarios.approvals import Reviewer, Reviewers, reviewers
from tests.stack import WORKFLOW_ID_KEY, Stack
from tests.tenant import Tenant


@pytest.fixture(scope="session", autouse=True)
async def invariants_hold(store: Store) -> AsyncIterator[None]:
    """After all scenarios, whatever they did, the design's invariants hold."""
    yield
    report = await check(store)
    assert report.violations == []


@pytest.fixture
async def people(stack: Stack, store: Store, tenant: Tenant) -> AsyncIterator[Reviewers]:
    async with reviewers(store, stack.url, tenant) as make:
        yield make


@pytest.fixture
async def specialist(people: Reviewers) -> Reviewer:
    return await people(Role.SPECIALIST)


@pytest.fixture(scope="session")
async def gateway(stack: Stack) -> Gateway:
    """As the API has one: for a decision that is stored, and then brought to its run later."""
    return Gateway(await connect(stack), "onefold", base64.b64decode(WORKFLOW_ID_KEY), timedelta(seconds=60))
