"""Reads merges: one by id, and pages of them, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.address import Address, Channel
from domain.errors import MergeNotFound
from domain.identity import Identity
from domain.request import MergeRequest
from ledger.entry import Receipt
from store.tables import merges

PREPARING = "preparing"
"""The state of a request whose run has started and has not stored its plan: it has no row."""


@dataclass(frozen=True)
class MergeRow:
    """A merge as it is stored. `plan` is the plan's document, `settled` and what follows are set when it is done."""

    id: UUID
    database_id: int
    state: str
    outcome: str | None
    requested: datetime
    settled: datetime | None
    requester: str
    workflow_id: str
    request: MergeRequest
    plan: dict[str, Any]
    plan_digest: str
    survivor_id: int | None
    absorbed_id: int | None
    winner_channel_identifier: str | None
    receipt: Receipt | None


@dataclass(frozen=True)
class Position:
    """Where a page ends: merges are listed by the time of their request and their id, newest first."""

    requested: datetime
    id: UUID


async def read_merge(connection: AsyncConnection, merge_id: UUID) -> MergeRow:
    row = (await connection.execute(select(merges).where(merges.c.id == merge_id))).one_or_none()
    if row is None:
        raise MergeNotFound
    return merge_of(row)


async def read_merges(
    connection: AsyncConnection,
    database_ids: Sequence[int] | None,
    *,
    state: str | None = None,
    after: Position | None = None,
    limit: int,
) -> list[MergeRow]:
    """A page of the merges of these databases (None: of all)."""
    conditions = [
        *([merges.c.database_id.in_(database_ids)] if database_ids is not None else []),
        *([merges.c.state == state] if state else []),
        *([tuple_(merges.c.requested, merges.c.id) < (after.requested, after.id)] if after else []),
    ]
    query = (
        select(merges)
        .where(and_(True, *conditions))
        .order_by(merges.c.requested.desc(), merges.c.id.desc())
        .limit(limit)
    )
    return [merge_of(row) for row in await connection.execute(query)]


def merge_of(row: Row[Any]) -> MergeRow:
    """A row of the table `merges`."""
    return MergeRow(
        id=row.id,
        database_id=row.database_id,
        state=row.state,
        outcome=row.outcome,
        requested=row.requested,
        settled=row.settled,
        requester=row.requester,
        workflow_id=row.workflow_id,
        request=MergeRequest(
            row.database_id,
            Address(Channel(row.channel), row.qualifier, row.destination),
            Identity(row.identity_name, row.identity_value),
            row.use_crm_contact_as_winner,
            row.merge_events,
        ),
        plan=row.plan,
        plan_digest=row.plan_digest,
        survivor_id=row.survivor_id,
        absorbed_id=row.absorbed_id,
        winner_channel_identifier=row.winner_channel_identifier,
        receipt=Receipt(row.database_id, row.ledger_seq, row.ledger_hash) if row.ledger_seq else None,
    )
