"""Reads contacts whole, as the rules see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.address import Address, Channel
from domain.contact import WIRE_NAMES, Consent, Contact, Device, SystemAttributes
from domain.identity import Identity
from domain.request import MergeRequest

# What is gathered here: every table that holds something of a contact's that a plan binds or moves.
_SELECT = f"""
    SELECT c.id, c.database_id, c.created, c.last_modified, c.version, c.custom,
      {", ".join("c." + name for name in WIRE_NAMES)},
      coalesce((SELECT jsonb_object_agg(i.name, i.value) FROM identities i WHERE i.contact_id = c.id), '{{}}')
        AS identities,
      coalesce((SELECT jsonb_agg(jsonb_build_array(d.id, d.channel, d.qualifier, d.destination, d.consent_status,
                                                   d.consent_date, d.consent_source, d.attributes) ORDER BY d.id)
                FROM devices d WHERE d.contact_id = c.id), '[]') AS devices,
      coalesce((SELECT jsonb_agg(m.list_id ORDER BY m.list_id) FROM contact_list_members m
                WHERE m.contact_id = c.id), '[]') AS lists
    FROM contacts c
    WHERE c.merged_into IS NULL AND c.database_id = :database_id AND """  # noqa: S608 - names of our own columns

_BY_ADDRESS = """SELECT contact_id FROM devices WHERE database_id = :database_id AND channel = :channel
                 AND qualifier = :qualifier AND destination = :destination"""
_BY_IDENTITY = """SELECT contact_id FROM identities WHERE database_id = :database_id AND name = :name
                  AND value = :value"""

_BY_ID: TextClause = text(_SELECT + "c.id = :id")
_OWNER: TextClause = text(_SELECT + f"c.id = ({_BY_ADDRESS})")
_HOLDER: TextClause = text(_SELECT + f"c.id = ({_BY_IDENTITY})")
# An array, since the primary key finds it in every plan; IN (SELECT ...) read the whole table until ANALYZE had run.
_OF_PAIR = f"id = ANY (ARRAY({_BY_ADDRESS} UNION ALL {_BY_IDENTITY}))"
PAIR = f"{_SELECT} c.{_OF_PAIR}"
"""Both contacts of a request; one may be both. Its parameters are those of `pair_parameters`."""
_PAIR_LOCKED = text(f"SELECT id FROM contacts WHERE {_OF_PAIR} ORDER BY id FOR UPDATE")  # noqa: S608


async def read_contact(connection: AsyncConnection, database_id: int, contact_id: int) -> Contact | None:
    """A live contact, or None: absorbed ids are not followed."""
    return await _one(connection, _BY_ID, {"database_id": database_id, "id": contact_id})


async def read_owner(connection: AsyncConnection, database_id: int, address: Address) -> Contact | None:
    return await _one(connection, _OWNER, _address(database_id, address))


async def read_holder(connection: AsyncConnection, database_id: int, identity: Identity) -> Contact | None:
    return await _one(connection, _HOLDER, {"database_id": database_id, "name": identity.name, "value": identity.value})


async def lock_pair(connection: AsyncConnection, request: MergeRequest) -> set[int]:
    """Locks both contacts in the order of their ids and returns which they were when the wait began."""
    return {row.id for row in await connection.execute(_PAIR_LOCKED, pair_parameters(request))}


async def _one(connection: AsyncConnection, statement: TextClause, parameters: dict[str, Any]) -> Contact | None:
    row = (await connection.execute(statement, parameters)).one_or_none()
    return contact_of(row) if row else None


def _address(database_id: int, address: Address) -> dict[str, Any]:
    return {
        "database_id": database_id,
        "channel": address.channel.value,
        "qualifier": address.qualifier,
        "destination": address.destination,
    }


def pair_parameters(request: MergeRequest) -> dict[str, Any]:
    identity = {"name": request.identity.name, "value": request.identity.value}
    return {**_address(request.database_id, request.address), **identity}


def contact_of(row: Row[Any]) -> Contact:
    """What this file's statements select."""
    return Contact(
        id=row.id,
        database_id=row.database_id,
        created=row.created,
        last_modified=row.last_modified,
        version=row.version,
        system=SystemAttributes(**{name: getattr(row, name) for name in WIRE_NAMES}),
        custom=row.custom,
        identities=row.identities,
        devices=tuple(_device(device) for device in row.devices),
        lists=tuple(row.lists),
    )


def _device(listed: Sequence[Any]) -> Device:
    id_, channel, qualifier, destination, status, date, source, attributes = listed
    return Device(
        id_,
        Address(Channel(channel), qualifier, destination),
        Consent(status, datetime.fromisoformat(date) if date else None, source),
        attributes,
    )
