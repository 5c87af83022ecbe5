"""Lookup keys, as the vendor's Swagger has them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api.openapi import may_refuse
from api.responses import document
from api.services import Caller, ColumnName, Wired, needs_in_database
from api.shapes import LookupKey, LookupKeys, PutLookupKey
from domain.errors import ColumnNotFound, LookupKeyNotFound
from store import databases, lookup_keys
from store.tokens import Scope

router = APIRouter(prefix="/databases/{databaseId}/lookupkeys", tags=["Lookup keys"])

Reader = Annotated[Caller, Depends(needs_in_database(Scope.DATABASES_READ))]
Writer = Annotated[Caller, Depends(needs_in_database(Scope.DATABASES_WRITE))]


@router.get("", operation_id="listLookupKeys", response_model=LookupKeys, summary="All lookup keys")
async def list_(caller: Reader, wired: Wired) -> Response:
    database = await databases.get(wired.store, caller.database_id)
    return document({"lookupKeys": [lookup_key_document(caller.database_id, key) for key in database.lookup_keys]})


@router.get(
    "/{field}",
    operation_id="getLookupKey",
    response_model=LookupKey,
    responses=may_refuse(LookupKeyNotFound),
    summary="One lookup key",
)
async def get(field: ColumnName, caller: Reader, wired: Wired) -> Response:
    key = await lookup_keys.get(wired.store, caller.database_id, field)
    return document(lookup_key_document(caller.database_id, key))


@router.put(
    "/{field}",
    operation_id="putLookupKey",
    response_model=PutLookupKey,
    responses=may_refuse(ColumnNotFound),
    summary="Make a column a lookup key",
)
async def put(field: ColumnName, caller: Writer, wired: Wired) -> Response:
    """Stays CREATE_PENDING while contacts share a value, and says how many do. Mend them and send it again."""
    activation = await lookup_keys.put(wired.store, caller.database_id, field, caller.token.id)
    return document(
        {
            **lookup_key_document(caller.database_id, activation.key),
            "duplicateValues": activation.duplicate_values,
            "invalidValues": activation.invalid_values,
        }
    )


@router.delete(
    "/{field}",
    operation_id="deleteLookupKey",
    status_code=204,
    responses=may_refuse(LookupKeyNotFound),
    summary="Make it a plain column again",
)
async def delete(field: ColumnName, caller: Writer, wired: Wired) -> Response:
    """The column keeps its values; no contact can be found or merged by them any more."""
    await lookup_keys.remove(wired.store, caller.database_id, field, caller.token.id)
    return Response(status_code=204)


def lookup_key_document(database_id: int, key: databases.LookupKey) -> dict[str, object]:
    return {"databaseId": database_id, "field": key.name, "status": key.status}
