"""Devices: registered by channel, removed by id. A device's owner is locked before the device is touched."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.address import Address, Channel
from domain.contact import Consent, Contact
from domain.contact_input import ContactInput, contact_change, demand_opt_in_details_unset
from domain.errors import DeviceNotFound, QualifierUnknown
from store import outbox
from store.contacts import insert_contact, lock_identities, update_contact
from store.engine import RowsChanged, Store
from store.locks import address_key, lock_contacts, lock_keys, lock_schema_shared
from store.rules import read_schema
from store.snapshots import read_owner
from store.tables import contacts, devices, qualifiers


async def get_owner(store: Store, database_id: int, address: Address) -> Contact:
    async with store.transaction() as connection:
        contact = await read_owner(connection, database_id, address)
    if contact is None:
        raise DeviceNotFound
    return contact


@dataclass(frozen=True)
class Registration:
    """A device as a caller describes it; a new one without a consent is opted in."""

    address: Address
    consent: Consent | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


async def register(store: Store, database_id: int, device: Registration, given: ContactInput) -> tuple[int, bool]:
    """Creates a device with a contact of its own, or patches the contact of a known one.

    Returns the contact's id and whether it is new. A required column may be missing: the device exists all the same.
    """
    address = device.address

    async def work(connection: AsyncConnection) -> tuple[int, bool]:
        await _demand_qualifier(connection, database_id, address)
        await lock_schema_shared(connection, database_id)
        change = contact_change(given, await read_schema(connection, database_id))
        await lock_keys(connection, [address_key(database_id, address)])
        await lock_identities(connection, database_id, change.claims)
        owner = await _owner_locked(connection, database_id, address)
        if owner is not None:
            demand_opt_in_details_unset(given)
            await update_contact(connection, owner, change)
            await _update_device(connection, database_id, device)
            return owner.id, False
        if address.channel is Channel.PUSH:
            change = replace(change, system={**change.system, "muid": address.channel_identifier})
        contact_id = await insert_contact(connection, database_id, change)
        await insert_device(connection, database_id, contact_id, device)
        return contact_id, True

    return await store.rerun(work)


async def remove(store: Store, database_id: int, device_id: int) -> None:
    """Removes a device; its contact stays, with one device fewer."""

    async def work(connection: AsyncConnection) -> None:
        of_database = (devices.c.id == device_id) & (devices.c.database_id == database_id)
        owner = (await connection.execute(select(devices.c.contact_id).where(of_database))).scalar()
        if owner is None:
            raise DeviceNotFound
        await lock_contacts(connection, database_id, [owner])
        removed = await connection.execute(
            delete(devices).where(of_database, devices.c.contact_id == owner).returning(devices.c.id)
        )
        if removed.one_or_none() is None:
            raise RowsChanged
        await connection.execute(update(contacts).where(contacts.c.id == owner).values(version=contacts.c.version + 1))
        await outbox.plan_anew(connection, [owner], None)

    await store.rerun(work)


async def _demand_qualifier(connection: AsyncConnection, database_id: int, address: Address) -> None:
    known = select(qualifiers.c.name).where(
        qualifiers.c.database_id == database_id,
        qualifiers.c.channel == address.channel.value,
        qualifiers.c.name == address.qualifier,
    )
    if (await connection.execute(known)).one_or_none() is None:
        raise QualifierUnknown


async def _owner_locked(connection: AsyncConnection, database_id: int, address: Address) -> Contact | None:
    owner = await read_owner(connection, database_id, address)
    if owner is None:
        return None
    await lock_contacts(connection, database_id, [owner.id])
    locked = await read_owner(connection, database_id, address)
    if locked is None or locked.id != owner.id:
        raise RowsChanged
    return locked


async def insert_device(connection: AsyncConnection, database_id: int, contact_id: int, device: Registration) -> None:
    values = {
        **_address(database_id, device.address),
        **_consent(device.consent or Consent("OPTED-IN")),
        "contact_id": contact_id,
        "attributes": dict(device.attributes),
    }
    await connection.execute(insert(devices).values(values))


async def _update_device(connection: AsyncConnection, database_id: int, device: Registration) -> None:
    values: dict[str, object] = _consent(device.consent) if device.consent else {}
    if device.attributes:
        values["attributes"] = devices.c.attributes.op("||")(dict(device.attributes))
    if values:
        at = [devices.c[name] == value for name, value in _address(database_id, device.address).items()]
        await connection.execute(update(devices).where(*at).values(values))


def _address(database_id: int, address: Address) -> dict[str, object]:
    return {
        "database_id": database_id,
        "channel": address.channel.value,
        "qualifier": address.qualifier,
        "destination": address.destination,
    }


def _consent(consent: Consent) -> dict[str, object]:
    return {
        "consent_status": consent.status,
        "consent_date": consent.date,
        "consent_source": consent.source,
    }
