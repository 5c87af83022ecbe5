"""Ledger entries for tests, with their payloads as PostgreSQL gives them back: times as texts."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from domain.canonical import canonical
from domain.plan import Plan
from domain.times import rfc3339
from ledger.entry import GENESIS, Entry, Head, Payload, entry_hash, seal
from ledger.merge_record import KINDS, Execution, merge_body, merge_payloads

AT = datetime(2026, 1, 2, 3, 4, 5, 678_900, tzinfo=UTC)
EXECUTION = Execution(UUID(int=7), "establish-identity-abc234", str(UUID(int=8)), 1, "abcd1234")


def entry_of(plan: Plan, head: Head = GENESIS, execution: Execution = EXECUTION) -> Entry:
    """The entry that the store would append for a plan."""
    outcome = execution.outcome(plan)
    payloads = merge_payloads(plan, AT, outcome)
    entry = seal(
        head,
        database_id=10000,
        id=UUID(int=9),
        kind=KINDS[outcome],
        at=AT,
        body=merge_body(plan, execution, payloads),
        payloads=payloads,
    )
    return replace(entry, payloads=[_stored(payload) for payload in payloads])


def resealed(entry: Entry, document: object) -> Entry:
    """The entry with other contents, its hash put right: what somebody with access to the database could forge."""
    content = canonical(document)
    return replace(entry, canonical=content, entry_hash=entry_hash(content))


def _stored(payload: Payload) -> Payload:
    return replace(payload, values=json.loads(json.dumps(dict(payload.values), default=rfc3339)))
