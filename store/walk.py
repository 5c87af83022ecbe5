"""Goes along a chain as it is stored, and says of each entry what other tables hold otherwise than it tells."""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.canonical import canonical
from domain.contact import contact_document
from domain.plan import DECIDED, Outcome, Plan
from domain.request import request_document
from domain.times import rfc3339
from domain.wire import as_wire
from ledger import sealed
from ledger.entry import Entry
from ledger.events import RecordedEvent
from ledger.keyring import Keyring
from ledger.merge_record import DecisionRecord
from ledger.recompute import (
    Fault,
    recomputed_plan,
    recorded_outcome,
    recorded_result,
    records_decision,
)
from ledger.unreadable import UNREADABLE
from store.entries import ENTRY, decrypted
from store.settlement import stored_plan
from store.snapshots import read_contact

_BATCH = 200

_ENTRIES = text(f"""
    SELECT {ENTRY}, m.id AS merge_id, m.requester, m.workflow_id, m.run_id, m.settled,
      jsonb_build_object('databaseId', m.database_id, 'channel', m.channel, 'qualifier', m.qualifier,
        'destination', m.destination, 'useCrmContactAsWinner', m.use_crm_contact_as_winner,
        'mergeEvents', m.merge_events,
        'identity', jsonb_build_object('name', m.identity_name, 'value', m.identity_value)) AS request,
      m.plan, m.plan_digest, m.device_snapshot, m.lookup_snapshot,
      m.outcome, m.survivor_id, m.absorbed_id, m.winner_channel_identifier,
      m.decision_id, d.kind AS decided_kind, d.revision, d.person_id, d.token_id, d.at AS decided
    FROM ledger_entries e LEFT JOIN merges m ON m.id = e.merge_id LEFT JOIN decisions d ON d.id = m.decision_id
    WHERE e.database_id = :database_id AND e.seq > :after ORDER BY e.seq LIMIT :batch
""")  # noqa: S608 - our own text
_SEALED = text("""
    SELECT v.id, v.kind, v.at, v.merge_id, v.contact_id, v.person_id, v.token_id, v.detail
    FROM ledger_seals s JOIN ledger_events v ON v.id = s.event_id AND v.database_id = s.database_id
    WHERE s.database_id = :database_id AND s.seq = :seq ORDER BY s.place
""")


@dataclass(frozen=True)
class Walked:
    """An entry, whose values can't be decrypted, and what other tables hold otherwise."""

    entry: Entry
    unreadable: Sequence[int | None]
    elsewhere: Sequence[Fault]


async def walk(connection: AsyncConnection, keyring: Keyring, database_id: int) -> AsyncIterator[Walked]:
    """Every entry of a database in order of place; a batch is all that is held."""
    after = 0
    while True:
        asked = {"database_id": database_id, "after": after, "batch": _BATCH}
        rows = (await connection.execute(_ENTRIES, asked)).all()
        stored = await decrypted(connection, keyring, database_id, rows)
        for row, one in zip(rows, stored, strict=True):
            elsewhere = [] if one.unreadable else await _elsewhere(connection, row, one.entry)
            yield Walked(one.entry, one.unreadable, elsewhere)
        if len(rows) < _BATCH:
            return
        after = rows[-1].seq


async def _elsewhere(connection: AsyncConnection, row: Row[Any], entry: Entry) -> list[Fault]:
    if entry.kind == sealed.KIND:
        held = await connection.execute(_SEALED, {"database_id": entry.database_id, "seq": entry.seq})
        return list(sealed.sealed_faults(entry, [RecordedEvent(**event._mapping) for event in held]))
    found = _readable_faults(row, entry)
    if live_fault := await _live_fault(connection, entry):
        found.append(Fault(6, live_fault))
    return found


def _readable_faults(row: Row[Any], entry: Entry) -> list[Fault]:
    try:
        return list(_merge_faults(row, entry))
    except UNREADABLE:
        return []  # told already: it can't be recomputed


def _merge_faults(row: Row[Any], entry: Entry) -> Iterator[Fault]:
    if row.plan is None:
        yield Fault(10, "belongs to no merge")
        return
    plan = recomputed_plan(entry)
    if plan is None:
        return  # told already
    if differing := _asked_otherwise(row, entry, plan):
        yield Fault(7, f"tells of another {' and '.join(differing)} than its merge shows")
    if any(getattr(row, name) != as_wire(value) for name, value in stored_plan(plan).items()):
        yield Fault(7, "executed another plan than its merge shows")
    if not records_decision(entry, _decision(row)):
        yield Fault(8, "records another decision than its merge names")
    outcome = recorded_outcome(entry)
    absorbed = plan.absorbed.id if plan.absorbed and outcome is Outcome.MERGED else None
    survivor = plan.survivor.id if plan.survivor and outcome not in DECIDED else None
    identifier = None if outcome in DECIDED else plan.winner_channel_identifier
    answer = (outcome.value, survivor, absorbed, identifier)
    if answer != (row.outcome, row.survivor_id, row.absorbed_id, row.winner_channel_identifier):
        yield Fault(10, "records another end than its merge answers with")


def _asked_otherwise(row: Row[Any], entry: Entry, plan: Plan) -> list[str]:
    """In what the merge's row differs of who asked for what, and of when which run settled it."""
    document = json.loads(entry.canonical)
    body = document["body"]
    told = {
        "merge": (body["merge"], str(row.merge_id)),
        "requester": (body["requester"], row.requester),
        "workflow": (body["workflow"]["id"], row.workflow_id),
        "run": (body["workflow"]["run"], row.run_id),
        "time": (document["at"], row.settled and rfc3339(row.settled)),
        "request": (as_wire(request_document(plan.request)), row.request),
    }
    return [name for name, (of_entry, of_row) in told.items() if of_entry != of_row]


async def _live_fault(connection: AsyncConnection, entry: Entry) -> str | None:
    """The live row, as long as it is still at the version that the entry left."""
    match recorded_result(entry):
        case {"id": str(id_), "version": str(version)} as result:
            live = await read_contact(connection, entry.database_id, int(id_))
            if live and str(live.version) == version and canonical(contact_document(live)) != canonical(result):
                return f"left contact {id_} otherwise than it is"
    return None


def _decision(row: Row[Any]) -> DecisionRecord | None:
    if row.decision_id is None:
        return None
    return DecisionRecord(row.decision_id, row.decided_kind, row.revision, row.person_id, row.token_id, row.decided)
