"""Databases: columns, app keys, SMS campaigns. An onboarding specialist starts here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.address import Channel
from domain.approval import ApprovalPolicy
from domain.columns import Column
from domain.errors import DatabaseNotFound, NameTaken
from domain.policy import Policy, SurvivorRule
from ledger.entry import GENESIS
from ledger.events import Event, EventKind
from store import outbox
from store.engine import RowsChanged, Store
from store.journal import record
from store.locks import lock_schema
from store.rules import read_approval_policy, read_schema
from store.tables import columns, contacts, databases, ledger_heads, lookup_keys, policies, qualifiers

_LIFT_SEQUENCE = text("""
    SELECT setval(pg_get_serial_sequence('databases', 'id'), greatest(:id, (SELECT max(id) FROM databases)))
""")


@dataclass(frozen=True)
class LookupKey:
    """`status` is ACTIVE, or CREATE_PENDING while contacts hold equal or unfit values."""

    name: str
    status: str


@dataclass(frozen=True)
class Database:
    id: int
    name: str
    keyed: bool
    created: datetime
    columns: tuple[Column, ...]
    lookup_keys: tuple[LookupKey, ...]
    app_keys: tuple[str, ...]
    sms_campaigns: tuple[str, ...]
    policy: Policy
    approval: ApprovalPolicy


async def create(
    store: Store, name: str, *, database_id: int | None = None, keyed: bool = False, by: str | None = None
) -> int:
    """Creates a database with the policy that never asks and an empty ledger. Raises NameTaken for an id in use.

    `by`, as below, is the token of whoever does it; None: the operator, by the command.
    """

    async def work(connection: AsyncConnection) -> int:
        values: dict[str, object] = {"name": name, "keyed": keyed} | ({"id": database_id} if database_id else {})
        created = await connection.execute(
            upsert(databases).values(values).on_conflict_do_nothing().returning(databases.c.id)
        )
        new_id = created.scalar()
        if new_id is None and database_id is None:
            raise RowsChanged  # the sequence met an id that somebody had chosen: its next one is another
        if new_id is None:
            raise NameTaken("A database with this id exists.")
        if database_id:
            await connection.execute(_LIFT_SEQUENCE, {"id": database_id})
        await connection.execute(
            insert(policies).values(database_id=new_id, version=1, survivor=SurvivorRule.DEVICE_CONTACT.value)
        )
        await connection.execute(
            insert(ledger_heads).values(database_id=new_id, seq=GENESIS.seq, entry_hash=GENESIS.entry_hash)
        )
        await record(connection, Event(EventKind.DATABASE_CREATED, int(new_id), token_id=by))
        return int(new_id)

    return await store.rerun(work)


async def get(store: Store, database_id: int) -> Database:
    async with store.transaction() as connection:
        return await _read(connection, database_id)


async def list_all(store: Store, database_ids: Sequence[int] | None) -> list[Database]:
    """The databases with these ids (None: all), by id."""
    async with store.transaction() as connection:
        query = select(databases.c.id).order_by(databases.c.id)
        if database_ids is not None:
            query = query.where(databases.c.id.in_(database_ids))
        return [await _read(connection, row.id) for row in await connection.execute(query)]


async def add_column(store: Store, database_id: int, column: Column, by: str | None = None) -> None:
    async with store.transaction() as connection:
        await lock_schema(connection, database_id)
        added = await connection.execute(
            upsert(columns)
            .values(
                database_id=database_id,
                name=column.name,
                type=column.type.value,
                required=column.required,
                selections=list(column.selections),
            )
            .on_conflict_do_nothing()
            .returning(columns.c.name)
        )
        if added.one_or_none() is None:
            raise NameTaken(f"The database has a column {column.name}.")
        told = {"column": column.name, "type": column.type.value, "required": column.required}
        await record(connection, Event(EventKind.COLUMN_ADDED, database_id, token_id=by, detail=told))
        if column.required:
            await outbox.plan_anew_in_database(connection, database_id)


async def add_qualifier(store: Store, database_id: int, channel: Channel, name: str, by: str | None = None) -> None:
    """Adds an app key (PUSH) or an SMS campaign; adding it again changes nothing."""
    async with store.transaction() as connection:
        added = await connection.execute(
            upsert(qualifiers)
            .values(database_id=database_id, channel=channel.value, name=name)
            .on_conflict_do_nothing()
            .returning(qualifiers.c.name)
        )
        if added.one_or_none() is not None:
            told = {"channel": channel.value, "qualifier": name}
            await record(connection, Event(EventKind.QUALIFIER_ADDED, database_id, token_id=by, detail=told))


async def count_live_contacts(store: Store, database_id: int) -> int:
    async with store.transaction() as connection:
        live = (contacts.c.database_id == database_id) & contacts.c.merged_into.is_(None)
        return int((await connection.execute(select(func.count()).where(live))).scalar_one())


async def _read(connection: AsyncConnection, database_id: int) -> Database:
    row = (await connection.execute(select(databases).where(databases.c.id == database_id))).one_or_none()
    if row is None:
        raise DatabaseNotFound
    schema = await read_schema(connection, database_id)
    policy, approval = await read_approval_policy(connection, database_id)
    keys = await connection.execute(
        select(lookup_keys).where(lookup_keys.c.database_id == database_id).order_by(lookup_keys.c.name)
    )
    names = (
        await connection.execute(
            select(qualifiers).where(qualifiers.c.database_id == database_id).order_by(qualifiers.c.name)
        )
    ).all()
    return Database(
        id=row.id,
        name=row.name,
        keyed=row.keyed,
        created=row.created,
        columns=tuple(schema.columns[name] for name in sorted(schema.columns)),
        lookup_keys=tuple(LookupKey(key.name, key.status) for key in keys),
        app_keys=tuple(name.name for name in names if name.channel == Channel.PUSH),
        sms_campaigns=tuple(name.name for name in names if name.channel == Channel.SMS),
        policy=policy,
        approval=approval,
    )
