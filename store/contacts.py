"""Contacts outside a merge: read, create, patch, upsert by lookup key. Identities are never stolen here."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import delete, func, insert, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.contact import Contact
from domain.contact_input import (
    ContactChange,
    ContactInput,
    contact_change,
    demand_opt_in_details_unset,
    demand_required_columns,
    given_identity,
    lookup_identity,
)
from domain.errors import ContactAbsorbed, ContactNotFound, IdentityInUse, LookupKeysDisagree
from domain.identity import Identity
from store.engine import RowsChanged, Store
from store.locks import identity_key, lock_contacts, lock_keys, lock_schema_shared
from store.rules import read_schema
from store.snapshots import read_contact, read_holder
from store.tables import contacts, identities

_SURVIVOR = text("""
    WITH RECURSIVE chain AS (
      SELECT id, merged_into FROM contacts WHERE id = :id AND database_id = :database_id
      UNION ALL
      SELECT c.id, c.merged_into FROM contacts c JOIN chain ON c.id = chain.merged_into
    )
    SELECT id FROM chain WHERE merged_into IS NULL
""")


async def live_contact(connection: AsyncConnection, database_id: int, contact_id: int) -> Contact:
    """Raises ContactAbsorbed with the survivor at the end of the chain, or ContactNotFound."""
    contact = await read_contact(connection, database_id, contact_id)
    if contact:
        return contact
    survivor = (await connection.execute(_SURVIVOR, {"id": contact_id, "database_id": database_id})).scalar()
    raise ContactAbsorbed(survivor) if survivor else ContactNotFound


async def get(store: Store, database_id: int, contact_id: int) -> Contact:
    async with store.statements() as connection:
        return await live_contact(connection, database_id, contact_id)


async def get_by_lookup_keys(store: Store, database_id: int, pairs: Sequence[tuple[str, str]]) -> Contact:
    """The one contact that holds all of these identities."""
    async with store.transaction() as connection:
        schema = await read_schema(connection, database_id)
        held = [
            await read_holder(connection, database_id, lookup_identity(name, value, schema)) for name, value in pairs
        ]
    if any(contact is None or contact != held[0] for contact in held) or held[0] is None:
        raise ContactNotFound
    return held[0]


async def create(store: Store, database_id: int, given: ContactInput) -> int:
    async def work(connection: AsyncConnection) -> int:
        await lock_schema_shared(connection, database_id)
        schema = await read_schema(connection, database_id)
        change = contact_change(given, schema)
        demand_required_columns(change, schema, None)
        await lock_identities(connection, database_id, change.claims)
        return await insert_contact(connection, database_id, change)

    return await store.rerun(work)


async def patch(store: Store, database_id: int, contact_id: int, given: ContactInput) -> None:
    async def work(connection: AsyncConnection) -> None:
        demand_opt_in_details_unset(given)
        await lock_schema_shared(connection, database_id)
        schema = await read_schema(connection, database_id)
        change = contact_change(given, schema)
        await lock_identities(connection, database_id, change.claims)
        await lock_contacts(connection, database_id, [contact_id])
        before = await live_contact(connection, database_id, contact_id)
        demand_required_columns(change, schema, before)
        await update_contact(connection, before, change)

    await store.rerun(work)


async def upsert_by_lookup_keys(
    store: Store, database_id: int, pairs: Sequence[tuple[str, str]], given: ContactInput
) -> tuple[int, bool]:
    """Patches the contact that the lookup keys name, or creates it with them. Returns its id and whether it is new."""

    async def work(connection: AsyncConnection) -> tuple[int, bool]:
        await lock_schema_shared(connection, database_id)
        schema = await read_schema(connection, database_id)
        keys = [given_identity(name, value, schema) for name, value in pairs]
        if len({key.name for key in keys}) < len(set(keys)):
            raise LookupKeysDisagree
        change = _with_identities(contact_change(given, schema), keys)
        await lock_identities(connection, database_id, change.claims)
        before = await _holder_locked(connection, database_id, keys)
        if before is None:
            demand_required_columns(change, schema, None)
            return await insert_contact(connection, database_id, change), True
        demand_opt_in_details_unset(given)
        demand_required_columns(change, schema, before)
        await update_contact(connection, before, change)
        return before.id, False

    return await store.rerun(work)


async def lock_identities(connection: AsyncConnection, database_id: int, claimed: Sequence[Identity]) -> None:
    await lock_keys(connection, [identity_key(database_id, identity) for identity in claimed])


async def insert_contact(connection: AsyncConnection, database_id: int, change: ContactChange) -> int:
    values = {
        **change.system,
        "database_id": database_id,
        "created": change.created or func.now(),
        "last_modified": change.created or func.now(),
        "custom": {name: value for name, value in change.custom.items() if value is not None},
    }
    contact_id: int = (await connection.execute(insert(contacts).values(values).returning(contacts.c.id))).scalar_one()
    await _give_identities(connection, database_id, contact_id, change)
    return contact_id


async def update_contact(connection: AsyncConnection, before: Contact, change: ContactChange) -> None:
    """Writes a change to a contact whose row and claimed identities the caller has locked."""
    custom = {name: value for name, value in {**before.custom, **change.custom}.items() if value is not None}
    values: dict[str, Any] = {
        **change.system,
        "custom": custom,
        "last_modified": func.now(),
        "version": before.version + 1,
    }
    if change.created is not None:
        values["created"] = change.created
    if any(before.identities.get(name) != value for name, value in change.identities.items()):
        values["identities_changed"] = func.now()
    await connection.execute(update(contacts).where(contacts.c.id == before.id).values(values))
    await _give_identities(connection, before.database_id, before.id, change)


async def _give_identities(
    connection: AsyncConnection, database_id: int, contact_id: int, change: ContactChange
) -> None:
    for claimed in change.claims:
        holder = await read_holder(connection, database_id, claimed)
        if holder and holder.id != contact_id:
            raise IdentityInUse(f"Another contact holds this value of {claimed.name}.", lookupKey=claimed.name)
    if change.identities:
        of_contact = (identities.c.contact_id == contact_id) & identities.c.name.in_(list(change.identities))
        await connection.execute(delete(identities).where(of_contact))
    if change.claims:
        rows = [
            {"database_id": database_id, "name": one.name, "value": one.value, "contact_id": contact_id}
            for one in change.claims
        ]
        await connection.execute(insert(identities), rows)


async def _holder_locked(connection: AsyncConnection, database_id: int, keys: Sequence[Identity]) -> Contact | None:
    """The contact that holds these identities, its row locked. Raises LookupKeysDisagree where they are of two."""
    ids = {found.id for key in keys if (found := await read_holder(connection, database_id, key))}
    if not ids:
        return None
    await lock_contacts(connection, database_id, ids)
    held = [found for key in keys if (found := await read_holder(connection, database_id, key))]
    if {contact.id for contact in held} != ids:
        raise RowsChanged
    others = any(held[0].identities.get(key.name, key.value) != key.value for key in keys)
    if len(ids) > 1 or others:
        raise LookupKeysDisagree
    return held[0]


def _with_identities(change: ContactChange, keys: Sequence[Identity]) -> ContactChange:
    """The lookup keys of an upsert are values of the contact; the body may repeat them but not contradict them."""
    named = {key.name: key.value for key in keys}
    if any(change.identities.get(name, value) != value for name, value in named.items()):
        raise LookupKeysDisagree
    return replace(change, identities={**change.identities, **named})
