"""The connection pool, and the one way to a transaction."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TypeVar

import structlog
from psycopg import errors as pg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from domain.errors import ServiceUnavailable
from domain.wire import to_json
from ledger.keyring import Keyring

# lock < statement < idle, all below an activity's start_to_close of 10 s: a waiter gives up before its caller does,
# and a process that froze inside its transaction lets go.
_TIMEOUTS = "-c lock_timeout=2s -c statement_timeout=5s -c idle_in_transaction_session_timeout=7s -c timezone=UTC"
_ONE_MOMENT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
_NO_HURRY = text("""
    SELECT set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true)
""")
_RERUNS = 10
_RETRIED = (pg.DeadlockDetected, pg.SerializationFailure)
# What says nothing of the statement: the session was ended while this process stood still, the server takes no writes.
_UNAVAILABLE = (pg.IdleInTransactionSessionTimeout, pg.ReadOnlySqlTransaction)

T = TypeVar("T")
log = structlog.get_logger()


class RowsChanged(Exception):
    """The rows to lock were others by the time they were locked: begin again."""


@dataclass(frozen=True)
class Store:
    """A pool of connections to one PostgreSQL. Every function of this package takes it, or a transaction of it.

    Both engines share the pool. `ledger_keys` wrap the keys that values beside the ledger are encrypted under.
    """

    engine: AsyncEngine
    autocommit: AsyncEngine
    ledger_keys: Keyring

    @classmethod
    def connect(cls, url: str, pool_size: int = 10, *, ledger_keys: Keyring) -> "Store":
        """`url` is DATABASE_URL. Nothing is sent before the first transaction."""
        engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=10,
            hide_parameters=True,  # an error's text ends in logs; values must not
            json_serializer=_dumps,
            connect_args={"options": _TIMEOUTS, "application_name": "onefold"},
        )
        return cls(engine, engine.execution_options(isolation_level="AUTOCOMMIT"), ledger_keys)

    async def close(self) -> None:
        await self.engine.dispose()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A READ COMMITTED transaction. What the caller can only repeat comes out as ServiceUnavailable."""
        with _told_without_values(aborted=ServiceUnavailable):
            async with self.engine.begin() as connection:
                yield connection

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that reads one moment. Nobody waits for it: it may take, and rest, as long as it wants."""
        async with self.transaction() as connection:
            await connection.execute(_ONE_MOMENT)
            await connection.execute(_NO_HURRY)
            yield connection

    @asynccontextmanager
    async def statements(self) -> AsyncIterator[AsyncConnection]:
        """A connection on which each statement is its own transaction: a third of the round trips where one is all."""
        with _told_without_values(aborted=ServiceUnavailable):
            async with self.autocommit.connect() as connection:
                yield connection

    async def rerun(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Runs `work` in a transaction of its own, again from the start where rows changed meanwhile."""
        for _ in range(_RERUNS):
            try:
                with _told_without_values(aborted=RowsChanged):
                    async with self.engine.begin() as connection:
                        return await work(connection)
            except RowsChanged:
                continue
        raise ServiceUnavailable


@contextmanager
def _told_without_values(aborted: type[RowsChanged] | type[ServiceUnavailable]) -> Iterator[None]:
    """Database errors as ours. `aborted`: what a transaction becomes that PostgreSQL ended for another's sake."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        cause = getattr(error, "orig", None)
        if isinstance(cause, _RETRIED):
            raise aborted from None
        log.warning("store.unavailable", error=type(cause or error).__name__)
        raise ServiceUnavailable from None
    except DBAPIError as error:
        name = type(error.orig).__name__
        if isinstance(error.orig, _UNAVAILABLE):
            log.warning("store.unavailable", error=name)
            raise ServiceUnavailable from None
        # The driver's message quotes the key that clashed: only its name may leave the store.
        log.error("store.error", error=name)  # noqa: TRY400 - the traceback quotes it too
        raise StoreError(name) from None


class StoreError(Exception):
    """The database refused a statement that this code believed valid: a defect, told without values."""


def _dumps(value: object) -> str:
    return to_json(value, ensure_ascii=False)
