"""Ends of a request that waited for a person and was not executed: rejected, withdrawn, expired."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.decision import Kind
from domain.documents import contact_from, policy_from
from domain.errors import DeadlineAhead, MergeNotPending
from domain.plan import Outcome, Plan
from domain.ruleset import make_plan
from ledger.merge_record import Execution
from store.claims import claim
from store.decisions import ENDS, demand_ending, refusals_noted
from store.engine import Store
from store.kept_apart import keep_apart
from store.locks import lock_survivors
from store.merges import PENDING_APPROVAL, MergeRow
from store.settlement import settle

_SNAPSHOTS = text("SELECT device_snapshot, lookup_snapshot FROM merges WHERE id = :merge_id")
_IS_TIME_UP = text("SELECT deadline <= clock_timestamp() FROM merges WHERE id = :merge_id")


async def end(
    store: Store, merge_id: UUID, run_id: str, attempt: int, kind: Kind | None, decision_id: UUID | None
) -> Outcome:
    """Settles a pending request as the decision says, or where `kind` is None as expired; nothing else changes.

    Returns what an earlier attempt did. Raises MergeNotFound, MergeNotPending, DeadlineAhead and what `demand_ending`
    finds.
    """

    async def work(connection: AsyncConnection) -> Outcome:
        claimed = await claim(connection, merge_id, attempt)
        if isinstance(claimed, Outcome):
            return claimed
        if claimed.state != PENDING_APPROVAL:
            raise MergeNotPending
        plan = await _shown(connection, claimed)
        pair = [contact.id for contact in (plan.device_contact, plan.lookup_contact) if contact]
        live = await lock_survivors(connection, claimed.database_id, pair)
        decision = None
        if kind is None:
            await _demand_time_up(connection, merge_id)
        else:
            decision, not_same_person = await demand_ending(connection, merge_id, decision_id, kind, plan)
            if not_same_person and len(live) == 2:
                one, other = sorted(live)
                await keep_apart(connection, claimed.database_id, merge_id, one, other, decision)
        ended = ENDS[kind] if kind else Outcome.EXPIRED
        execution = Execution(merge_id, claimed.workflow_id, run_id, attempt, claimed.requester, decision, ended)
        return await settle(connection, store.ledger_keys, plan, execution)

    async with refusals_noted(store, merge_id, decision_id, kind):
        return await store.rerun(work)


async def _demand_time_up(connection: AsyncConnection, merge_id: UUID) -> None:
    """That a run says so is no proof: whoever can write to Temporal can have it said."""
    if not (await connection.execute(_IS_TIME_UP, {"merge_id": merge_id})).scalar_one():
        raise DeadlineAhead


async def _shown(connection: AsyncConnection, merge: MergeRow) -> Plan:
    """The plan of the revision that stands, made again from its snapshots: what people saw, not what is now."""
    row = (await connection.execute(_SNAPSHOTS, {"merge_id": merge.id})).one()
    device_contact, lookup_contact = (
        contact_from(snapshot) if snapshot else None for snapshot in (row.device_snapshot, row.lookup_snapshot)
    )
    return make_plan(device_contact, lookup_contact, merge.request, policy_from(merge.plan["policy"]))
