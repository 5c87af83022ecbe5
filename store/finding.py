"""Finds contacts by what people know of them, and where a contact or device belongs."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.address import Address, Channel
from domain.contact import Consent, Device
from domain.errors import DeviceNotFound
from store.engine import Store

MOST_FOUND = 50

_FOUND = "SELECT c.id, c.created, c.last_modified FROM contacts c WHERE c.database_id = :database_id AND"
_END = "ORDER BY c.id LIMIT :most"
_DEVICE = text("""
    SELECT d.id, d.database_id, d.contact_id, d.created, d.channel, d.qualifier, d.destination, d.consent_status,
      d.consent_date, d.consent_source, d.attributes
    FROM devices d WHERE d.id = :id
""")
_WHERE = text("SELECT database_id FROM contacts WHERE id = :id")


class By(StrEnum):
    """What a contact is looked for by. All but the id find live contacts only."""

    ID = "id"
    IDENTITY = "identity"
    EMAIL = "email"
    DEVICE = "device"


# By device: the whole address of whatever app key or campaign, or the half before the bar, or a number without plus.
_CONDITIONS: dict[By, str] = {
    By.ID: "c.id = :id",
    By.IDENTITY: """c.merged_into IS NULL AND c.id IN (
        SELECT i.contact_id FROM identities i JOIN lookup_keys k ON k.database_id = i.database_id AND k.name = i.name
        WHERE i.database_id = :database_id AND i.value = :value)""",
    By.EMAIL: "c.merged_into IS NULL AND lower(c.email) = lower(:value)",
    By.DEVICE: """c.merged_into IS NULL AND c.id IN (
        SELECT d.contact_id FROM devices d WHERE d.database_id = :database_id
        AND split_part(d.destination, '|', 1) IN (split_part(:value, '|', 1), '+' || :value)
        AND (d.destination IN (:value, '+' || :value) OR split_part(d.destination, '|', 1) = :value))""",
}
_BY: dict[By, TextClause] = {by: text(f"{_FOUND} {condition} {_END}") for by, condition in _CONDITIONS.items()}


@dataclass(frozen=True)
class Found:
    id: int
    created: datetime
    last_modified: datetime


@dataclass(frozen=True)
class RegisteredDevice:
    """A device and its owner."""

    database_id: int
    contact_id: int
    registered: datetime
    device: Device


async def find(store: Store, database_id: int, by: By, value: str, contact_id: int | None) -> list[Found]:
    """`contact_id` is the value as an id, where it can be one."""
    key = {"id": contact_id or 0} if by is By.ID else {"value": value}
    asked = {"database_id": database_id, "most": MOST_FOUND, **key}
    async with store.statements() as connection:
        return [Found(**row._mapping) for row in await connection.execute(_BY[by], asked)]


async def database_of(connection: AsyncConnection, contact_id: int) -> int | None:
    """Of a contact, live or absorbed; None where no contact has the id."""
    found: int | None = (await connection.execute(_WHERE, {"id": contact_id})).scalar_one_or_none()
    return found


async def read_device(store: Store, device_id: int) -> RegisteredDevice:
    """Raises DeviceNotFound."""
    async with store.statements() as connection:
        row = (await connection.execute(_DEVICE, {"id": device_id})).one_or_none()
    if row is None:
        raise DeviceNotFound
    address = Address(Channel(row.channel), row.qualifier, row.destination)
    consent = Consent(row.consent_status, row.consent_date, row.consent_source)
    device = Device(row.id, address, consent, row.attributes)
    return RegisteredDevice(row.database_id, row.contact_id, row.created, device)
