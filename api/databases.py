"""Databases: an onboarding specialist starts here."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from api.bodies import StrictRoute
from api.lookup_keys import lookup_key_document
from api.openapi import may_refuse
from api.policies import policy_shown
from api.policy_shapes import Database, Databases
from api.responses import document
from api.services import Caller, Wired, needs, needs_in_database
from api.shapes import Column as ColumnShape
from api.shapes import ColumnInput, Created, DatabaseInput, NameInput, Qualifier
from domain.address import QUALIFIER_LENGTH, Channel
from domain.columns import Column, ColumnType, check_column
from domain.errors import NameTaken, ScopeMissing, ValueInvalid
from domain.text import flaw
from store import databases
from store.tokens import Scope, Token

router = APIRouter(route_class=StrictRoute, prefix="/v1/databases", tags=["Databases"])

Lister = Annotated[Token, Depends(needs(Scope.DATABASES_READ))]
Creator = Annotated[Token, Depends(needs(Scope.ADMIN))]
Reader = Annotated[Caller, Depends(needs_in_database(Scope.DATABASES_READ))]
Writer = Annotated[Caller, Depends(needs_in_database(Scope.DATABASES_WRITE))]


@router.post(
    "",
    operation_id="createDatabase",
    status_code=201,
    response_model=Created,
    responses=may_refuse(NameTaken, ValueInvalid),
    summary="Create a database",
)
async def create(request: Request, token: Creator, wired: Wired, body: DatabaseInput) -> Response:
    """Needs an admin's token that reaches every database."""
    if token.reach(Scope.ADMIN) is not None:
        raise ScopeMissing("Only a token that reaches every database can create one.")
    _demand_sound_name(body.name)
    database_id = await databases.create(wired.store, body.name, database_id=body.id, keyed=body.keyed, by=token.id)
    location = f"{request.base_url}v1/databases/{database_id}"
    return document({"id": database_id}, status=201, headers={"Location": location})


@router.get("", operation_id="listDatabases", response_model=Databases, summary="The databases the token reaches")
async def list_(token: Lister, wired: Wired) -> Response:
    found = await databases.list_all(wired.store, token.reach(Scope.DATABASES_READ))
    return document({"databases": [database_document(one) for one in found]})


@router.get("/{databaseId}", operation_id="getDatabase", response_model=Database, summary="Columns, keys, policy")
async def get(caller: Reader, wired: Wired) -> Response:
    return document(database_document(await databases.get(wired.store, caller.database_id)))


@router.post(
    "/{databaseId}/columns",
    operation_id="addColumn",
    status_code=201,
    response_model=ColumnShape,
    responses=may_refuse(NameTaken, ValueInvalid),
    summary="Add a column",
)
async def add_column(caller: Writer, wired: Wired, body: ColumnInput) -> Response:
    column = Column(body.name, ColumnType(body.type), body.required, tuple(body.selections))
    check_column(column)
    await databases.add_column(wired.store, caller.database_id, column, caller.token.id)
    return document(column_document(column), status=201)


@router.post(
    "/{databaseId}/appkeys",
    operation_id="addAppKey",
    status_code=201,
    response_model=Qualifier,
    responses=may_refuse(ValueInvalid),
    summary="Add an app key (PUSH)",
)
async def add_app_key(caller: Writer, wired: Wired, body: NameInput) -> Response:
    return await _add_qualifier(caller, wired, Channel.PUSH, body)


@router.post(
    "/{databaseId}/campaigns",
    operation_id="addCampaign",
    status_code=201,
    response_model=Qualifier,
    responses=may_refuse(ValueInvalid),
    summary="Add an SMS campaign",
)
async def add_campaign(caller: Writer, wired: Wired, body: NameInput) -> Response:
    return await _add_qualifier(caller, wired, Channel.SMS, body)


async def _add_qualifier(caller: Caller, wired: Wired, channel: Channel, body: NameInput) -> Response:
    _demand_sound_name(body.name)
    await databases.add_qualifier(wired.store, caller.database_id, channel, body.name, caller.token.id)
    return document({"name": body.name}, status=201)


def _demand_sound_name(name: str) -> None:
    if fault := flaw(name, QUALIFIER_LENGTH):
        raise ValueInvalid(f"name: name {fault}.")


def database_document(database: databases.Database) -> dict[str, object]:
    return {
        "id": database.id,
        "name": database.name,
        "keyed": database.keyed,
        "created": database.created,
        "columns": [column_document(column) for column in database.columns],
        "lookupKeys": [lookup_key_document(database.id, key) for key in database.lookup_keys],
        "appKeys": list(database.app_keys),
        "smsCampaigns": list(database.sms_campaigns),
        "policy": policy_shown(database.policy, database.approval),
    }


def column_document(column: Column) -> dict[str, object]:
    return {
        "name": column.name,
        "type": column.type.value,
        "required": column.required,
        "selections": list(column.selections),
    }
