"""The merge: one transaction that claims the merge id, locks, reads, plans again, applies and records.

Whatever was planned before is only what was true then. The plan that is applied is made from rows that can't change
any more, and the claim makes a second attempt, of a retried or a frozen activity, return what the first one did.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.approval import demand_not_blocked
from domain.decision import Kind
from domain.errors import IdentityBlocked, ScopeMissing
from domain.plan import CHANGING, Outcome
from domain.request import MergeRequest
from ledger.events import EventKind
from ledger.merge_record import Execution
from store import outbox
from store.claims import claim
from store.decisions import demand_approval, refusals_noted
from store.engine import Store
from store.journal import recording
from store.merges import PENDING_APPROVAL, PREPARING
from store.plans import Planned, read_plan, read_plan_under_lock
from store.settlement import settle, stored_plan
from store.tokens import demand_requester

_UNCHANGING = frozenset(Outcome) - CHANGING
# The states of a merge that a person was asked about.
_ASKED = {PREPARING, PENDING_APPROVAL}

_REQUESTED = recording(EventKind.MERGE_REQUESTED, "opened", merge_id="r.id", by="r.requester")
_OPEN = text(f"""
    WITH opened AS (
      INSERT INTO merges (id, database_id, state, requester, workflow_id, run_id, channel, qualifier, destination,
                          identity_name, identity_value, use_crm_contact_as_winner, merge_events, reasons,
                          plan, plan_digest, device_snapshot, lookup_snapshot)
      VALUES (:id, :database_id, :state, :requester, :workflow_id, :run_id, :channel, :qualifier, :destination,
              :identity_name, :identity_value, :use_crm_contact_as_winner, :merge_events, :reasons,
              :plan, :plan_digest, :device_snapshot, :lookup_snapshot)
      ON CONFLICT (id) DO NOTHING RETURNING id, requester, database_id
    ),
    recorded AS ({_REQUESTED})
    INSERT INTO merge_requesters (merge_id, token_id) SELECT id, requester FROM opened
    ON CONFLICT DO NOTHING
""").bindparams(  # noqa: S608 - our own text
    *(bindparam(name, type_=JSONB) for name in ("plan", "device_snapshot", "lookup_snapshot"))
)
_IS_STORED = text("SELECT EXISTS (SELECT FROM merges WHERE id = :merge_id)")


class OutcomeChanged(Exception):
    """What would have changed nothing would change something by the time its contacts were locked."""


async def prepare(store: Store, request: MergeRequest, execution: Execution) -> Planned | Outcome:
    """Stores the request with its plan. Returns its outcome where nothing will change, else what is planned.

    Raises DatabaseNotFound, ScopeMissing, DatabaseKeyed or IdentityBlocked for a run that the edge would not have
    started: whoever can write to Temporal can claim to be a token, not what that token may.
    """
    async with store.statements() as connection:
        planned = await read_plan(connection, request)
        await _demand_askable(connection, planned, execution)
        await connection.execute(_OPEN, _opened(planned, execution))
    if planned.outcome in CHANGING:
        return planned
    try:
        return await settle_unchanged(store, execution.merge_id, execution.run_id, execution.attempt)
    except OutcomeChanged:
        return planned


async def _demand_askable(connection: AsyncConnection, planned: Planned, execution: Execution) -> None:
    request = planned.plan.request
    try:
        await demand_requester(connection, execution.requester, request.database_id)
        demand_not_blocked(request.identity, planned.approval.blocked_values)
    except (ScopeMissing, IdentityBlocked):
        # Stored, it was askable when it came; this run was started for one that was lost.
        if not (await connection.execute(_IS_STORED, {"merge_id": execution.merge_id})).scalar_one():
            raise


async def merge(store: Store, merge_id: UUID, run_id: str, attempt: int, decision_id: UUID | None = None) -> Outcome:
    """Executes a merge, or returns what an earlier attempt did.

    Raises MergeNotFound; DecisionRequired, PlanStale and what else `demand_approval` finds, having changed nothing.
    """
    async with refusals_noted(store, merge_id, decision_id, Kind.APPROVE):
        return await _execute(store, merge_id, run_id, attempt, decision_id, frozenset(Outcome))


async def settle_unchanged(store: Store, merge_id: UUID, run_id: str, attempt: int) -> Outcome:
    """Ends a request that changes nothing. Raises OutcomeChanged where it would, having changed nothing."""
    return await _execute(store, merge_id, run_id, attempt, None, _UNCHANGING)


async def _execute(
    store: Store, merge_id: UUID, run_id: str, attempt: int, decision_id: UUID | None, expected: frozenset[Outcome]
) -> Outcome:
    async def work(connection: AsyncConnection) -> Outcome:
        claimed = await claim(connection, merge_id, attempt)
        if isinstance(claimed, Outcome):
            return claimed
        planned = await read_plan_under_lock(connection, claimed.request)
        if planned.outcome not in expected:
            raise OutcomeChanged
        changes = planned.outcome in CHANGING
        asked = changes and (claimed.state in _ASKED or planned.reasons)
        decision = await demand_approval(connection, merge_id, decision_id, planned.plan) if asked else None
        execution = Execution(
            merge_id, claimed.workflow_id, run_id, attempt, claimed.requester, decision, planned.ended
        )
        outcome = await settle(connection, store.ledger_keys, planned.plan, execution)
        if changes and planned.has_pending:
            await outbox.plan_anew(connection, _concerned(planned), merge_id)
        return outcome

    return await store.rerun(work)


def _concerned(planned: Planned) -> list[int]:
    return [contact.id for contact in (planned.plan.survivor, planned.plan.absorbed) if contact]


def _opened(planned: Planned, execution: Execution) -> dict[str, Any]:
    request = planned.plan.request
    return {
        **stored_plan(planned.plan),
        "id": execution.merge_id,
        "database_id": request.database_id,
        "state": PREPARING if planned.reasons else "merging",
        "requester": execution.requester,
        "workflow_id": execution.workflow_id,
        "run_id": execution.run_id,
        "channel": request.address.channel.value,
        "qualifier": request.address.qualifier,
        "destination": request.address.destination,
        "identity_name": request.identity.name,
        "identity_value": request.identity.value,
        "use_crm_contact_as_winner": request.use_crm_contact_as_winner,
        "merge_events": request.merge_events,
        "reasons": list(planned.reasons),
    }
