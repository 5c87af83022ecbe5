"""A merge's story as its page tells it: what happened, what is on record of each, and when nothing happened."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.run_events import RunEvent
from store.chain_places import ChainPlace
from store.on_record import OnRecord, on_record
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
class Line:
    """`remark` says why it is not on record, where it is not. `in_run` is what its run did from then on."""

    what: str
    told: str
    mood: str
    at: datetime
    said: str | None
    digest: str | None
    record: OnRecord | None
    remark: str
    in_run: Sequence[RunEvent]


def lines_of(
    passages: Sequence[Passage], entries: Mapping[int, ChainPlace], run: Sequence[RunEvent]
) -> list[Line | Idle]:
    """In order, with the times between in which nothing happened. `run` is what the merge's workflow did."""
    lines = [_line(one, entries, steps) for one, steps in zip(passages, _beside(passages, run), strict=True)]
    return list(_folded(passages, lines))


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


def _beside(passages: Sequence[Passage], run: Sequence[RunEvent]) -> list[list[RunEvent]]:
    """What the run did from each passage to the next one. It began a moment before the first was stored."""
    beside: list[list[RunEvent]] = [[] for _ in passages]
    times = [passage.at for passage in passages]
    for event in run:
        beside[max(bisect_right(times, event.at) - 1, 0)].append(event)
    return beside


def _line(passage: Passage, entries: Mapping[int, ChainPlace], in_run: Sequence[RunEvent]) -> Line:
    return Line(
        what=story_words.what(passage),
        told=story_words.told(passage),
        mood=story_words.mood(passage),
        at=passage.at,
        said=passage.said,
        digest=passage.digest,
        record=on_record(passage, entries),
        remark=_remark(passage),
        in_run=in_run,
    )


def _remark(passage: Passage) -> str:
    if passage.place is not None or passage.kind == REMINDED:
        return ""
    return _ROW_ALONE if passage.event is None else _NOT_YET


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
        record = on_record(passage, entries)
        if record is not None and not record.stands:
            yield f"“{story_words.what(passage)}” stands otherwise in entry {record.entry.seq}, which seals it."
