"""Work that one process at a time does, however many run."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.engine import Store

_TRY = text("SELECT pg_try_advisory_lock(hashtextextended(:what, 0))")


@asynccontextmanager
async def leading(store: Store, what: str) -> AsyncIterator[AsyncConnection | None]:
    """The connection that holds the lock as long as it lives; None while another process leads.

    Whoever leads goes on using this connection: where it is lost the lock is too, and the next statement says so.
    """
    async with store.statements() as connection:
        is_ours = bool((await connection.execute(_TRY, {"what": f"leader of {what}"})).scalar_one())
        try:
            yield connection if is_ours else None
        finally:
            if is_ours:
                # Closed, not given back to the pool: with the session ends its lock, whatever happened meanwhile.
                await connection.invalidate()
