"""A merge's story as its page tells it: what happened, what is on record of each, and when nothing happened."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ledger.links import is_sealed_so, sealed_event
from store.chain_places import ChainPlace
from store.story import REMINDED, Passage, Story
from web import story_words
from web.moments import span

_IDLE = timedelta(minutes=10)
_ROW_ALONE = "Not in the journal: it is older than that, or somebody removed it. A row of the database tells it."
_NOT_YET = "Not in the chain yet: the journal is sealed into it within seconds."


@dataclass(frozen=True)
class Idle:
    """A time in which nothing happened."""

    length: str


@dataclass(frozen=True)
class OnRecord:
    """What the chain holds of something: in which entry, and its words there, which are nobody's values.

    `number`: at which place of an entry that holds several. `stands`: the journal still tells it so.
    """

    entry: ChainPlace
    number: int | None
    text: str
    stands: bool


@dataclass(frozen=True)
class Line:
    """`remark` says why it is not on record, where it is not."""

    what: str
    told: str
    mood: str
    at: datetime
    said: str | None
    digest: str | None
    record: OnRecord | None
    remark: str


def lines_of(story: Story, entries: Mapping[int, ChainPlace]) -> list[Line | Idle]:
    """In order, with the times between in which nothing happened."""
    return list(_folded(story.passages, [_line(one, entries) for one in story.passages]))


def troubles_of(story: Story, entries: Mapping[int, ChainPlace]) -> list[str]:
    """What is wrong with what is on record, in sentences; nothing: it stands as it was written."""
    return list(_troubles(story, entries))


def _folded(passages: Sequence[Passage], lines: Sequence[Line]) -> Iterator[Line | Idle]:
    before: datetime | None = None
    for passage, line in zip(passages, lines, strict=True):
        if before is not None and passage.at - before >= _IDLE:
            yield Idle(span(passage.at - before))
        yield line
        before = passage.at


def _line(passage: Passage, entries: Mapping[int, ChainPlace]) -> Line:
    decision, revision = passage.decision, passage.revision
    return Line(
        what=story_words.what(passage),
        told=story_words.told(passage),
        mood=story_words.mood(passage),
        at=passage.at,
        said=passage.comment.text if passage.comment else decision.reason if decision else None,
        digest=decision.plan_digest if decision else revision.plan_digest if revision else None,
        record=_on_record(passage, entries),
        remark=_remark(passage),
    )


def _remark(passage: Passage) -> str:
    if passage.place is not None or passage.kind == REMINDED:
        return ""
    return _ROW_ALONE if passage.event is None else _NOT_YET


def _on_record(passage: Passage, entries: Mapping[int, ChainPlace]) -> OnRecord | None:
    place = passage.place
    entry = entries.get(place.seq) if place else None
    if place is None or entry is None:
        return None
    if place.number is None or passage.event is None:
        return OnRecord(entry, None, _indented(entry.content), stands=True)
    sealed = sealed_event(entry.content, place.number)
    return OnRecord(entry, place.number, _pretty(sealed), is_sealed_so(passage.event, sealed))


def _troubles(story: Story, entries: Mapping[int, ChainPlace]) -> Iterator[str]:
    receipt = story.item.merge.receipt
    for entry in entries.values():
        if not entry.links.hashes:
            yield f"The bytes of entry {entry.seq} do not have its hash: somebody changed one or the other."
        if not entry.links.follows:
            yield f"Entry {entry.seq} does not name the hash of the entry before it."
        if entry.links.is_followed is False:
            yield f"The entry after entry {entry.seq} does not name its hash."
        if receipt and receipt.seq == entry.seq and receipt.entry_hash != entry.entry_hash:
            yield f"The receipt that was handed out names another hash than that of entry {entry.seq}."
    for passage in story.passages:
        if passage.place and passage.place.seq not in entries:
            yield f"Entry {passage.place.seq} is gone from the chain."
        record = _on_record(passage, entries)
        if record is not None and not record.stands:
            yield f"“{story_words.what(passage)}” stands otherwise in entry {record.entry.seq}, which seals it."


def _indented(content: bytes) -> str:
    """An entry's JSON, as far as it is any."""
    try:
        return _pretty(json.loads(content))
    except ValueError:
        return content.decode(errors="backslashreplace")


def _pretty(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)
