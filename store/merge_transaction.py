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
from domain.plan import Outcome, Plan, plan_document
from domain.request import MergeRequest
from domain.ruleset import make_plan
from ledger.entry import Receipt
from ledger.merge_record import CHANGING, KINDS, Execution, committed_result, merge_body, merge_payloads
from store.engine import RowsChanged, Store
from store.ledger import append, lock_head
from store.locks import lock_request
from store.merges import read_merge
from store.rules import read_policy
from store.snapshots import lock_pair, read_pair
from store.tokens import demand_requester

_UNCHANGING = set(Outcome) - CHANGING

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
    INSERT INTO merge_executions (merge_id, attempt) VALUES (:merge_id, :attempt)
    ON CONFLICT DO NOTHING RETURNING merge_id
""")

_SETTLE = text("""
    UPDATE merges SET state = 'done', outcome = :outcome, settled = :settled, run_id = :run_id,
      plan = :plan, plan_digest = :plan_digest, device_snapshot = :device_snapshot, lookup_snapshot = :lookup_snapshot,
      survivor_id = :survivor_id, absorbed_id = :absorbed_id,
      winner_channel_identifier = :winner_channel_identifier, ledger_seq = :ledger_seq, ledger_hash = :ledger_hash
    WHERE id = :id
""").bindparams(*(bindparam(name, type_=JSONB) for name in ("plan", "device_snapshot", "lookup_snapshot")))

_FREE_IDENTITIES = text("DELETE FROM identities WHERE contact_id = ANY(:ids)")
_GIVE_IDENTITIES = text("""
    INSERT INTO identities (database_id, name, value, contact_id)
    SELECT :database_id, key, value, :survivor FROM jsonb_each_text(:identities)
""").bindparams(bindparam("identities", type_=JSONB))

# One statement: all of it lies under the two contacts' locks. The older's messages are archived with the merge, the
# newer's shown; with `mergeEvents: false` the absorbed contact's events stay with it.
_ABSORB = text("""
    WITH devices_moved AS (UPDATE devices SET contact_id = :survivor WHERE contact_id = :absorbed),
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
    )
    UPDATE contacts SET merged_into = :survivor, version = version + 1 WHERE id = :absorbed
""")
_WRITE = text(f"""
    UPDATE contacts SET {", ".join(f"{name} = :{name}" for name in WIRE_NAMES)}, custom = :custom,
      last_modified = :last_modified, version = :version
    WHERE id = :id
""").bindparams(bindparam("custom", type_=JSONB))  # noqa: S608 - names of our own columns


async def prepare(store: Store, request: MergeRequest, execution: Execution) -> Outcome | None:
    """Stores the request with its plan. Returns its outcome where nothing will change, else None.

    Raises ScopeMissing or DatabaseKeyed for a run that the edge would not have started: whoever can write to Temporal
    can claim to be a token, not what that token may.
    """
    async with store.statements() as connection:
        await demand_requester(connection, execution.requester, request.database_id)
        plan = await _plan(connection, request)
        await connection.execute(_OPEN, _opened(plan, execution))
    return await _settle_unchanged(store, request, execution) if plan.outcome in _UNCHANGING else None


async def _settle_unchanged(store: Store, request: MergeRequest, execution: Execution) -> Outcome | None:
    """Ends a request that changes nothing; None if, by the time its contacts are locked, it would."""

    async def work(connection: AsyncConnection) -> Outcome | None:
        # The entry refers to the contacts and so locks them: that must not wait while the chain's head is held.
        plan = await _plan_under_lock(connection, request)
        if plan.outcome not in _UNCHANGING:
            return None
        if not await _claim(connection, execution.merge_id, execution.attempt):
            return await _stored_outcome(connection, execution.merge_id)
        return await _settle(connection, plan, execution)

    return await store.rerun(work)


async def merge(store: Store, merge_id: UUID, run_id: str, attempt: int) -> Outcome:
    """Executes a prepared merge, or returns what an earlier attempt did."""

    async def work(connection: AsyncConnection) -> Outcome:
        if not await _claim(connection, merge_id, attempt):
            return await _stored_outcome(connection, merge_id)
        row = await read_merge(connection, merge_id)
        plan = await _plan_under_lock(connection, row.request)
        execution = Execution(merge_id, row.workflow_id, run_id, attempt, row.requester)
        return await _settle(connection, plan, execution)

    return await store.rerun(work)


async def _plan(connection: AsyncConnection, request: MergeRequest) -> Plan:
    policy = await read_policy(connection, request.database_id)
    pair = await read_pair(connection, request)
    return make_plan(pair.device_contact, pair.lookup_contact, request, policy)


async def preview(store: Store, request: MergeRequest) -> Plan:
    """The plan of this moment; changes nothing."""
    async with store.statements() as connection:
        return await _plan(connection, request)


async def _plan_under_lock(connection: AsyncConnection, request: MergeRequest) -> Plan:
    await lock_request(connection, request.database_id, request.identity)
    locked = await lock_pair(connection, request)
    pair = await read_pair(connection, request)
    if not pair.ids <= locked:
        raise RowsChanged
    policy = await read_policy(connection, request.database_id)
    return make_plan(pair.device_contact, pair.lookup_contact, request, policy)


async def _claim(connection: AsyncConnection, merge_id: UUID, attempt: int) -> bool:
    claimed = await connection.execute(_CLAIM, {"merge_id": merge_id, "attempt": attempt})
    return claimed.one_or_none() is not None


async def _stored_outcome(connection: AsyncConnection, merge_id: UUID) -> Outcome:
    row = await read_merge(connection, merge_id)
    return Outcome(str(row.outcome))


async def _settle(connection: AsyncConnection, plan: Plan, execution: Execution) -> Outcome:
    """Applies the plan, records it in the chain and stores the answer."""
    database_id = plan.request.database_id
    changes = plan.outcome not in _UNCHANGING
    if changes:
        await _move_identities(connection, plan)
    locked = await lock_head(connection, database_id)
    result = committed_result(plan, locked.at)
    if result is not None:
        await _write(connection, result)
        if plan.absorbed is not None:
            await _absorb(connection, plan, execution.merge_id)
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
    await connection.execute(_SETTLE, {**settled, "id": execution.merge_id, "run_id": execution.run_id})
    return plan.outcome


async def _move_identities(connection: AsyncConnection, plan: Plan) -> None:
    assert plan.survivor is not None and plan.result is not None  # noqa: S101 - a changing plan has both
    ids = [contact.id for contact in (plan.survivor, plan.absorbed) if contact]
    await connection.execute(_FREE_IDENTITIES, {"ids": ids})
    await connection.execute(
        _GIVE_IDENTITIES,
        {
            "database_id": plan.request.database_id,
            "survivor": plan.survivor.id,
            "identities": dict(plan.result.identities),
        },
    )


async def _write(connection: AsyncConnection, result: Contact) -> None:
    parameters = {name: getattr(result.system, name) for name in WIRE_NAMES}
    parameters.update(
        id=result.id, custom=dict(result.custom), last_modified=result.last_modified, version=result.version
    )
    await connection.execute(_WRITE, parameters)


async def _absorb(connection: AsyncConnection, plan: Plan, merge_id: UUID) -> None:
    await connection.execute(
        _ABSORB,
        {
            "survivor": _id(plan.survivor),
            "absorbed": _id(plan.absorbed),
            "older": _id(plan.older),
            "newer": _id(plan.newer),
            "merge_events": plan.request.merge_events,
            "merge_id": merge_id,
        },
    )


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
        "survivor_id": _id(plan.survivor),
        "absorbed_id": _id(plan.absorbed) if merged else None,
        "winner_channel_identifier": plan.winner_channel_identifier,
        "ledger_seq": receipt.seq,
        "ledger_hash": receipt.entry_hash,
    }


def _id(contact: Contact | None) -> int | None:
    return contact.id if contact else None
