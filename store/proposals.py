"""Proposals: the plan that people are shown, one revision after another, until it is decided or its time is up."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import MergeNotFound
from domain.plan import CHANGING, Outcome
from ledger.keyring import Keyring
from store import outbox, shown_plans
from store.engine import Store
from store.journal import record
from store.merge_transaction import OutcomeChanged, settle_unchanged
from store.merges import MergeRow, merge_of
from store.plans import Planned, read_plan_under_lock
from store.settlement import stored_plan

# Not FOR UPDATE: whoever writes an outbox row for this merge refers to it while holding contacts that we wait for.
_OPEN_MERGE = text("SELECT * FROM merges WHERE id = :merge_id FOR NO KEY UPDATE")
_PROPOSE = text("""
    WITH revised AS (
      INSERT INTO merge_revisions (merge_id, revision, cause, plan, plan_digest, device_snapshot, lookup_snapshot)
      VALUES (:merge_id, :revision, :cause, :plan, :plan_digest, :device_snapshot, :lookup_snapshot)
    )
    UPDATE merges SET state = 'pending_approval', revision = :revision, plan = :plan, plan_digest = :plan_digest,
      device_snapshot = :device_snapshot, lookup_snapshot = :lookup_snapshot, reasons = :reasons,
      deadline = coalesce(deadline, now() + :decide_within)
    WHERE id = :merge_id
""").bindparams(*(bindparam(name, type_=JSONB) for name in ("plan", "device_snapshot", "lookup_snapshot")))
_TIMES = text("""
    SELECT m.deadline - clock_timestamp() AS remaining, m.deadline - first.created AS allowed
    FROM merges m JOIN merge_revisions first ON first.merge_id = m.id AND first.revision = 1 WHERE m.id = :merge_id
""")


@dataclass(frozen=True)
class Proposal:
    """What is shown, and how long from now until its deadline and the reminder before it."""

    revision: int
    digest: str
    remaining: timedelta
    until_reminder: timedelta


async def propose(
    store: Store, merge_id: UUID, run_id: str, attempt: int, cause: str, channels: frozenset[str]
) -> Proposal | Outcome:
    """Plans, and shows the plan to people where it is another than the one they were shown last.

    Returns the outcome of a request that would change nothing any more, or was settled before.
    """

    async def work(connection: AsyncConnection) -> Proposal | Outcome | None:
        row = (await connection.execute(_OPEN_MERGE, {"merge_id": merge_id})).one_or_none()
        if row is None:
            raise MergeNotFound
        shown = merge_of(row)
        if shown.outcome is not None:
            return Outcome(shown.outcome)
        planned = await read_plan_under_lock(connection, shown.request)
        if planned.outcome not in CHANGING:
            return None
        return await _show(connection, store.ledger_keys, shown, planned, cause, channels)

    while True:
        if proposed := await store.rerun(work):
            return proposed
        try:
            return await settle_unchanged(store, merge_id, run_id, attempt)
        except OutcomeChanged:
            continue


async def remind(store: Store, merge_id: UUID, channels: frozenset[str]) -> None:
    async with store.transaction() as connection:
        await outbox.notify(connection, merge_id, "merge.reminder", channels)


async def _show(
    connection: AsyncConnection,
    keyring: Keyring,
    shown: MergeRow,
    planned: Planned,
    cause: str,
    channels: frozenset[str],
) -> Proposal:
    revision, first = shown.revision, shown.deadline is None
    if first or planned.plan.digest != shown.plan_digest:
        revision = 1 if first else revision + 1
        cause = "requested" if first else cause
        await connection.execute(_PROPOSE, _proposed(shown, planned, revision, cause))
        await record(connection, await shown_plans.shown(connection, keyring, shown.id, revision, cause, planned.plan))
        kind = "merge.pending" if first else "merge.planned_anew"
        await outbox.notify(connection, shown.id, kind, channels)
    times = (await connection.execute(_TIMES, {"merge_id": shown.id})).one()
    digest = planned.plan.digest
    after_reminder = times.allowed * (100 - planned.approval.reminder_percent) / 100
    return Proposal(revision, digest, times.remaining, times.remaining - after_reminder)


def _proposed(shown: MergeRow, planned: Planned, revision: int, cause: str) -> dict[str, Any]:
    return {
        **stored_plan(planned.plan),
        "merge_id": shown.id,
        "revision": revision,
        "cause": cause,
        # Once asked, a person decides, also where the policy would not ask any more.
        "reasons": list(planned.reasons) or list(shown.reasons),
        "decide_within": planned.approval.deadline,
    }
