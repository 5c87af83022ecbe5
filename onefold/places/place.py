"""What is written to a place, and what every place must keep."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ledger.checkpoint import Checkpoint


@dataclass(frozen=True)
class Publication:
    """A database's checkpoint as it leaves the house: `note` is what was signed, and when."""

    database_id: int
    checkpoint: Checkpoint
    note: str
    at: datetime


class PlaceFailed(Exception):
    """A place did not take it, or can't be read. The message is a sentence for the status page and holds no secret."""


class Place(Protocol):
    @property
    def name(self) -> str:
        """How people know it, without what a URL may hold."""

    async def put(self, publication: Publication) -> None:
        """Returns once it is there to stay. Raises PlaceFailed."""


class ReadablePlace(Place, Protocol):
    async def last(self, origin: str) -> str | None:
        """The last note of this origin; None where there never was one. Raises PlaceFailed."""
