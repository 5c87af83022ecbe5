"""The sealer: has the journal's events stand in the chains within about a second. Several may run."""

import asyncio
from datetime import timedelta
from functools import partial

from onefold.loops import again_and_again
from store.engine import Store
from store.sealing import BACKLOG, seal_all, seal_new

_POLL = timedelta(seconds=1)
_BETWEEN_SWEEPS = timedelta(hours=1)


async def sealing(store: Store) -> None:
    """Until it is cancelled. It begins with all that was recorded while no sealer ran."""
    async with asyncio.TaskGroup() as group:
        group.create_task(again_and_again("seal_new", partial(seal_new, store), BACKLOG, _POLL))
        group.create_task(again_and_again("seal_all", partial(seal_all, store), BACKLOG, _BETWEEN_SWEEPS))
