"""Pairs of contacts that a person decided are not the same person: no request merges them until somebody lifts it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, Field

from api.openapi import may_refuse
from api.responses import document
from api.services import LARGEST_ID, Caller, Wired, needs_in_database
from domain.errors import PairNotFound, PersonRequired
from store import kept_apart
from store.kept_apart import KeptApart
from store.tokens import Scope

router = APIRouter(prefix="/v1/databases/{databaseId}/kept-apart", tags=["Kept apart"])

Reader = Annotated[Caller, Depends(needs_in_database(Scope.CONTACTS_READ))]
Specialist = Annotated[Caller, Depends(needs_in_database(Scope.MERGES_DECIDE))]
PairId = Annotated[int, Path(alias="pairId", ge=1, le=LARGEST_ID, examples=[1])]


class KeptPair(BaseModel):
    """Two live contacts; where one was absorbed since, the survivor stands in its place."""

    id: int
    contacts: list[int] = Field(min_length=2, max_length=2)
    since: str
    by: str = Field(description="Who decided it.")
    reason: str
    mergeId: str = Field(description="The merge that was rejected with it.")


class KeptPairs(BaseModel):
    pairs: list[KeptPair]


@router.get("", operation_id="listKeptApart", response_model=KeptPairs, summary="Pairs that are not the same person")
async def list_(caller: Reader, wired: Wired) -> Response:
    """Those that stand. A request that would merge one of them is answered 409 `not-same-person`."""
    pairs = await kept_apart.list_standing(wired.store, caller.database_id)
    return document({"pairs": [_document(pair) for pair in pairs]})


@router.delete(
    "/{pairId}",
    operation_id="liftKeptApart",
    status_code=204,
    responses=may_refuse(PairNotFound, PersonRequired),
    summary="Let the two be merged again",
)
async def lift(pairId: PairId, caller: Specialist, wired: Wired) -> Response:
    """Needs the role that decides on merges. It lifts every decision that keeps these two apart.

    Nothing is merged by it: somebody has to ask again.
    """
    person_id = caller.token.person_id
    assert person_id is not None  # noqa: S101 - only people have that scope
    if not await kept_apart.lift(wired.store, caller.database_id, pairId, person_id, caller.token.id):
        raise PairNotFound
    return Response(status_code=204)


def _document(pair: KeptApart) -> dict[str, object]:
    return {
        "id": pair.id,
        "contacts": [pair.contact_id, pair.other_id],
        "since": pair.created,
        "by": pair.person,
        "reason": pair.reason,
        "mergeId": pair.merge_id,
    }
