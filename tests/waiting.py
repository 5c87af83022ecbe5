"""Merges that wait for a person, in a database of their own that no worker relays: what the outbox is tested on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, insert, select, text, update

from domain.roles import Role
from store import databases, outbox, people
from store.engine import Store
from store.tables import merges
from store.tables import outbox as outbox_table
from store.tokens import Scope
from tests.stack import Stack
from tests.store.scratch import Scratch, copy_of
from tests.tenant import person_token, token_for

ORIGINAL = "waiting"
DEADLINE = datetime(2099, 12, 31, 9, 30, tzinfo=UTC)
EMAIL, PHONE, IDENTITY = "kakapo.strigops@contacts.example", "4915550199887", "sirocco-19970323"
CANARIES = (EMAIL, PHONE, IDENTITY)
"""Values of the contacts that the merges are about."""


@dataclass(frozen=True)
class Waiting:
    """A database with a service that requests merges, for which somebody answers who has no role."""

    scratch: Scratch
    database_id: int
    token_id: str

    @property
    def store(self) -> Store:
        return self.scratch.store

    async def merge(self, device: int = 1, lookup: int = 2, **columns: Any) -> UUID:
        """A merge of these contacts, pending unless `columns` say otherwise."""
        row = {
            "id": uuid4(),
            "database_id": self.database_id,
            "state": "pending_approval",
            "requester": self.token_id,
            "workflow_id": f"establish-identity-{uuid4()}",
            "run_id": str(uuid4()),
            "channel": "SMS",
            "qualifier": "spring",
            "destination": PHONE,
            "identity_name": "userId",
            "identity_value": IDENTITY,
            "use_crm_contact_as_winner": False,
            "merge_events": True,
            "plan": {"fields": [{"name": "email", "result": EMAIL}]},
            "plan_digest": "digest",
            "device_snapshot": {"id": device, "email": EMAIL},
            "lookup_snapshot": {"id": lookup, "email": EMAIL},
            "reasons": ["both-identified", "emails-differ"],
            "deadline": DEADLINE,
            **columns,
        }
        async with self.store.transaction() as connection:
            await connection.execute(insert(merges).values(row))
        return UUID(str(row["id"]))

    async def change(self, merge_id: UUID, **columns: Any) -> None:
        async with self.store.transaction() as connection:
            await connection.execute(update(merges).where(merges.c.id == merge_id).values(columns))

    async def asked_by(self, merge_id: UUID, token_id: str) -> None:
        joined = text("INSERT INTO merge_requesters (merge_id, token_id) VALUES (:merge_id, :token_id)")
        async with self.store.transaction() as connection:
            await connection.execute(joined, {"merge_id": merge_id, "token_id": token_id})

    async def reviewer(self, email: str, role: Role = Role.SPECIALIST, *, everywhere: bool = False) -> tuple[int, str]:
        """Somebody with the role; returns their id and that of a personal token of theirs."""
        bearer = await person_token(self.store, None if everywhere else [self.database_id], role, email)
        return (await people.find(self.store, email)).id, id_of(bearer)

    async def service_of(self, person_id: int) -> str:
        """The id of the token of a service for which the person answers."""
        return id_of(await token_for(self.store, None, [Scope.MERGES_REQUEST], person_id))

    async def notify(self, merge_id: UUID, *channels: str, kind: str = "merge.pending") -> None:
        async with self.store.transaction() as connection:
            await outbox.notify(connection, merge_id, kind, frozenset(channels))

    async def plan_anew(self, *contact_ids: int, except_merge: UUID | None = None) -> None:
        async with self.store.transaction() as connection:
            await outbox.plan_anew(connection, contact_ids, except_merge)

    async def plan_anew_in_database(self) -> None:
        async with self.store.transaction() as connection:
            await outbox.plan_anew_in_database(connection, self.database_id)

    async def rows(self) -> list[Row[Any]]:
        """The outbox, in the order in which it was filled."""
        async with self.store.transaction() as connection:
            return list(await connection.execute(select(outbox_table).order_by(outbox_table.c.created)))

    async def row(self) -> Row[Any]:
        (only,) = await self.rows()
        return only

    async def age(self, **columns: timedelta) -> None:
        """Moves these times of all rows into the past."""
        moved = {name: outbox_table.c[name] - by for name, by in columns.items()}
        async with self.store.transaction() as connection:
            await connection.execute(update(outbox_table).values(moved))


@asynccontextmanager
async def waiting_in_a_copy(stack: Stack) -> AsyncIterator[Waiting]:
    """In a copy of the empty database named ORIGINAL."""
    async with copy_of(stack, ORIGINAL) as copy:
        database_id = await databases.create(copy.store, "test")
        token_id = id_of(await token_for(copy.store, None, [Scope.MERGES_REQUEST]))
        yield Waiting(copy, database_id, token_id)


def id_of(bearer: str) -> str:
    return bearer.split("_")[1]
