"""The end of a request: its effects, its entry in the chain and its stored answer, in the caller's transaction."""

from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.contact import WIRE_NAMES, Contact, contact_document
from domain.plan import CHANGING, DECIDED, Outcome, Plan, plan_document
from ledger.entry import Receipt
from ledger.keyring import Keyring
from ledger.merge_record import (
    KINDS,
    Execution,
    committed_result,
    merge_body,
    merge_payloads,
    payload_contacts,
)
from store.contact_keys import data_keys
from store.ledger import append, lock_head

_SETTLE = """
    UPDATE merges SET state = 'done', outcome = :outcome, settled = :settled, run_id = :run_id,
      decision_id = :decision_id, plan = :plan, plan_digest = :plan_digest, device_snapshot = :device_snapshot,
      lookup_snapshot = :lookup_snapshot, survivor_id = :survivor, absorbed_id = :absorbed,
      winner_channel_identifier = :winner_channel_identifier, ledger_seq = :ledger_seq, ledger_hash = :ledger_hash
    WHERE id = :merge_id
"""
# All of it is covered by locks taken before the head's: the contacts', the requested identity's key, the schema's for
# lookup keys, the claim for the merge itself. Where none is absorbed, `absorbed`, `older` and `newer` are null and
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
    pairs_followed AS (
      UPDATE kept_apart SET contact_id = CASE contact_id WHEN :absorbed THEN :survivor ELSE contact_id END,
        other_id = CASE other_id WHEN :absorbed THEN :survivor ELSE other_id END
      WHERE (contact_id = :absorbed OR other_id = :absorbed) AND lifted IS NULL
    ),
    absorbed AS (UPDATE contacts SET merged_into = :survivor, version = version + 1 WHERE id = :absorbed),
    survivor AS (
      UPDATE contacts SET {", ".join(f"{name} = :{name}" for name in WIRE_NAMES)}, custom = :custom,
        last_modified = :last_modified, identities_changed = :last_modified, version = :version
      WHERE id = :survivor
    )
"""  # noqa: S608 - names of our own columns
_JSON = ("plan", "device_snapshot", "lookup_snapshot")
_SETTLE_UNCHANGED = text(_SETTLE).bindparams(*(bindparam(name, type_=JSONB) for name in _JSON))
_APPLY_AND_SETTLE = text(_APPLY + _SETTLE).bindparams(
    *(bindparam(name, type_=JSONB) for name in (*_JSON, "identities", "custom"))
)


async def settle(connection: AsyncConnection, keyring: Keyring, plan: Plan, execution: Execution) -> Outcome:
    """Records the plan in the chain, applies it where its outcome changes something, and stores the answer.

    The caller has claimed the merge id and locked the plan's contacts: the entry refers to them, and must not wait
    for them while the chain's head is held.
    """
    outcome = execution.outcome(plan)
    database_id = plan.request.database_id
    keys = await data_keys(connection, keyring, database_id, payload_contacts(plan))
    locked = await lock_head(connection, database_id)
    result = committed_result(plan, locked.at, outcome)
    assert (result is not None) == (outcome in CHANGING)  # noqa: S101 - else the chain would tell what is not so
    payloads = merge_payloads(plan, locked.at, outcome)
    receipt = await append(
        connection,
        locked,
        database_id=database_id,
        kind=KINDS[outcome],
        merge_id=execution.merge_id,
        payloads=payloads,
        keys=keys,
        body=merge_body(plan, execution, payloads),
    )
    settled = {
        **stored_plan(plan),
        **_answer(plan, outcome, receipt),
        "settled": locked.at,
        "merge_id": execution.merge_id,
        "run_id": execution.run_id,
        "decision_id": execution.decision.id if execution.decision else None,
    }
    if result is None:
        await connection.execute(_SETTLE_UNCHANGED, settled)
    else:
        await connection.execute(_APPLY_AND_SETTLE, {**settled, **_changes(plan, result)})
    return outcome


def stored_plan(plan: Plan) -> dict[str, Any]:
    """A plan as the columns of `merges` and `merge_revisions` hold it."""
    return {
        "plan": plan_document(plan),
        "plan_digest": plan.digest,
        "device_snapshot": _snapshot(plan.device_contact),
        "lookup_snapshot": _snapshot(plan.lookup_contact if plan.device_contact else None),  # a 404 concerns nobody
    }


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


def _answer(plan: Plan, outcome: Outcome, receipt: Receipt) -> dict[str, Any]:
    return {
        "outcome": outcome.value,
        "survivor": None if outcome in DECIDED else _id(plan.survivor),
        "absorbed": _id(plan.absorbed) if outcome is Outcome.MERGED else None,
        "winner_channel_identifier": None if outcome in DECIDED else plan.winner_channel_identifier,
        "ledger_seq": receipt.seq,
        "ledger_hash": receipt.entry_hash,
    }


def _snapshot(contact: Contact | None) -> dict[str, object] | None:
    return contact_document(contact) if contact else None


def _id(contact: Contact | None) -> int | None:
    return contact.id if contact else None
