"""A merge's story: what happened about it, and where in the ledger it is on record."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from api.openapi import may_refuse
from api.responses import document
from api.services import Wired, needs
from domain.errors import MergeNotFound
from store.chain_places import ChainPlace, places_of
from store.inbox import read_item
from store.on_record import OnRecord, on_record
from store.story import Passage, story_of
from store.tokens import Scope, Token

router = APIRouter(prefix="/v1/merges", tags=["Merges"])
Reader = Annotated[Token, Depends(needs(Scope.MERGES_READ))]


class LastCheckpoint(BaseModel):
    """The newest checkpoint over the chain, where it covers the entry."""

    origin: str
    size: int
    at: str


class StoryRecord(BaseModel):
    """Where the ledger holds it."""

    seq: int
    entry_hash: str
    kind: str = Field(description="Of the entry: `events.sealed` holds several events.")
    number: int | None = Field(description="Its place among them, from 0; null: the entry is about nothing else.")
    words: Any = Field(description="As the entry's hashed bytes have it; null: they can't be read.")
    intact: bool = Field(description="The entry has its hash, its neighbours link, and the event is what was sealed.")
    checkpoint: LastCheckpoint | None


class StoryPassage(BaseModel):
    """Something that happened."""

    kind: str = Field(examples=["decision.made"])
    at: str
    by: str | None = Field(description="A person or a service; null: this system, or the operator by the command.")
    event: str | None = Field(description="Its id in the journal; null: a row of the database alone tells it.")
    detail: dict[str, Any]
    said: str | None = Field(description="A comment, or a decision's reason.")
    digest: str | None = Field(description="Of the plan that was made, seen or decided on.")
    record: StoryRecord | None = Field(description="Null: in no entry, or not yet, which takes some seconds.")


class Story(BaseModel):
    mergeId: str
    databaseId: int
    state: str
    outcome: str | None
    story: list[StoryPassage]


@router.get(
    "/{mergeId}/story",
    operation_id="getMergeStory",
    response_model=Story,
    responses=may_refuse(MergeNotFound),
    summary="All that happened about one merge, in order",
)
async def story(mergeId: UUID, token: Reader, wired: Wired) -> Response:
    """Each thing with the ledger's entry that holds it. The page of the same name shows it to people."""
    async with wired.store.statements() as connection:
        item = await read_item(connection, mergeId)
        if item is None or not token.reaches(item.merge.database_id):
            raise MergeNotFound
        told = await story_of(connection, item)
        recorded = {one.place.seq for one in told.passages if one.place}
        entries = await places_of(connection, item.merge.database_id, recorded)
    return document(
        {
            "mergeId": mergeId,
            "databaseId": item.merge.database_id,
            "state": item.merge.state,
            "outcome": item.merge.outcome,
            "story": [_passage(one, on_record(one, entries)) for one in told.passages],
        }
    )


def _passage(passage: Passage, record: OnRecord | None) -> dict[str, object]:
    return {
        "kind": passage.kind,
        "at": passage.at,
        "by": passage.by,
        "event": passage.event and passage.event.id,
        "detail": passage.detail,
        "said": passage.said,
        "digest": passage.digest,
        "record": record and _record(record, record.entry),
    }


def _record(record: OnRecord, entry: ChainPlace) -> dict[str, object]:
    signed = entry.signed
    return {
        "seq": entry.seq,
        "entry_hash": entry.entry_hash.hex(),
        "kind": entry.kind,
        "number": record.number,
        "words": record.words,
        "intact": record.is_intact,
        "checkpoint": signed and {"origin": signed.checkpoint.origin, "size": signed.checkpoint.size, "at": signed.at},
    }
