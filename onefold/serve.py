"""The API process."""

from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib.metadata import version

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.gateway import Gateway
from api.services import CodecEndpoint, Services
from onefold import temporal
from onefold.codec import EncryptingCodec
from onefold.demo import PEOPLE
from onefold.http_protocol import Protocol
from onefold.settings import Settings
from store.engine import Store
from web import pages
from web.pages import DemoAccount


def serve(settings: Settings) -> None:
    """Serves until a signal ends it; requests under way get ten seconds."""
    uvicorn.run(
        application(settings),
        host=settings.host,
        port=settings.port,
        http=Protocol,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=75,  # longer than clients keep idle connections, so that none is closed as it is reused
        timeout_graceful_shutdown=10,
    )


def application(settings: Settings) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        store = Store.connect(
            settings.database_url.get_secret_value(), settings.pool, ledger_keys=settings.ledger_keyring
        )
        gateway = Gateway(
            # Lazily: the API answers, and says that it is not ready, also while Temporal is down.
            client=await temporal.connect(settings.codec_keyring, lazy=True),
            task_queue=settings.task_queue,
            workflow_id_key=b64decode(settings.workflow_id_key.get_secret_value()),
            wait=timedelta(seconds=settings.wait),
        )
        app.state.services = Services(store, gateway, _codec_endpoint(settings))
        yield
        await store.close()

    app = create_app(lifespan, version("onefold"))
    pages.install(app, _demo_accounts(settings), over_tls=settings.pages_url.startswith("https:"))
    return app


def _demo_accounts(settings: Settings) -> list[DemoAccount]:
    """Those that `onefold demo` gave this password; nobody elsewhere."""
    if settings.demo_password is None:
        return []
    password = settings.demo_password.get_secret_value()
    return [DemoAccount(email, name, role.value, password) for email, (name, role) in PEOPLE.items()]


def _codec_endpoint(settings: Settings) -> CodecEndpoint | None:
    if settings.codec_endpoint_secret is None or settings.codec_origin is None:
        return None
    secret = settings.codec_endpoint_secret.get_secret_value()
    return CodecEndpoint(EncryptingCodec(settings.codec_keyring), settings.codec_origin, secret)
