"""Adds contacts that exist elsewhere already: as they are, with their dates, identities and devices."""

from dataclasses import asdict

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.contact import Contact
from domain.contact_input import ContactChange
from store.contacts import insert_contact, lock_identities
from store.devices import Registration, insert_device
from store.engine import Store
from store.locks import address_key, lock_keys, lock_schema_shared
from store.snapshots import read_holder, read_owner
from store.tables import contacts


async def load(store: Store, contact: Contact) -> int | None:
    """Returns the new id, or None where a device or identity of the contact is there already: nothing is added.

    The ids in `contact` are not kept: the database chooses.
    """
    change = ContactChange(asdict(contact.system), contact.custom, contact.identities, contact.created)
    database_id = contact.database_id

    async def work(connection: AsyncConnection) -> int | None:
        await lock_schema_shared(connection, database_id)
        await lock_keys(connection, [address_key(database_id, device.address) for device in contact.devices])
        await lock_identities(connection, database_id, change.claims)
        if await _known(connection, contact, change):
            return None
        contact_id = await insert_contact(connection, database_id, change)
        dated = update(contacts).where(contacts.c.id == contact_id).values(last_modified=contact.last_modified)
        await connection.execute(dated)
        for device in contact.devices:
            registration = Registration(device.address, device.consent, device.attributes)
            await insert_device(connection, database_id, contact_id, registration)
        return contact_id

    return await store.rerun(work)


async def _known(connection: AsyncConnection, contact: Contact, change: ContactChange) -> bool:
    owners = [await read_owner(connection, contact.database_id, device.address) for device in contact.devices]
    holders = [await read_holder(connection, contact.database_id, claimed) for claimed in change.claims]
    return any(owners) or any(holders)
