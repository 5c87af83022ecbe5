from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI
from playwright.async_api import Browser

from api.app import create_app
from api.services import Services
from store.engine import Store
from tests.stack import LEDGER_KEYRING, Stack
from tests.store.scratch import Scratch
from tests.tenant import Tenant
from tests.web.chromium import chromium
from tests.web.desk import Desk
from tests.web.looked_up import Library, library_on
from tests.web.reviewing import Account, account, signed_in
from tests.web.served import no_temporal, pages_on
from tests.web.visitors import sign_in
from web import pages


@asynccontextmanager
async def _nothing_answers(app: FastAPI) -> AsyncIterator[None]:
    store = Store.connect("postgresql+psycopg://nobody@127.0.0.1:1/nothing", ledger_keys=LEDGER_KEYRING)
    app.state.services = Services(store, await no_temporal())
    yield
    await store.close()


@pytest.fixture(scope="session")
async def app() -> AsyncIterator[FastAPI]:
    """The pages as they are served, with neither a PostgreSQL nor a Temporal behind them."""
    made = create_app(_nothing_answers, "1.2.3")
    pages.install(made)
    async with made.router.lifespan_context(made):
        yield made


@pytest.fixture(scope="session")
async def people(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://onefold.test") as client:
        yield client


@pytest.fixture
async def stranded(store: Store, who: Account) -> AsyncIterator[httpx.AsyncClient]:
    """A specialist of the tenant at pages with the store behind them, and no Temporal."""
    async with pages_on(store) as visiting:
        assert (await sign_in(visiting, who.email)).status_code == 303
        yield visiting


@pytest.fixture
async def desk(scratch: Scratch) -> AsyncIterator[Desk]:
    """The pages of a world that a test may break, and whoever sits down in front of them."""
    async with pages_on(scratch.store) as visiting:
        yield Desk(scratch, visiting)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


@pytest.fixture(scope="session")
async def library(stack: Stack) -> AsyncIterator[Library]:
    async with library_on(stack) as filled:
        yield filled


@pytest.fixture
async def who(store: Store, tenant: Tenant) -> Account:
    return await account(store, tenant)


@pytest.fixture
async def sam(stack: Stack, who: Account) -> AsyncIterator[httpx.AsyncClient]:
    """A specialist of the tenant, signed in."""
    async with signed_in(stack.url, who) as browser:
        yield browser


@pytest.fixture
async def sue(stack: Stack, store: Store, tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    """Another one."""
    async with signed_in(stack.url, await account(store, tenant)) as browser:
        yield browser
