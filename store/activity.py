"""What happens around a contact: inbox messages and events. Nothing is written to an absorbed contact."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.contacts import live_contact
from store.engine import Store
from store.tables import events, inbox_messages

# Waits for a merge that is under way, so that nothing is filed under a contact that is just being absorbed.
_SHARE = text("SELECT id FROM contacts WHERE id = :id AND database_id = :database_id FOR SHARE")


@dataclass(frozen=True)
class Message:
    """`expires` None: never. Expiry is judged when the inbox is read."""

    name: str
    channel: str
    body: str | None
    sent: datetime | None
    expires: datetime | None
    id: int = 0


@dataclass(frozen=True)
class Event:
    """`recorded_on` is the contact id under which the event came in, whoever absorbed that contact since."""

    type: str
    occurred: datetime | None
    attributes: Mapping[str, str]
    recorded_on: int = 0
    id: int = 0


async def add_message(store: Store, database_id: int, contact_id: int, message: Message) -> int:
    async with store.transaction() as connection:
        await _hold(connection, database_id, contact_id)
        values = {
            "contact_id": contact_id,
            "name": message.name,
            "channel": message.channel,
            "body": message.body,
            "sent": message.sent or func.now(),
            "expires": message.expires,
        }
        added = await connection.execute(insert(inbox_messages).values(values).returning(inbox_messages.c.id))
        return int(added.scalar_one())


async def list_messages(store: Store, database_id: int, contact_id: int) -> list[Message]:
    """The inbox: neither archived by a merge nor expired, newest first."""
    async with store.transaction() as connection:
        await live_contact(connection, database_id, contact_id)
        query = (
            select(inbox_messages)
            .where(
                inbox_messages.c.contact_id == contact_id,
                inbox_messages.c.archived_by.is_(None),
                or_(inbox_messages.c.expires.is_(None), inbox_messages.c.expires > func.now()),
            )
            .order_by(inbox_messages.c.sent.desc(), inbox_messages.c.id.desc())
        )
        return [
            Message(row.name, row.channel, row.body, row.sent, row.expires, row.id)
            for row in await connection.execute(query)
        ]


async def add_event(store: Store, database_id: int, contact_id: int, event: Event) -> int:
    async with store.transaction() as connection:
        await _hold(connection, database_id, contact_id)
        values = {
            "contact_id": contact_id,
            "recorded_on": contact_id,
            "type": event.type,
            "occurred": event.occurred or func.now(),
            "attributes": dict(event.attributes),
        }
        added = await connection.execute(insert(events).values(values).returning(events.c.id))
        return int(added.scalar_one())


async def list_events(store: Store, database_id: int, contact_id: int) -> list[Event]:
    """The contact's events and those of the contacts it absorbed, newest first."""
    async with store.transaction() as connection:
        await live_contact(connection, database_id, contact_id)
        query = (
            select(events)
            .where(events.c.contact_id == contact_id)
            .order_by(events.c.occurred.desc(), events.c.id.desc())
        )
        return [
            Event(row.type, row.occurred, row.attributes, row.recorded_on, row.id)
            for row in await connection.execute(query)
        ]


async def _hold(connection: AsyncConnection, database_id: int, contact_id: int) -> None:
    await connection.execute(_SHARE, {"id": contact_id, "database_id": database_id})
    await live_contact(connection, database_id, contact_id)
