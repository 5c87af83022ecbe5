"""A merge's story: what people and machines did about it, in the order in which it happened.

The journal tells it. Where a row stands of which the journal knows nothing, it is older than the journal or an event
was removed: it is told all the same, and that it is told by its row alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.decision import Kind
from domain.plan import Outcome
from ledger.events import EventKind, RecordedEvent
from ledger.merge_record import KINDS
from store.decisions import Decision, decisions_of
from store.inbox import Item
from store.reviews import Comment, Revision, comments_of, revisions_of

REMINDED = "merge.reminded"

_JOURNAL = text("""
    SELECT e.id, e.kind, e.at, e.merge_id, e.contact_id, e.person_id, e.token_id, e.detail,
      coalesce(p.name, t.owner) AS by, other.name AS whom, s.seq, s.place
    FROM ledger_events e LEFT JOIN people p ON p.id = e.person_id LEFT JOIN tokens t ON t.id = e.token_id
    LEFT JOIN people other ON other.id::text = e.detail ->> 'person'
    LEFT JOIN ledger_seals s ON s.event_id = e.id
    WHERE e.merge_id = :merge_id ORDER BY e.at, e.position
""")
# One reminder is one time, however many are reminded.
_REMINDED = text("""
    SELECT DISTINCT created FROM outbox WHERE merge_id = :merge_id AND kind = 'merge.reminder' ORDER BY created
""")


@dataclass(frozen=True)
class Place:
    """Where in the chain something is recorded: in which entry, and there as which of several."""

    seq: int
    number: int | None = None


@dataclass(frozen=True)
class Passage:
    """Something that happened. `by` is a person's or a service's name; None: this system, or the operator's command.

    `event` None: the journal does not know it. `place` None: the chain does not hold it, or not yet. What was written,
    decided or shown stands in `comment`, `decision` and `revision`; `whom` is the person whom it was done to.
    """

    kind: str
    at: datetime
    by: str | None = None
    whom: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    event: RecordedEvent | None = None
    place: Place | None = None
    comment: Comment | None = None
    decision: Decision | None = None
    revision: Revision | None = None

    @property
    def said(self) -> str | None:
        """What somebody wrote with it."""
        if self.comment:
            return self.comment.text
        return self.decision.reason if self.decision else None

    @property
    def digest(self) -> str | None:
        """Of the plan that it is about."""
        about = self.decision or self.revision
        return about.plan_digest if about else None


@dataclass(frozen=True)
class Story:
    item: Item
    passages: Sequence[Passage]
    revisions: list[Revision]


@dataclass(frozen=True)
class _Rows:
    """What is stored of a merge beside the journal."""

    revisions: list[Revision]
    decisions: Sequence[Decision]
    comments: Sequence[Comment]

    def told_by(self, kind: str, detail: Mapping[str, Any]) -> dict[str, Any]:
        """What an event of the journal names."""
        match kind:
            case EventKind.PLAN_MADE | EventKind.PLAN_SEEN:
                return {"revision": _first(self.revisions, "revision", detail.get("revision"))}
            case EventKind.DECISION_MADE | EventKind.DECISION_REFUSED:
                return {"decision": _first(self.decisions, "id", detail.get("decision"))}
            case EventKind.COMMENT_ADDED:
                return {"comment": _first(self.comments, "id", detail.get("comment"))}
        return {}


async def story_of(connection: AsyncConnection, item: Item) -> Story:
    """All of it, also what happened after the merge was done: its history was archived, somebody looked again."""
    merge_id = item.merge.id
    rows = _Rows(
        await revisions_of(connection, merge_id),
        await decisions_of(connection, merge_id),
        await comments_of(connection, merge_id),
    )
    recorded = [_recorded(row, rows) for row in await connection.execute(_JOURNAL, {"merge_id": merge_id})]
    reminders = (await connection.execute(_REMINDED, {"merge_id": merge_id})).scalars()
    passages = [*recorded, *_unrecorded(item, rows, recorded), *(Passage(REMINDED, at) for at in reminders)]
    return Story(item, sorted([*passages, *_ended(item)], key=lambda passage: passage.at), rows.revisions)


def _recorded(row: Row[Any], rows: _Rows) -> Passage:
    """Of the journal."""
    event = RecordedEvent(
        row.id, row.kind, row.at, row.merge_id, row.contact_id, row.person_id, row.token_id, row.detail
    )
    place = Place(row.seq, row.place) if row.seq else None
    detail = row.detail if isinstance(row.detail, dict) else {}  # somebody's hand may have been at it
    return Passage(row.kind, row.at, row.by, row.whom, detail, event, place, **rows.told_by(row.kind, detail))


def _unrecorded(item: Item, rows: _Rows, recorded: Sequence[Passage]) -> Iterator[Passage]:
    """What rows tell and the journal does not."""
    if not any(one.kind == EventKind.MERGE_REQUESTED for one in recorded):
        yield Passage(EventKind.MERGE_REQUESTED, item.merge.requested, item.asked_by)
    known = [(one.kind, one.comment or one.decision or one.revision) for one in recorded]
    for revision in rows.revisions:
        if (EventKind.PLAN_MADE, revision) not in known:
            told = {"revision": revision.revision, "cause": revision.cause}
            yield Passage(EventKind.PLAN_MADE, revision.created, detail=told, revision=revision)
    for comment in rows.comments:
        if (EventKind.COMMENT_ADDED, comment) not in known:
            yield Passage(EventKind.COMMENT_ADDED, comment.at, comment.person, comment=comment)
    for decision in rows.decisions:
        if (EventKind.DECISION_MADE, decision) not in known:
            said = {"says": decision.kind.value, "revision": decision.revision}
            by = decision.person or (item.asked_by if decision.kind is Kind.WITHDRAW else None)
            yield Passage(EventKind.DECISION_MADE, decision.at, by, detail=said, decision=decision)


def _ended(item: Item) -> Iterator[Passage]:
    merge = item.merge
    if merge.outcome is not None and merge.settled is not None:
        place = Place(merge.receipt.seq) if merge.receipt else None
        yield Passage(KINDS[Outcome(merge.outcome)], merge.settled, place=place)


def _first(rows: Sequence[Any], name: str, wanted: object) -> Any:
    return next((row for row in rows if str(getattr(row, name)) == str(wanted)), None)
