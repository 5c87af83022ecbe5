"""What happens around a contact: messages and events; and a device that goes."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from api.bodies import StrictRoute
from api.openapi import may_refuse
from api.responses import document
from api.services import LARGEST_ID, Caller, ContactId, Wired, needs_in_database, note_look
from api.shapes import Created, Event, EventInput, Message, MessageInput
from domain.errors import ContactAbsorbed, ContactNotFound, DeviceNotFound
from store import activity, devices
from store.tokens import Scope

router = APIRouter(route_class=StrictRoute, prefix="/v1/databases/{databaseId}")

Reader = Annotated[Caller, Depends(needs_in_database(Scope.CONTACTS_READ))]
Writer = Annotated[Caller, Depends(needs_in_database(Scope.CONTACTS_WRITE))]
DeviceId = Annotated[int, Path(alias="deviceId", ge=1, le=LARGEST_ID, examples=[1000])]


@router.post(
    "/contacts/{contactId}/messages",
    operation_id="addMessage",
    status_code=201,
    response_model=Created,
    responses=may_refuse(ContactAbsorbed, ContactNotFound),
    tags=["Inbox and events"],
    summary="Put a message into the inbox",
)
async def add_message(contact_id: ContactId, caller: Writer, wired: Wired, body: MessageInput) -> Response:
    message = activity.Message(body.messageName, body.channel, body.body, body.sentDate, body.expires)
    added = await activity.add_message(wired.store, caller.database_id, contact_id, message)
    return document({"id": added}, status=201)


@router.get(
    "/contacts/{contactId}/messages",
    operation_id="listMessages",
    response_model=list[Message],
    responses=may_refuse(ContactAbsorbed, ContactNotFound),
    tags=["Inbox and events"],
    summary="The inbox: neither expired nor archived by a merge",
)
async def list_messages(contact_id: ContactId, caller: Reader, wired: Wired) -> Response:
    messages = await activity.list_messages(wired.store, caller.database_id, contact_id)
    await note_look(wired.store, caller, contact_id)
    return document(
        [
            {
                "id": message.id,
                "messageName": message.name,
                "channel": message.channel,
                "body": message.body,
                "sentDate": message.sent,
                "expires": message.expires,
            }
            for message in messages
        ]
    )


@router.post(
    "/contacts/{contactId}/events",
    operation_id="addEvent",
    status_code=201,
    response_model=Created,
    responses=may_refuse(ContactAbsorbed, ContactNotFound),
    tags=["Inbox and events"],
    summary="Record an event",
)
async def add_event(contact_id: ContactId, caller: Writer, wired: Wired, body: EventInput) -> Response:
    event = activity.Event(body.type, body.occurred, body.attributes)
    added = await activity.add_event(wired.store, caller.database_id, contact_id, event)
    return document({"id": added}, status=201)


@router.get(
    "/contacts/{contactId}/events",
    operation_id="listEvents",
    response_model=list[Event],
    responses=may_refuse(ContactAbsorbed, ContactNotFound),
    tags=["Inbox and events"],
    summary="Events, with the contact id that each came in under",
)
async def list_events(contact_id: ContactId, caller: Reader, wired: Wired) -> Response:
    events = await activity.list_events(wired.store, caller.database_id, contact_id)
    await note_look(wired.store, caller, contact_id)
    return document(
        [
            {
                "id": event.id,
                "type": event.type,
                "occurred": event.occurred,
                "recordedOn": event.recorded_on,
                "attributes": dict(event.attributes),
            }
            for event in events
        ]
    )


@router.delete(
    "/devices/{deviceId}",
    operation_id="removeDevice",
    status_code=204,
    responses=may_refuse(DeviceNotFound),
    tags=["Contacts"],
    summary="Remove a device",
)
async def remove_device(device_id: DeviceId, caller: Writer, wired: Wired) -> Response:
    """By the id that a contact's channels show. The contact stays."""
    await devices.remove(wired.store, caller.database_id, device_id)
    return Response(status_code=204)
