"""Lookup keys: the columns whose values are identities."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import ColumnNotFound, IdentityInvalid, LookupKeyNotFound
from domain.identity import parse_identity
from ledger.events import Event, EventKind
from store import outbox
from store.databases import LookupKey
from store.engine import Store
from store.journal import record
from store.locks import lock_schema
from store.rules import read_schema
from store.tables import contacts, identities, lookup_keys

ACTIVE = "ACTIVE"
CREATE_PENDING = "CREATE_PENDING"

_BACK_TO_COLUMNS = text("""
    UPDATE contacts c SET custom = c.custom || jsonb_build_object(i.name, i.value), version = c.version + 1
    FROM identities i WHERE i.contact_id = c.id AND i.database_id = :database_id AND i.name = :name
""")
_OUT_OF_COLUMNS = text("""
    UPDATE contacts SET custom = custom - CAST(:name AS text), version = version + 1
    WHERE database_id = :database_id AND merged_into IS NULL AND custom ? :name
""")


@dataclass(frozen=True)
class Activation:
    """A lookup key after PUT: how many values several contacts share, and how many no identity can have."""

    key: LookupKey
    duplicate_values: int = 0
    invalid_values: int = 0


async def get(store: Store, database_id: int, name: str) -> LookupKey:
    async with store.transaction() as connection:
        query = select(lookup_keys).where(lookup_keys.c.database_id == database_id, lookup_keys.c.name == name)
        row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise LookupKeyNotFound
    return LookupKey(row.name, row.status)


async def put(store: Store, database_id: int, name: str, by: str | None = None) -> Activation:
    """Makes a column a lookup key. Its values become identities, unless some are equal or unfit: CREATE_PENDING.

    `by`, as below, is the token of whoever does it; None: the operator, by the command.
    """
    async with store.transaction() as connection:
        await lock_schema(connection, database_id)
        schema = await read_schema(connection, database_id)
        if name not in schema.columns:
            raise ColumnNotFound
        if name in schema.lookup_keys:
            return Activation(LookupKey(name, ACTIVE))
        held = await _held(connection, database_id, name)
        valid = {contact_id: value for contact_id, given in held.items() if (value := _valid(name, given)) is not None}
        duplicates = sum(holders > 1 for holders in Counter(valid.values()).values())
        invalid = len(held) - len(valid)
        status = CREATE_PENDING if duplicates or invalid else ACTIVE
        await _store_status(connection, database_id, name, status)
        if status == ACTIVE:
            await _into_identities(connection, database_id, name, valid)
        told = {"column": name, "status": status}
        await record(connection, Event(EventKind.LOOKUP_KEY_PUT, database_id, token_id=by, detail=told))
        return Activation(LookupKey(name, status), duplicates, invalid)


async def remove(store: Store, database_id: int, name: str, by: str | None = None) -> None:
    """The column keeps its values; they are no identities any more."""
    async with store.transaction() as connection:
        await lock_schema(connection, database_id)
        parameters = {"database_id": database_id, "name": name}
        await connection.execute(_BACK_TO_COLUMNS, parameters)
        await connection.execute(
            delete(identities).where(identities.c.database_id == database_id, identities.c.name == name)
        )
        removed = await connection.execute(
            delete(lookup_keys)
            .where(lookup_keys.c.database_id == database_id, lookup_keys.c.name == name)
            .returning(lookup_keys.c.name)
        )
        if removed.one_or_none() is None:
            raise LookupKeyNotFound
        event = Event(EventKind.LOOKUP_KEY_REMOVED, database_id, token_id=by, detail={"column": name})
        await record(connection, event)
        await outbox.plan_anew_in_database(connection, database_id)


async def _held(connection: AsyncConnection, database_id: int, name: str) -> dict[int, str]:
    value = contacts.c.custom[name].astext
    query = select(contacts.c.id, value.label("value")).where(
        contacts.c.database_id == database_id, contacts.c.merged_into.is_(None), value.is_not(None)
    )
    return {row.id: row.value for row in await connection.execute(query)}


def _valid(name: str, value: str) -> str | None:
    try:
        return parse_identity(name, value).value
    except IdentityInvalid:
        return None


async def _store_status(connection: AsyncConnection, database_id: int, name: str, status: str) -> None:
    await connection.execute(
        upsert(lookup_keys)
        .values(database_id=database_id, name=name, status=status)
        .on_conflict_do_update(index_elements=["database_id", "name"], set_={"status": status})
    )


async def _into_identities(connection: AsyncConnection, database_id: int, name: str, values: dict[int, str]) -> None:
    if not values:
        return
    rows: list[dict[str, Any]] = [
        {"database_id": database_id, "name": name, "value": value, "contact_id": contact_id}
        for contact_id, value in values.items()
    ]
    await connection.execute(insert(identities), rows)
    await connection.execute(_OUT_OF_COLUMNS, {"database_id": database_id, "name": name})
