"""Merges as they stand: one, or pages of them."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from api.merge_document import etag, merge_document, whole_document
from api.merge_shapes import MergeBegun, MergePage, WholeMerge
from api.openapi import may_refuse
from api.responses import document
from api.services import LARGEST_ID, Wired, authorise, needs
from domain.errors import CursorInvalid, DatabaseNotFound, MergeNotFound
from domain.plan import Outcome
from domain.times import parse_time, rfc3339
from store import looks
from store.merges import PREPARING, Claim, MergeRow, Position, read_merge, read_merges
from store.requesters import requesters_of
from store.tokens import OwnerKind, Scope, Token

router = APIRouter(prefix="/v1/merges", tags=["Merges"])
Reader = Annotated[Token, Depends(needs(Scope.MERGES_READ))]

PAGE = 50
LARGEST_PAGE = 200


@router.get(
    "/{mergeId}",
    operation_id="getMerge",
    response_model=WholeMerge | MergeBegun,
    responses=may_refuse(MergeNotFound),
    summary="One merge, with its plan",
)
async def get(mergeId: UUID, token: Reader, wired: Wired) -> Response:
    """Found from the moment it was started, also before its plan is stored."""
    try:
        async with wired.store.statements() as connection:
            row = await read_merge(connection, mergeId)
    except MergeNotFound:
        database_id = await wired.gateway.find_database(mergeId)
        if database_id is None or not token.reaches(database_id):
            raise
        return document({"id": mergeId, "databaseId": database_id, "state": PREPARING, "outcome": None})
    if not token.reaches(row.database_id):
        raise MergeNotFound
    if token.owner_kind is OwnerKind.PERSON:
        await looks.saw_plan(wired.store, row, token.id, masked=False)
    return document(await whole_document(wired.store, row), headers=etag(row))


@router.get(
    "",
    operation_id="listMerges",
    response_model=MergePage,
    responses=may_refuse(CursorInvalid, DatabaseNotFound),
    summary="Merges, newest first, in pages",
)
async def list_(
    request: Request,
    token: Reader,
    wired: Wired,
    database_id: Annotated[int | None, Query(alias="databaseId", ge=1, le=LARGEST_ID)] = None,
    state: Literal["preparing", "pending_approval", "merging", "done"] | None = None,
    outcome: Outcome | None = None,
    claimed_by: Annotated[
        Literal["me", "nobody"] | None, Query(alias="claimedBy", description="Whose claim is on it.")
    ] = None,
    after: Annotated[str | None, Query(max_length=200, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = PAGE,
) -> Response:
    if database_id is not None:
        await authorise(wired.store, request, database_id, Scope.MERGES_READ)
    reach = [database_id] if database_id is not None else token.reach(Scope.MERGES_READ)
    position = position_of(after) if after else None
    async with wired.store.statements() as connection:
        rows = await read_merges(
            connection,
            reach,
            state=state,
            outcome=outcome,
            claim=_claim(claimed_by, token),
            after=position,
            limit=limit + 1,
        )
        requesters = await requesters_of(connection, rows)
    page, more = rows[:limit], len(rows) > limit
    merges = [merge_document(row, requesters[row.id]) for row in page]
    return document({"merges": merges, "next": cursor_after(page[-1]) if more else None})


def _claim(claimed_by: str | None, token: Token) -> Claim | None:
    match claimed_by:
        case "me":
            return Claim(token.person_id or 0)  # nobody has this id: a service claims nothing
        case "nobody":
            return Claim(None)
    return None


def cursor_after(row: MergeRow) -> str:
    return urlsafe_b64encode(json.dumps([rfc3339(row.requested), str(row.id)]).encode()).decode()


def position_of(cursor: str) -> Position:
    try:
        requested, merge_id = json.loads(urlsafe_b64decode(cursor))
        return Position(parse_time(requested), UUID(merge_id))
    except (ValueError, TypeError, AttributeError):
        raise CursorInvalid from None
