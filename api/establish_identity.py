"""Establish identity: the compatible PUT, and its twin whose URL holds no phone number."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Request, Response

from api.bodies import StrictRoute
from api.merge_shapes import Answer, EstablishIdentitySpecification, MergeSpecification, Pending, Plan
from api.openapi import Responses, may_refuse
from api.problems import refused
from api.raw_path import ADDRESS_IN_OPENAPI, ADDRESS_REFUSALS, path_address
from api.responses import document
from api.services import Caller, Services, Wired, authorise, demand, needs_in_database, note_look, shown_bearer
from domain.address import Address, parse_address
from domain.columns import required_column_empty
from domain.contact_input import identity_under
from domain.errors import (
    DatabaseKeyed,
    DatabaseNotFound,
    DeviceBusy,
    DeviceNotFound,
    IdentityBlocked,
    IdentityInvalid,
    LookupKeyInactive,
    MergeBlocked,
    MergeExpired,
    MergeNotFound,
    MergePending,
    MergeRejected,
    MergeWithdrawn,
    NotSamePerson,
    QualifierUnknown,
    Refusal,
    RequiredColumnEmpty,
    ServiceUnavailable,
    ValueInvalid,
)
from domain.plan import Outcome, plan_document
from domain.request import MergeRequest
from store import plans
from store.merges import PENDING_APPROVAL, PREPARING, MergeRow, join, read_merge
from store.rules import read_request_facts
from store.tokens import Scope

compatible = APIRouter(route_class=StrictRoute, tags=["Establish identity"])
own = APIRouter(
    route_class=StrictRoute, prefix="/v1/merges", tags=["Establish identity"], dependencies=[Depends(shown_bearer)]
)

_FACTS = (QualifierUnknown, DatabaseKeyed, LookupKeyInactive, IdentityInvalid, ValueInvalid, IdentityBlocked)
_DECIDED: dict[str, type[Refusal]] = {
    Outcome.REJECTED: MergeRejected,
    Outcome.EXPIRED: MergeExpired,
    Outcome.WITHDRAWN: MergeWithdrawn,
}
_ENDED = (NotSamePerson, MergeRejected, MergeExpired, MergeWithdrawn)
_REFUSALS = (*_FACTS, DeviceNotFound, DeviceBusy, MergePending, *_ENDED)
_PENDING: Responses = {202: {"model": Pending, "description": "It goes on; `Location` leads to the merge."}}

Requester = Annotated[Caller, Depends(needs_in_database(Scope.MERGES_REQUEST))]


@compatible.put(
    "/databases/{databaseId}/establishidentity/{channel}-{qualifier}/{destination:raw}",
    operation_id="establishIdentity",
    response_model=Answer,
    responses=may_refuse(*ADDRESS_REFUSALS, *_REFUSALS, MergeBlocked) | _PENDING,
    openapi_extra=ADDRESS_IN_OPENAPI,
    summary="Give a device's contact an identity; merge both contacts if another holds it",
)
@compatible.put("/databases/{databaseId}/establishidentity/{rest:raw}", include_in_schema=False)
@compatible.put("/databases/{databaseId}/establishidentity", include_in_schema=False)
async def put(request: Request, caller: Requester, wired: Wired, asked: EstablishIdentitySpecification) -> Response:
    """A merge can't be undone. Repeat it freely: it happens once, and the repetition answers `unchanged`."""
    merge = await _checked(wired, caller, path_address(request, "establishidentity"), asked)
    return await _answer(request, wired, caller, merge, blocked=MergeBlocked)


@own.post(
    "",
    operation_id="createMerge",
    response_model=Answer,
    responses=may_refuse(DatabaseNotFound, *ADDRESS_REFUSALS, *_REFUSALS, RequiredColumnEmpty) | _PENDING,
    summary="The same with everything in the body",
)
async def post(request: Request, wired: Wired, asked: MergeSpecification) -> Response:
    """A phone number does not belong in a URL. A required column without value answers 422 here."""
    caller = await authorise(wired.store, request, asked.databaseId, Scope.MERGES_REQUEST)
    merge = await _checked(wired, caller, _body_address(asked), asked)
    return await _answer(request, wired, caller, merge, blocked=RequiredColumnEmpty)


@own.post(
    "/preview",
    operation_id="previewMerge",
    response_model=Plan,
    responses=may_refuse(DatabaseNotFound, *ADDRESS_REFUSALS, *_FACTS),
    summary="What would happen; changes nothing",
)
async def preview(request: Request, wired: Wired, asked: MergeSpecification) -> Response:
    """Computed by the same function as the merge itself, from what is stored now."""
    caller = await authorise(wired.store, request, asked.databaseId, Scope.MERGES_REQUEST)
    demand(caller, Scope.MERGES_READ)  # a plan shows what both contacts hold
    merge = await _checked(wired, caller, _body_address(asked), asked)
    plan = await plans.preview(wired.store, merge)
    await note_look(wired.store, caller, *(contact.id for contact in (plan.older, plan.newer) if contact))
    return document(plan_document(plan, with_digest=True))


def _body_address(asked: MergeSpecification) -> Address:
    return parse_address(asked.channel, asked.qualifier, asked.destination)


async def _checked(
    wired: Services, caller: Caller, address: Address, asked: EstablishIdentitySpecification
) -> MergeRequest:
    """The request, parsed, against what the database knows. Nothing has started yet."""
    async with wired.store.statements() as connection:
        facts = await read_request_facts(
            connection, caller.database_id, address.channel.value, address.qualifier, asked.identity.name
        )
    if facts.keyed:
        raise DatabaseKeyed
    if not facts.has_qualifier:
        raise QualifierUnknown
    if facts.lookup_key is None:
        raise LookupKeyInactive
    identity = identity_under(facts.lookup_key, asked.identity.value, facts.blocked_values)
    return MergeRequest(
        database_id=caller.database_id,
        address=address,
        identity=identity,
        use_crm_contact_as_winner=asked.crm_contact_wins,
        merge_events=asked.events_merge,
    )


async def _answer(
    request: Request, wired: Services, caller: Caller, merge: MergeRequest, *, blocked: type[Refusal]
) -> Response:
    asked = merge_id = uuid4()
    settled = await wired.gateway.establish_identity(merge, caller.token.id, merge_id)
    merge_id = settled or merge_id
    row = await _stored(wired, merge_id)
    if settled is not None and row is None:
        raise ServiceUnavailable
    if settled is None and row is None:
        merge_id = await wired.gateway.open_merge(merge, merge_id)
        row = await _stored(wired, merge_id)
    if row is None or row.outcome is None:
        if merge_id != asked:
            await join(wired.store, caller.database_id, merge_id, caller.token.id)
        return _pending(request, merge_id, row)
    if refusal := _refusal(row, blocked):
        return refused(request, refusal)
    return document(
        {"winnerRecipientId": row.survivor_id, "winnerChannelIdentifier": row.winner_channel_identifier, **_ending(row)}
    )


async def _stored(wired: Services, merge_id: UUID) -> MergeRow | None:
    """The merge's row; None where there is none yet, or none can be read: the run goes on all the same."""
    try:
        async with wired.store.statements() as connection:
            return await read_merge(connection, merge_id)
    except (MergeNotFound, ServiceUnavailable):
        return None


def _pending(request: Request, merge_id: UUID, row: MergeRow | None) -> Response:
    location = f"{request.base_url}v1/merges/{merge_id}"
    state = row.state if row else PREPARING
    pending = {"mergeId": merge_id, "state": state, "outcome": None, "page": f"{request.base_url}merges/{merge_id}"}
    # A run is done in a moment, a person is not: a caller who waits for one should ask seldom.
    retry = "60" if row and row.state == PENDING_APPROVAL else "1"
    return document(pending, status=202, headers={"Location": location, "Retry-After": retry})


def _refusal(row: MergeRow, blocked: type[Refusal]) -> Refusal | None:
    if row.outcome == Outcome.NOT_FOUND:
        return DeviceNotFound("", **_ending(row))
    if row.outcome in _DECIDED:
        return _decided(row)
    if row.outcome != Outcome.BLOCKED:
        return None
    blocker = row.plan["blockers"][0]
    if blocker["code"] == LookupKeyInactive.code:
        return LookupKeyInactive("", **_ending(row))
    return blocked(required_column_empty(blocker["name"]), **_ending(row))


def _decided(row: MergeRow) -> Refusal:
    """Rejected without a decision of its own: a decision before it said that they are not the same person."""
    if row.outcome == Outcome.REJECTED and row.decision_id is None:
        return NotSamePerson("", **_ending(row))
    return _DECIDED[row.outcome or ""]("", **_ending(row))


def _ending(row: MergeRow) -> dict[str, object]:
    receipt = row.receipt and row.receipt.document()
    return {"outcome": row.outcome, "mergeId": str(row.id), "receipt": receipt}
