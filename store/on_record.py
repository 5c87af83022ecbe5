"""What the chain holds of something that happened, and whether it still stands as it was written."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.links import is_sealed_so, sealed_event
from ledger.unreadable import UNREADABLE
from store.chain_places import ChainPlace
from store.story import Passage


@dataclass(frozen=True)
class OnRecord:
    """Its words in an entry of the chain, which are nobody's values; `words` None: they can't be read.

    `number`: at which place of an entry that holds several; what else it holds is others' business. `stands`: the
    journal still tells it so.
    """

    entry: ChainPlace
    number: int | None
    words: Any
    stands: bool

    @property
    def is_intact(self) -> bool:
        return self.stands and self.entry.links.hold


def on_record(passage: Passage, entries: Mapping[int, ChainPlace]) -> OnRecord | None:
    """None: it is in no entry, or in one that is gone."""
    place = passage.place
    entry = entries.get(place.seq) if place else None
    if place is None or entry is None:
        return None
    if place.number is None or passage.event is None:
        return OnRecord(entry, None, _read(entry.content), stands=True)
    sealed = sealed_event(entry.content, place.number)
    return OnRecord(entry, place.number, sealed, is_sealed_so(passage.event, sealed))


def _read(content: bytes) -> Any:
    try:
        return json.loads(content)
    except UNREADABLE:
        return None
