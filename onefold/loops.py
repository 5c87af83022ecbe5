"""What a process does again and again beside its main work."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog

from domain.errors import ServiceUnavailable

log = structlog.get_logger()

_AFTER_AN_OUTAGE = timedelta(seconds=5)


async def again_and_again(what: str, work: Callable[[], Awaitable[int]], most: int | None, pause: timedelta) -> None:
    """Until it is cancelled, with a pause in between, but none where `work` did its `most`: it returns how much."""
    while True:
        try:
            rest = timedelta() if await work() == most else pause
        except ServiceUnavailable:  # whoever raised it has said why
            rest = _AFTER_AN_OUTAGE
        except Exception as error:
            # A defect, told by its class: a traceback may quote what was worked on, and the others go on.
            log.error("loop.failed", work=what, error=type(error).__name__)  # noqa: TRY400
            rest = _AFTER_AN_OUTAGE
        await asyncio.sleep(rest.total_seconds())


@asynccontextmanager
async def running_beside(*loops: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """They run as long as the block does."""
    running = [asyncio.create_task(loop) for loop in loops]
    try:
        yield
    finally:
        for task in running:
            task.cancel()
        await asyncio.wait(running)
