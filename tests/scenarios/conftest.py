from collections.abc import AsyncIterator

import pytest

from store.engine import Store
from store.invariants import check


@pytest.fixture(scope="session", autouse=True)
async def invariants_hold(store: Store) -> AsyncIterator[None]:
    """After all scenarios, whatever they did, the design's invariants hold."""
    yield
    report = await check(store)
    assert report.violations == []
