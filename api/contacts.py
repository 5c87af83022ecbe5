"""Contacts: create, read, patch, by lookup key, by channel; upserts. Routes as the vendor's Swagger has them."""

import re
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from api.bodies import StrictRoute
from api.openapi import Responses, may_refuse
from api.raw_path import ADDRESS_IN_OPENAPI, ADDRESS_REFUSALS, path_address
from api.responses import document
from api.services import Caller, ContactId, Services, Wired, demand, needs_in_database, note_look
from api.shapes import (
    ChannelData,
    Contact,
    ContactByChannelSpecification,
    ContactInfo,
    ContactUpsertSpecification,
)
from api.shapes import ContactInput as ContactShape
from domain.address import parse_address
from domain.contact import Consent, contact_document
from domain.contact import Contact as StoredContact
from domain.contact_input import ContactInput
from domain.errors import (
    ContactAbsorbed,
    ContactNotFound,
    DeviceNotFound,
    EmailInvalid,
    FilterInvalid,
    IdentityBlocked,
    IdentityInUse,
    IdentityInvalid,
    LookupKeyInactive,
    LookupKeysDisagree,
    QualifierUnknown,
    RequiredColumnEmpty,
    ValueInvalid,
)
from store import contacts, devices
from store.devices import Registration
from store.tokens import Scope

router = APIRouter(route_class=StrictRoute, prefix="/databases/{databaseId}", tags=["Contacts"])

Reader = Annotated[Caller, Depends(needs_in_database(Scope.CONTACTS_READ))]
Writer = Annotated[Caller, Depends(needs_in_database(Scope.CONTACTS_WRITE))]

_KEYS = (LookupKeyInactive, IdentityInvalid)
_VALUES = (EmailInvalid, ValueInvalid, IdentityInvalid, IdentityBlocked, IdentityInUse)
_CREATED: Responses = {201: {"model": ContactInfo, "description": "A new contact"}}
# A client library encodes the semicolons of a query, so that they can't tell which of them separates: it is doubled
# where it belongs to a value. Possessive: of three in a row the first two belong to the value, whatever follows.
_PAIR = r"(?:[^;]|;;)++"
_FILTER = re.compile(rf"lookupkeyfields=({_PAIR}(?:;{_PAIR})*+)")


@router.post(
    "/contacts",
    operation_id="createContact",
    status_code=201,
    response_model=int,
    responses=may_refuse(*_VALUES, RequiredColumnEmpty),
    summary="Create a contact",
)
async def create(request: Request, caller: Writer, wired: Wired, body: ContactShape) -> Response:
    """Answers the new contact's id."""
    contact_id = await contacts.create(wired.store, caller.database_id, _given(caller, body))
    return document(contact_id, status=201, headers={"Location": _location(request, caller.database_id, contact_id)})


@router.get(
    "/contacts",
    operation_id="getContactByLookupKey",
    response_model=Contact,
    responses=may_refuse(FilterInvalid, ContactNotFound, *_KEYS),
    summary="Find by lookup key",
)
async def get_by_lookup_key(
    caller: Reader,
    wired: Wired,
    lookup: Annotated[str, Query(alias="filter", examples=["lookupkeyfields=userId=777374"])],
) -> Response:
    """The one contact that holds all the identities; pairs are separated by semicolons, one in a value is doubled."""
    contact = await contacts.get_by_lookup_keys(wired.store, caller.database_id, _pairs(lookup))
    return await _shown(wired, caller, contact)


@router.get(
    "/contacts/{contactId}",
    operation_id="getContact",
    response_model=Contact,
    responses=may_refuse(ContactAbsorbed, ContactNotFound),
    summary="Read a contact",
)
async def get(contact_id: ContactId, caller: Reader, wired: Wired) -> Response:
    """An absorbed id answers 308 with the survivor's location, in one hop, for ever."""
    return await _shown(wired, caller, await contacts.get(wired.store, caller.database_id, contact_id))


@router.patch(
    "/contacts/{contactId}",
    operation_id="patchContact",
    status_code=204,
    responses=may_refuse(ContactAbsorbed, ContactNotFound, *_VALUES, RequiredColumnEmpty),
    summary="Change a contact",
)
async def patch(contact_id: ContactId, caller: Writer, wired: Wired, body: ContactShape) -> Response:
    await contacts.patch(wired.store, caller.database_id, contact_id, _given(caller, body))
    return Response(status_code=204)


@router.patch(
    "/contactbylookupkey",
    operation_id="upsertContactByLookupKey",
    response_model=ContactInfo,
    responses=may_refuse(*_VALUES, *_KEYS, LookupKeysDisagree, RequiredColumnEmpty) | _CREATED,
    summary="Change the contact that the lookup keys name, or create it",
)
async def upsert_by_lookup_key(
    request: Request, caller: Writer, wired: Wired, body: ContactUpsertSpecification
) -> Response:
    pairs = [(pair.name, pair.value) for pair in body.lookupKeyFields]
    given = _given(caller, body.contact)
    contact_id, created = await contacts.upsert_by_lookup_keys(wired.store, caller.database_id, pairs, given)
    return _info(request, caller.database_id, contact_id, created=created)


@router.patch(
    "/contactbychannel",
    operation_id="upsertContactByChannel",
    response_model=ContactInfo,
    responses=may_refuse(*ADDRESS_REFUSALS, QualifierUnknown, *_VALUES) | _CREATED,
    summary="Register a device with its contact, or change the contact of a known one",
)
async def upsert_by_channel(
    request: Request, caller: Writer, wired: Wired, body: ContactByChannelSpecification
) -> Response:
    device, given = _registration(body.channel), _given(caller, body.contact)
    contact_id, created = await devices.register(wired.store, caller.database_id, device, given)
    return _info(request, caller.database_id, contact_id, created=created)


@router.get(
    "/contactbychannel/{channel}-{qualifier}/{destination:raw}",
    operation_id="getContactByChannel",
    response_model=Contact,
    responses=may_refuse(*ADDRESS_REFUSALS, DeviceNotFound),
    openapi_extra=ADDRESS_IN_OPENAPI,
    summary="Find the contact of a device",
)
@router.get("/contactbychannel/{rest:raw}", include_in_schema=False)
async def get_by_channel(request: Request, caller: Reader, wired: Wired) -> Response:
    address = path_address(request, "contactbychannel")
    return await _shown(wired, caller, await devices.get_owner(wired.store, caller.database_id, address))


async def _shown(wired: Services, caller: Caller, contact: StoredContact) -> Response:
    await note_look(wired.store, caller, contact.id)
    return document(contact_document(contact))


def _given(caller: Caller, body: ContactShape) -> ContactInput:
    names = [field.name for field in body.customFields]
    if len(set(names)) < len(names):
        raise ValueInvalid("customFields: a name is given twice.")
    if "created" in body.model_fields_set:
        demand(caller, Scope.ADMIN)
        if body.created is None:
            raise ValueInvalid("created: created cannot be cleared.", column="created")
    given = body.model_dump(include=body.model_fields_set - {"customFields", "created"})
    return ContactInput(given, {field.name: field.value for field in body.customFields}, body.created)


def _registration(channel: ChannelData) -> Registration:
    consent = channel.status and Consent(channel.status, channel.consentDate, channel.consentSource)
    if consent is None and (channel.consentDate or channel.consentSource):
        raise ValueInvalid("channel: consentDate and consentSource need a status.")
    address = parse_address(channel.channelType, channel.qualifier, channel.destination)
    return Registration(address, consent or None, channel.attributes)


def _pairs(lookup: str) -> Sequence[tuple[str, str]]:
    read = _FILTER.fullmatch(lookup)
    if not read:
        raise FilterInvalid
    pairs = [pair.replace(";;", ";").partition("=") for pair in re.findall(_PAIR, read[1])]
    if not all(name and separator and value for name, separator, value in pairs):
        raise FilterInvalid
    return [(name, value) for name, _, value in pairs]


def _info(request: Request, database_id: int, contact_id: int, *, created: bool) -> Response:
    location = _location(request, database_id, contact_id)
    return document({"id": contact_id, "location": location}, status=201 if created else 200)


def _location(request: Request, database_id: int, contact_id: int) -> str:
    return f"{request.base_url}databases/{database_id}/contacts/{contact_id}"
