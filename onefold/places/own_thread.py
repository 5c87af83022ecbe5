"""Work on a file system that may hang, as a network's does whose server is gone."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, ParamSpec, TypeVar

from onefold.places.place import PlaceFailed

P = ParamSpec("P")
T = TypeVar("T")

_SECONDS = 10


class OwnThread:
    """Runs what is given beside the loop, and waits for it only so long.

    Not one of the loop's few threads, which names are resolved in too: it may never come back, nor hold up the
    process's end. While one hangs there is no other.
    """

    def __init__(self) -> None:
        self._late: Future[Any] | None = None

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the work returns or raises. Raises PlaceFailed where it takes too long, at once while it still does."""
        if self._late is not None and not self._late.done():
            raise PlaceFailed("does not answer in time")
        done: Future[T] = Future()
        done.set_running_or_notify_cancel()  # else whoever waits no longer would take the place of its end
        threading.Thread(target=_end, args=(done, lambda: work(*args, **kwargs)), daemon=True).start()
        try:
            async with asyncio.timeout(_SECONDS):
                return await asyncio.wrap_future(done)
        except TimeoutError:
            self._late = done
            raise PlaceFailed("does not answer in time") from None


def _end(done: Future[T], work: Callable[[], T]) -> None:
    try:
        done.set_result(work())
    except BaseException as error:
        done.set_exception(error)
