"""Waiting for what happens in other processes."""

import asyncio
import time
from collections.abc import Callable


async def eventually(holds: Callable[[], bool], seconds: float = 60) -> None:
    """Until something is so; fails after a while if it never is."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "this never came true"
        await asyncio.sleep(0.02)
