"""What people do with a merge that waits for them: decide, claim, comment; and its requester, who withdraws it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Response

from api.bodies import StrictRoute
from api.deciding import carry_out
from api.merge_document import etag, whole_document
from api.merge_shapes import CommentInput, Decision, DecisionInput, DecisionPending, ReasonInput, WholeMerge
from api.openapi import Responses, may_refuse
from api.responses import document
from api.services import Caller, Wired, authenticated, demand
from domain.decision import Kind
from domain.errors import (
    AlreadyDecided,
    DecisionLate,
    DigestMissing,
    DigestUnknown,
    MergeClaimed,
    MergeNotFound,
    MergeNotPending,
    NotRequester,
    OwnRequest,
    PersonRequired,
    PlanStale,
    ReasonMissing,
    RoleMissing,
    ValueInvalid,
)
from store import reviews
from store.decisions import Given
from store.merges import MergeRow, read_merge
from store.tokens import OwnerKind, Scope, Token

router = APIRouter(route_class=StrictRoute, prefix="/v1/merges/{mergeId}", tags=["Decisions"])

Authenticated = Annotated[Token, Depends(authenticated)]
IfMatch = Annotated[
    str | None, Header(alias="If-Match", description="The digest of the plan that you saw, as the ETag of the merge.")
]
_PENDING: Responses = {202: {"model": DecisionPending, "description": "The decision is with its run, which goes on."}}


@router.post(
    "/decision",
    operation_id="decideMerge",
    response_model=Decision,
    responses=may_refuse(
        MergeNotFound,
        AlreadyDecided,
        DecisionLate,
        MergeNotPending,
        PersonRequired,
        RoleMissing,
        OwnRequest,
        PlanStale,
        DigestUnknown,
        DigestMissing,
        ReasonMissing,
        ValueInvalid,
    )
    | _PENDING,
    summary="Approve or reject the plan that you saw",
)
async def decide(
    request: Request, mergeId: UUID, token: Authenticated, wired: Wired, body: DecisionInput, seen: IfMatch = None
) -> Response:
    """Exactly the plan with this digest is executed, or nothing: where another one stands by now, the answer is 412."""
    merge = await _merge(wired, mergeId, token)
    if seen is None and token.owner_kind is OwnerKind.PERSON:
        raise DigestMissing  # a service is refused whatever it saw, and that is on record
    if body.notSamePerson and (body.decision == "approve" or merge.plan["absorbed"] is None):
        raise ValueInvalid("notSamePerson goes with the rejection of a merge of two contacts.")
    given = Given(Kind(body.decision), (seen or "").strip().strip('"'), body.reason, body.notSamePerson)
    return await _carry_out(wired, merge, token, given)


@router.post(
    "/withdrawal",
    operation_id="withdrawMerge",
    response_model=Decision,
    responses=may_refuse(MergeNotFound, AlreadyDecided, MergeNotPending, NotRequester, ValueInvalid) | _PENDING,
    summary="Withdraw your own request",
)
async def withdraw(request: Request, mergeId: UUID, token: Authenticated, wired: Wired, body: ReasonInput) -> Response:
    """For whoever asked first; somebody who joined the request can't end it for the others."""
    merge = await _merge(wired, mergeId, token)
    return await _carry_out(wired, merge, token, Given(Kind.WITHDRAW, merge.plan_digest, body.reason))


@router.put(
    "/claim",
    operation_id="claimMerge",
    response_model=WholeMerge,
    responses=may_refuse(MergeNotFound, MergeNotPending, MergeClaimed, PersonRequired),
    summary="Say that you are looking at it",
)
async def claim(mergeId: UUID, token: Authenticated, wired: Wired) -> Response:
    """Others see it and leave it to you; it does not keep them from deciding."""
    merge = await _merge(wired, mergeId, token)
    await reviews.claim(wired.store, mergeId, _specialist(merge, token), token.id)
    return await _document(wired, mergeId)


@router.delete(
    "/claim",
    operation_id="releaseMerge",
    response_model=WholeMerge,
    responses=may_refuse(MergeNotFound, PersonRequired),
    summary="Give your claim up",
)
async def release(mergeId: UUID, token: Authenticated, wired: Wired) -> Response:
    merge = await _merge(wired, mergeId, token)
    await reviews.release(wired.store, mergeId, _specialist(merge, token), token.id)
    return await _document(wired, mergeId)


@router.post(
    "/comments",
    operation_id="commentMerge",
    status_code=201,
    response_model=WholeMerge,
    responses=may_refuse(MergeNotFound, PersonRequired, ValueInvalid),
    summary="Comment on it, for those who decide and those who read about it later",
)
async def comment(mergeId: UUID, token: Authenticated, wired: Wired, body: CommentInput) -> Response:
    merge = await _merge(wired, mergeId, token)
    demand(Caller(token, merge.database_id), Scope.MERGES_READ)
    if token.owner_kind is OwnerKind.SERVICE or token.person_id is None:
        raise PersonRequired
    await reviews.comment(wired.store, mergeId, token.person_id, token.id, body.text)
    return await _document(wired, mergeId, status=201)


async def _carry_out(wired: Wired, merge: MergeRow, token: Token, given: Given) -> Response:
    now = await carry_out(wired, merge.id, token, given)
    answer = {"mergeId": merge.id, "decision": given.kind.value, "outcome": now.outcome}
    if now.receipt is None:
        # What its run is at: the merge's own state says nothing that may still be refused.
        state = "merging" if given.kind is Kind.APPROVE else now.state
        location = {"Location": f"/v1/merges/{merge.id}", "Retry-After": "1"}
        return document({**answer, "state": state}, status=202, headers=location)
    return document({**answer, "state": now.state, "receipt": now.receipt.document()})


def _specialist(merge: MergeRow, token: Token) -> int:
    demand(Caller(token, merge.database_id), Scope.MERGES_DECIDE)
    assert token.person_id is not None  # noqa: S101 - only people have that scope
    return token.person_id


async def _merge(wired: Wired, merge_id: UUID, token: Token) -> MergeRow:
    """Raises MergeNotFound also for a merge of a database that the token does not reach."""
    merge = await _read(wired, merge_id)
    if not token.reaches(merge.database_id):
        raise MergeNotFound
    return merge


async def _read(wired: Wired, merge_id: UUID) -> MergeRow:
    async with wired.store.statements() as connection:
        return await read_merge(connection, merge_id)


async def _document(wired: Wired, merge_id: UUID, status: int = 200) -> Response:
    row = await _read(wired, merge_id)
    return document(await whole_document(wired.store, row), status=status, headers=etag(row))
