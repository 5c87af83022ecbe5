"""Receipts and checkpoints: what a caller holds against the record."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field, StrictInt, StrictStr

from api.bodies import StrictRoute
from api.openapi import may_refuse
from api.responses import document
from api.services import LARGEST_ID, Caller, Wired, authenticated, authorise, needs_in_database
from api.shapes import Given
from domain.errors import ChainContradicted, CheckpointNotFound, DatabaseNotFound, ReceiptUnknown
from ledger.entry import Receipt
from store.receipts import CheckedReceipt, SignedCheckpoint, check_receipt, newest_checkpoint
from store.tokens import Scope

router = APIRouter(route_class=StrictRoute, prefix="/v1", tags=["Receipts"])

Reader = Annotated[Caller, Depends(needs_in_database(Scope.MERGES_READ))]
_HASH = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"


class ReceiptGiven(Given):
    """A receipt as an answer carried it."""

    database: StrictInt = Field(ge=1, le=LARGEST_ID, examples=[10000])
    seq: StrictInt = Field(ge=1, le=LARGEST_ID, examples=[1])
    entry_hash: StrictStr = Field(pattern="^[0-9a-f]{64}$", examples=[_HASH])


class SignedNote(BaseModel):
    origin: str
    size: int = Field(description="How many entries it covers.")
    note: str = Field(description="The C2SP signed note: verify it with the installation's key.")
    at: str


class CoveringNote(SignedNote):
    """The checkpoint that was signed last, which covers the entry."""

    inclusionProof: list[str] = Field(description="RFC 9162, hexadecimal: from the entry's hash to the note's root.")


class ReceiptChecked(BaseModel):
    """The chain has this entry. `checkpoint` null: none was signed since, which takes some seconds."""

    database: int
    seq: int
    entry_hash: str
    kind: str
    at: str
    mergeId: str | None
    checkpoint: CoveringNote | None


@router.post(
    "/receipts/check",
    operation_id="checkReceipt",
    response_model=ReceiptChecked,
    responses=may_refuse(DatabaseNotFound, ReceiptUnknown, ChainContradicted),
    summary="Is this receipt's entry in the chain, and does a checkpoint cover it",
    dependencies=[Depends(authenticated)],  # before the body is looked at
)
async def check(request: Request, wired: Wired, given: ReceiptGiven) -> Response:
    """Do not take our word for it: `inclusionProof` leads from your `entry_hash` to the root that was signed."""
    caller = await authorise(wired.store, request, given.database, Scope.MERGES_READ)
    receipt = Receipt(caller.database_id, given.seq, bytes.fromhex(given.entry_hash))
    return document({**receipt.document(), **_checked(await check_receipt(wired.store, receipt))})


@router.get(
    "/databases/{databaseId}/checkpoints/latest",
    operation_id="getLatestCheckpoint",
    response_model=SignedNote,
    responses=may_refuse(CheckpointNotFound),
    summary="The checkpoint that was signed last",
)
async def latest(caller: Reader, wired: Wired) -> Response:
    """Keep it: every later one must extend it."""
    return document(_note(await newest_checkpoint(wired.store, caller.database_id)))


def _checked(found: CheckedReceipt) -> dict[str, object]:
    covered = found.covered
    proof = {"inclusionProof": [one.hex() for one in covered.proof]} if covered else {}
    return {
        "kind": found.kind,
        "at": found.at,
        "mergeId": found.merge_id,
        "checkpoint": {**_note(covered.by), **proof} if covered else None,
    }


def _note(signed: SignedCheckpoint) -> dict[str, object]:
    return {
        "origin": signed.checkpoint.origin,
        "size": signed.checkpoint.size,
        "note": signed.note,
        "at": signed.at,
    }
