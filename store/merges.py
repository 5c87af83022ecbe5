"""Reads merges: one by id, and pages of them, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.address import Address, Channel
from domain.errors import MergeNotFound
from domain.identity import Identity
from domain.request import MergeRequest
from ledger.entry import Receipt
from ledger.events import EventKind
from store.engine import Store
from store.journal import recording
from store.tables import merges

PREPARING = "preparing"
"""The state of a request whose run has started and has not shown or executed its plan; at first it has no row."""

PENDING_APPROVAL = "pending_approval"

# Waits for whoever carries a decision out: whoever joins before may not decide, and afterwards there is none to join.
# A merge that nobody was asked about may take long, and joining it waits for nothing; neither does joining one that is
# not stored yet: its run has begun, and a person may be asked about it.
_JOINED = recording(EventKind.MERGE_JOINED, "joined", database_id=":database_id", merge_id="r.merge_id")
_JOIN = text(f"""
    WITH asked AS (SELECT state FROM merges WHERE id = :merge_id AND state <> 'merging' FOR SHARE),
    joined AS (
      INSERT INTO merge_requesters (merge_id, token_id)
      SELECT :merge_id, :token_id WHERE NOT EXISTS (SELECT FROM asked WHERE state = 'done')
      ON CONFLICT DO NOTHING RETURNING merge_id, token_id
    )
    {_JOINED}
""")  # noqa: S608 - our own text


@dataclass(frozen=True)
class MergeRow:
    """A merge as it is stored.

    `plan` is the plan's document of this `revision`; `reasons` say why a person was asked, if one was, and `deadline`
    until when. `decision_id`, `settled` and the answer are set when it is done.
    """

    id: UUID
    database_id: int
    state: str
    outcome: str | None
    requested: datetime
    settled: datetime | None
    requester: str
    workflow_id: str
    run_id: str
    request: MergeRequest
    plan: dict[str, Any]
    plan_digest: str
    revision: int
    reasons: tuple[str, ...]
    deadline: datetime | None
    claimed_by: int | None
    decision_id: UUID | None
    survivor_id: int | None
    absorbed_id: int | None
    winner_channel_identifier: str | None
    receipt: Receipt | None


@dataclass(frozen=True)
class Claim:
    """Whose claim is on a merge; None: nobody's."""

    person_id: int | None


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
    outcome: str | None = None,
    claim: Claim | None = None,
    after: Position | None = None,
    limit: int,
) -> list[MergeRow]:
    """A page of the merges of these databases (None: of all)."""
    conditions = [
        *([merges.c.database_id.in_(database_ids)] if database_ids is not None else []),
        *([merges.c.state == state] if state else []),
        *([merges.c.outcome == outcome] if outcome else []),
        *([merges.c.claimed_by == claim.person_id] if claim else []),
        *([tuple_(merges.c.requested, merges.c.id) < (after.requested, after.id)] if after else []),
    ]
    query = (
        select(merges)
        .where(and_(True, *conditions))
        .order_by(merges.c.requested.desc(), merges.c.id.desc())
        .limit(limit)
    )
    return [merge_of(row) for row in await connection.execute(query)]


async def join(store: Store, database_id: int, merge_id: UUID, token_id: str) -> None:
    """Whoever joins an open request is a requester of it, and so can't decide on it."""
    async with store.statements() as connection:
        joined = {"database_id": database_id, "merge_id": merge_id, "token_id": token_id}
        await connection.execute(_JOIN, joined)


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
        run_id=row.run_id,
        request=MergeRequest(
            row.database_id,
            Address(Channel(row.channel), row.qualifier, row.destination),
            Identity(row.identity_name, row.identity_value),
            row.use_crm_contact_as_winner,
            row.merge_events,
        ),
        plan=row.plan,
        plan_digest=row.plan_digest,
        revision=row.revision,
        reasons=tuple(row.reasons),
        deadline=row.deadline,
        claimed_by=row.claimed_by,
        decision_id=row.decision_id,
        survivor_id=row.survivor_id,
        absorbed_id=row.absorbed_id,
        winner_channel_identifier=row.winner_channel_identifier,
        receipt=Receipt(row.database_id, row.ledger_seq, row.ledger_hash) if row.ledger_seq else None,
    )
