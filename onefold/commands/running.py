"""How a command gets its settings and its store, and runs what it does.

What is slow to import is imported where it is needed: `onefold --help` answers at once.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from onefold.settings import Settings, WorkerSettings
    from store.engine import Store

T = TypeVar("T")


def settings() -> "Settings":
    from onefold.settings import Settings, read

    return read(Settings)


def worker_settings() -> "WorkerSettings":
    from onefold.settings import WorkerSettings, read

    return read(WorkerSettings)


def servers_settings() -> "Settings":
    """What the API and the worker know. Of the run of `onefold up` whose database is named, also what it wrote down."""
    from onefold.checks.local_run import LocalRun
    from onefold.checks.settings import data_folder

    local = LocalRun(data_folder())
    if os.environ.get("DATABASE_URL") != local.settings.get("DATABASE_URL"):
        return settings()
    with local.filling_in():
        return settings()


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)


def in_store(work: "Callable[[Store], Awaitable[T]]") -> T:
    """Runs `work` with the store that the environment names."""
    from onefold.settings import StoreSettings, read
    from store.engine import Store

    async def connected() -> T:
        settings = read(StoreSettings)
        store = Store.connect(
            settings.database_url.get_secret_value(), pool_size=2, ledger_keys=settings.ledger_keyring
        )
        try:
            return await work(store)
        finally:
            await store.close()

    with without_logs():
        return run(connected())


@contextmanager
def without_logs() -> Iterator[None]:
    """The store logs for the servers; a command says the same in the sentence that it ends with."""
    import structlog

    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    try:
        yield
    finally:
        structlog.configure(**before)
