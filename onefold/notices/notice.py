"""What a notice says, and what every way to send one must keep."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True)
class Notice:
    """What waits, until when, and where to read it. It holds no value of a contact and decides nothing.

    `id` is the same at every attempt to send it. `reasons` is how many there are to ask a person.
    """

    id: UUID
    kind: str
    at: datetime
    merge_id: UUID
    database_id: int
    deadline: datetime
    reasons: int
    link: str


class NotAccepted(Exception):
    """The other side refused it, for now. It carries the protocol's code only: what was said may quote an address."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class RecipientGone(NotAccepted):
    """The other side wants no more: to try again is pointless."""


class Channel(Protocol):
    async def send(self, notice: Notice, recipient: str) -> None:
        """Returns once the other side has taken it. Raises whatever went wrong, RecipientGone if it always will.

        `recipient` is an e-mail address; a channel with one receiver for all has no use for it.
        """
