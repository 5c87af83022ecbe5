"""The merge: one transaction that claims the merge id, locks, reads, plans again, applies and records.

Whatever was planned before is only what was true then. The plan that is applied is made from rows that can't change
any more, and the claim makes a second attempt, of a retried or a frozen activity, return what the first one did.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.contact import WIRE_NAMES, Contact, contact_document
from domain.errors import MergeNotFound
from domain.plan import Outcome, Plan, plan_document
from domain.request import MergeRequest
from ledger.entry import Receipt
from ledger.merge_record import CHANGING, KINDS, Execution, committed_result, merge_body, merge_payloads
from store.engine import Store
from store.ledger import append, lock_head
from store.merges import merge_of, read_merge
from store.plans import read_plan, read_plan_under_lock
from store.tokens import demand_requester

_UNCHANGING = frozenset(Outcome) - CHANGING

_OPEN = text("""
    INSERT INTO merges (id, database_id, state, requester, workflow_id, run_id, channel, qualifier, destination,
                        identity_name, identity_value, use_crm_contact_as_winner, merge_events, plan, plan_digest,
                        device_snapshot, lookup_snapshot)
    VALUES (:id, :database_id, 'merging', :requester, :workflow_id, :run_id, :channel, :qualifier, :destination,
            :identity_name, :identity_value, :use_crm_contact_as_winner, :merge_events, :plan, :plan_digest,
            :device_snapshot, :lookup_snapshot)
    ON CONFLICT (id) DO NOTHING
""").bindparams(*(bindparam(name, type_=JSONB) for name in ("plan", "device_snapshot", "lookup_snapshot")))

# A second attempt waits here until the first one's transaction has ended, and then inserts nothing.
_CLAIM = text("""
    WITH claimed AS (
      INSERT INTO merge_executions (merge_id, attempt) SELECT id, :attempt FROM merges WHERE id = :merge_id
      ON CONFLICT DO NOTHING RETURNING merge_id
    )
    SELECT merges.*, EXISTS (SELECT FROM claimed) AS claimed FROM merges WHERE id = :merge_id
""")

_SETTLE = """
    UPDATE merges SET state = 'done', outcome = :outcome, settled = :settled, run_id = :run_id,
      plan = :plan, plan_digest = :plan_digest, device_snapshot = :device_snapshot, lookup_snapshot = :lookup_snapshot,
      survivor_id = :survivor, absorbed_id = :absorbed,
      winner_channel_identifier = :winner_channel_identifier, ledger_seq = :ledger_seq, ledger_hash = :ledger_hash
    WHERE id = :merge_id
"""
# All of it lies under the two contacts' locks; where none is absorbed, `absorbed`, `older` and `newer` are null and
# match nothing. An identity is given once all are freed, which the count waits for: its unique index would refuse a
# value that still stands. The older's messages are archived with the merge, the newer's shown; with
# `mergeEvents: false` the absorbed contact's events stay with it.
_APPLY = f"""
    WITH identities_freed AS (
      DELETE FROM identities WHERE contact_id IN (:survivor, :absorbed) RETURNING contact_id
    ),
    identities_given AS (
      INSERT INTO identities (database_id, name, value, contact_id)
      SELECT :database_id, key, value, :survivor
      FROM (SELECT count(*) FROM identities_freed) all_freed, jsonb_each_text(:identities)
    ),
    devices_moved AS (UPDATE devices SET contact_id = :survivor WHERE contact_id = :absorbed),
    events_moved AS (UPDATE events SET contact_id = :survivor WHERE contact_id = :absorbed AND :merge_events),
    lists_joined AS (
      INSERT INTO contact_list_members (list_id, contact_id)
      SELECT list_id, :survivor FROM contact_list_members WHERE contact_id = :absorbed
      ON CONFLICT DO NOTHING
    ),
    lists_left AS (DELETE FROM contact_list_members WHERE contact_id = :absorbed),
    messages_archived AS (
      UPDATE inbox_messages SET archived_by = :merge_id WHERE contact_id = :older AND archived_by IS NULL
    ),
    messages_kept AS (
      UPDATE inbox_messages SET contact_id = :survivor WHERE contact_id = :newer AND archived_by IS NULL
    ),
    absorbed AS (UPDATE contacts SET merged_into = :survivor, version = version + 1 WHERE id = :absorbed),
    survivor AS (
      UPDATE contacts SET {", ".join(f"{name} = :{name}" for name in WIRE_NAMES)}, custom = :custom,
        last_modified = :last_modified, version = :version
      WHERE id = :survivor
    )
"""  # noqa: S608 - names of our own columns
_JSON = ("plan", "device_snapshot", "lookup_snapshot")
_SETTLE_UNCHANGED = text(_SETTLE).bindparams(*(bindparam(name, type_=JSONB) for name in _JSON))
_APPLY_AND_SETTLE = text(_APPLY + _SETTLE).bindparams(
    *(bindparam(name, type_=JSONB) for name in (*_JSON, "identities", "custom"))
)


class _OutcomeChanged(Exception):
    """What would have changed nothing would change something by the time its contacts were locked."""


async def prepare(store: Store, request: MergeRequest, execution: Execution) -> Outcome | None:
    """Stores the request with its plan. Returns its outcome where nothing will change, else None.

    Raises ScopeMissing or DatabaseKeyed for a run that the edge would not have started: whoever can write to Temporal
    can claim to be a token, not what that token may.
    """
    async with store.statements() as connection:
        await demand_requester(connection, execution.requester, request.database_id)
        plan = await read_plan(connection, request)
        await connection.execute(_OPEN, _opened(plan, execution))
    if plan.outcome in CHANGING:
        return None
    try:
        return await _execute(store, execution.merge_id, execution.run_id, execution.attempt, _UNCHANGING)
    except _OutcomeChanged:
        return None


async def merge(store: Store, merge_id: UUID, run_id: str, attempt: int) -> Outcome:
    """Executes a prepared merge, or returns what an earlier attempt did. Raises MergeNotFound."""
    return await _execute(store, merge_id, run_id, attempt, frozenset(Outcome))


async def _execute(store: Store, merge_id: UUID, run_id: str, attempt: int, expected: frozenset[Outcome]) -> Outcome:
    """Settles a merge once. Raises _OutcomeChanged, having done nothing, where its outcome is none of the expected."""

    async def work(connection: AsyncConnection) -> Outcome:
        row = (await connection.execute(_CLAIM, {"merge_id": merge_id, "attempt": attempt})).one_or_none()
        if row is None:
            raise MergeNotFound
        if not row.claimed:
            return await _stored_outcome(connection, merge_id)
        due = merge_of(row)
        plan = await read_plan_under_lock(connection, due.request)
        if plan.outcome not in expected:
            raise _OutcomeChanged
        return await _settle(connection, plan, Execution(merge_id, due.workflow_id, run_id, attempt, due.requester))

    return await store.rerun(work)


async def _stored_outcome(connection: AsyncConnection, merge_id: UUID) -> Outcome:
    row = await read_merge(connection, merge_id)
    return Outcome(str(row.outcome))


async def _settle(connection: AsyncConnection, plan: Plan, execution: Execution) -> Outcome:
    """Records the plan in the chain, applies it and stores the answer."""
    database_id = plan.request.database_id
    locked = await lock_head(connection, database_id)
    payloads = merge_payloads(plan, locked.at)
    receipt = await append(
        connection,
        locked,
        database_id=database_id,
        kind=KINDS[plan.outcome],
        merge_id=execution.merge_id,
        payloads=payloads,
        body=merge_body(plan, execution, payloads),
    )
    settled = {**_planned(plan), **_answer(plan, receipt), "settled": locked.at}
    settled.update(merge_id=execution.merge_id, run_id=execution.run_id)
    result = committed_result(plan, locked.at)
    if result is None:
        await connection.execute(_SETTLE_UNCHANGED, settled)
    else:
        await connection.execute(_APPLY_AND_SETTLE, {**settled, **_changes(plan, result)})
    return plan.outcome


def _changes(plan: Plan, result: Contact) -> dict[str, Any]:
    """What `_APPLY` writes."""
    return {
        **{name: getattr(result.system, name) for name in WIRE_NAMES},
        "custom": dict(result.custom),
        "last_modified": result.last_modified,
        "version": result.version,
        "database_id": plan.request.database_id,
        "identities": dict(result.identities),
        "older": _id(plan.older) if plan.absorbed else None,
        "newer": _id(plan.newer),
        "merge_events": plan.request.merge_events,
    }


def _opened(plan: Plan, execution: Execution) -> dict[str, Any]:
    request = plan.request
    return {
        **_planned(plan),
        "id": execution.merge_id,
        "database_id": request.database_id,
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
    }


def _planned(plan: Plan) -> dict[str, Any]:
    return {
        "plan": plan_document(plan),
        "plan_digest": plan.digest,
        "device_snapshot": _snapshot(plan.device_contact),
        "lookup_snapshot": _snapshot(plan.lookup_contact if plan.device_contact else None),  # a 404 concerns nobody
    }


def _snapshot(contact: Contact | None) -> dict[str, object] | None:
    return contact_document(contact) if contact else None


def _answer(plan: Plan, receipt: Receipt) -> dict[str, Any]:
    merged = plan.outcome is Outcome.MERGED
    return {
        "outcome": plan.outcome.value,
        "survivor": _id(plan.survivor),
        "absorbed": _id(plan.absorbed) if merged else None,
        "winner_channel_identifier": plan.winner_channel_identifier,
        "ledger_seq": receipt.seq,
        "ledger_hash": receipt.entry_hash,
    }


def _id(contact: Contact | None) -> int | None:
    return contact.id if contact else None
