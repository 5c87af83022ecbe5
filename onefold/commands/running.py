"""How a command gets its settings and its store, and runs what it does.

What is slow to import is imported where it is needed: `onefold --help` answers at once.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from domain.visible import visible
from onefold.commands.failures import CommandFailed

if TYPE_CHECKING:
    from pathlib import Path

    from onefold.settings import Settings, WorkerSettings
    from store.engine import Store

T = TypeVar("T")
_WRONG_KEYS = (
    "ONEFOLD_LEDGER_KEYS reads none of the values beside the ledger, which key {keys} wraps: nothing was done. "
    "Give the keys that the worker has."
)


def settings() -> "Settings":
    from onefold.settings import Settings, read

    return read(Settings)


def worker_settings() -> "WorkerSettings":
    from onefold.settings import WorkerSettings, read

    return read(WorkerSettings)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)


def in_store(work: "Callable[[Store], Awaitable[T]]") -> T:
    """Runs `work` with the store that the environment names, or else `onefold up` in this folder."""
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

    with without_logs(), servers_of_this_folder():
        return run(connected())


def in_record(work: "Callable[[Store], Awaitable[T]]") -> T:
    """As `in_store`, for work that reads the values beside the ledger.

    Raises CommandFailed where not one of them can be read: those keys are another installation's, and each value
    would be told as changed. Where some can be, what can't is the work's to tell.
    """
    from store.wrapping_keys import in_use

    async def checked(store: "Store") -> T:
        async with store.snapshot() as connection:
            used = await connection.run_sync(in_use, store.ledger_keys)
        if used and not any(used.values()):
            raise CommandFailed("ledger-keys-wrong", _WRONG_KEYS.format(keys=", ".join(used)))
        return await work(store)

    return in_store(checked)


def told(data: "Path", names: Sequence[str]) -> None:
    """Says where a command found what the environment did not name."""
    typer.echo(f"onefold: {' and '.join(names)} from {visible(str(data))}, as `onefold up` wrote it.", err=True)


@contextmanager
def servers_of_this_folder() -> Iterator[None]:
    """Its settings where the environment lacks them, unless that names another database: keys belong to theirs."""
    from onefold.checks.local_run import LocalRun, filled_in
    from onefold.checks.settings import data_folder

    here = LocalRun(data_folder())
    known, named = here.settings, os.environ.get("DATABASE_URL")
    ours = known.get("DATABASE_URL")
    if ours is None or (named and named != ours):
        yield
        return
    with filled_in(known):
        if not named:
            told(here.data, ["DATABASE_URL"])
        yield


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
