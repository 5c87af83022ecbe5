"""An entry that seals a batch of events: what its hashed bytes hold, and whether the events still stand so."""

import json
from collections.abc import Iterator, Sequence

from domain.canonical import canonical
from ledger.disclosure import disclosed
from ledger.entry import Entry
from ledger.events import RecordedEvent
from ledger.recompute import Fault
from ledger.unreadable import UNREADABLE

KIND = "events.sealed"


def sealed_body(events: Sequence[RecordedEvent]) -> dict[str, object]:
    return {"events": [event.document() for event in events]}


def sealed_faults(entry: Entry, events: Sequence[RecordedEvent]) -> Iterator[Fault]:
    """What is wrong with such an entry, given the events that are said to be in it, in their order."""
    try:
        document = json.loads(entry.canonical)
        recorded = {event["id"]: event for event in document["body"]["events"]}
    except UNREADABLE:
        yield Fault(0, "seals events that cannot be read")
        return
    kept = {event["id"]: event for event in json.loads(canonical(sealed_body(events)))["events"]}
    yield from (Fault(0, f"seals event {one}, which is gone") for one in recorded.keys() - kept.keys())
    yield from (Fault(0, f"does not hold event {one}, which names it") for one in kept.keys() - recorded.keys())
    common = [one for one in recorded if one in kept]
    yield from (Fault(0, f"seals event {one} otherwise than it is") for one in common if recorded[one] != kept[one])
    if common != [one for one in kept if one in recorded]:
        yield Fault(0, "seals its events in another order than they are kept in")
    for member in disclosed(document, frozenset()):
        yield Fault(13, f"may have a personal value in its hashed bytes, at {member}")
