"""The pages as they are served, in the test's own process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
from fastapi import FastAPI
from temporalio.client import Client

from api.app import create_app
from api.gateway import Gateway
from api.services import Services
from onefold.temporal import data_converter
from store.engine import Store
from tests.stack import KEYRING
from tests.web.visitors import OURS
from web import pages


async def no_temporal() -> Gateway:
    temporal = await Client.connect("127.0.0.1:1", lazy=True, data_converter=data_converter(KEYRING))
    return Gateway(temporal, task_queue="nobody", workflow_id_key=b"k" * 32, wait=timedelta(seconds=1))


@asynccontextmanager
async def pages_on(store: Store) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at pages with this store behind them, and no Temporal."""

    @asynccontextmanager
    async def store_alone(app: FastAPI) -> AsyncIterator[None]:
        app.state.services = Services(store, await no_temporal())
        yield

    made = create_app(store_alone, "1.2.3")
    pages.install(made)
    async with (
        made.router.lifespan_context(made),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(made), base_url="http://onefold.test", headers=OURS
        ) as visiting,
    ):
        yield visiting
