"""Whether an entry stands as it was written, told by itself and its two neighbours."""

import json
from dataclasses import dataclass
from typing import Any

from domain.canonical import canonical
from ledger.entry import GENESIS, entry_hash
from ledger.events import RecordedEvent
from ledger.unreadable import UNREADABLE


@dataclass(frozen=True)
class Links:
    """`hashes`: its bytes have its hash. `follows`: it names the hash of the entry before it.

    `is_followed`: the entry after it names its hash; None: there is none after it.
    """

    hashes: bool
    follows: bool
    is_followed: bool | None

    @property
    def hold(self) -> bool:
        return self.hashes and self.follows and self.is_followed is not False


def links_of(content: bytes, stored: bytes, before: bytes | None, after: bytes | None) -> Links:
    """`content` is an entry's and `stored` its hash; `before` is the hash of its predecessor, None where there is none.

    `after` is the content of its successor.
    """
    first = before if before is not None else GENESIS.entry_hash
    followed = None if after is None else member(after, "previous") == stored.hex()
    return Links(entry_hash(content) == stored, member(content, "previous") == first.hex(), followed)


def member(content: bytes, name: str) -> Any:
    """A member of an entry; None where it has none, or can't be read."""
    try:
        return json.loads(content).get(name)
    except UNREADABLE:
        return None


def sealed_event(content: bytes, number: int) -> dict[str, Any] | None:
    """What an entry that seals events holds at this place; None where it holds nothing there."""
    try:
        event: dict[str, Any] = json.loads(content)["body"]["events"][number]
    except UNREADABLE:
        return None
    return event


def is_sealed_so(event: RecordedEvent, sealed: dict[str, Any] | None) -> bool:
    """Whether the journal still tells an event as it was sealed."""
    try:
        told = json.loads(canonical(event.document()))
    except UNREADABLE:
        return False
    return bool(told == sealed)
