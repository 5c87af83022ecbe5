"""Brings checkpoints to one place, and again after a while where it fails."""

import asyncio
import time
from dataclasses import dataclass, field

import structlog

from onefold.places.place import Place, PlaceFailed, Publication, ReadablePlace

log = structlog.get_logger()

FIRST_PAUSE, LONGEST_PAUSE, MOST_DOUBLINGS = 10.0, 600.0, 10


@dataclass
class Courier:
    """`reader`: the place again, where it can be read back."""

    place: Place
    reader: ReadablePlace | None = None
    _untaken: str | None = None
    _unread: str | None = None
    _lost: str | None = None
    _held: dict[str, int] = field(default_factory=dict)
    _failures: int = 0
    _rests_until: float = 0.0
    _at_work: asyncio.Lock = field(default_factory=asyncio.Lock)  # else the same could be brought twice at once

    @property
    def fault(self) -> str | None:
        """What is wrong with the place. That it lost what it held is told until this process ends."""
        return self._untaken or self._unread or self._lost

    def read(self, origin: str, size: int) -> None:
        """The place was read: it holds a checkpoint over so many entries, 0 where it holds none."""
        self._unread = None
        held = self._held.get(origin, 0)
        if size < held:
            self._lost = f"had a checkpoint of {origin} over {held} entries, and then one over {size}"
            log.error("checkpoint.lost", place=self.place.name, origin=origin, held=held, holds=size)
        self._held[origin] = size

    def could_not_read(self, why: PlaceFailed) -> None:
        if self._unread is None:
            log.warning("checkpoint.place_unread", place=self.place.name, fault=str(why))
        self._unread = str(why)

    def holds(self, publication: Publication) -> bool:
        return self._held.get(publication.checkpoint.origin, 0) >= publication.checkpoint.size

    async def bring(self, publication: Publication) -> None:
        """Unless the place holds it, or is being given a rest after a failure."""
        async with self._at_work:
            if not self.holds(publication) and time.monotonic() >= self._rests_until:
                await self._put(publication)

    async def _put(self, publication: Publication) -> None:
        try:
            await self.place.put(publication)
        except PlaceFailed as failed:
            self._untaken = str(failed)
            self._rests_until = time.monotonic() + min(FIRST_PAUSE * 2**self._failures, LONGEST_PAUSE)
            self._failures = min(self._failures + 1, MOST_DOUBLINGS)
            log.warning("checkpoint.not_taken", place=self.place.name, fault=self._untaken)
        else:
            self._held[publication.checkpoint.origin] = publication.checkpoint.size
            self._untaken, self._failures = None, 0
