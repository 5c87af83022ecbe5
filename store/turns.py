"""Turns: what only one process at a time does, of all that share a database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text

from store.engine import Store

_TAKE = text("SELECT pg_try_advisory_lock(hashtextextended('turn/' || :what, 0))")
_GIVE_BACK = text("SELECT pg_advisory_unlock(hashtextextended('turn/' || :what, 0))")


@asynccontextmanager
async def turn(store: Store, what: str) -> AsyncIterator[bool]:
    """Whether it is this process's turn, as long as the block lasts. A process that dies gives its turn back."""
    async with store.statements() as connection:
        is_ours = bool((await connection.execute(_TAKE, {"what": what})).scalar_one())
        try:
            yield is_ours
        finally:
            if is_ours:
                await connection.execute(_GIVE_BACK, {"what": what})
