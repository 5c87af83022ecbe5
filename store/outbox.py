"""The outbox: what leaves after a commit is written in its transaction, and sent by whoever claims it first."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.engine import Store

EMAIL, WEBHOOK, WORKFLOW = "email", "webhook", "workflow"
CHANNELS = (EMAIL, WEBHOOK, WORKFLOW)

# Longer than a relay tries to send: what it claimed is another's only when it has surely given up or died.
LEASE = timedelta(seconds=60)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=5), timedelta(hours=1)
_PATIENCE = timedelta(days=3)
_MOST_DOUBLINGS = 20  # more would not fit into an interval

_IS_REVIEWER = """
    p.disabled IS NULL
    AND EXISTS (SELECT FROM roles r WHERE r.person_id = p.id AND r.role = 'specialist'
                AND (r.database_id IS NULL OR r.database_id = m.database_id))
    AND NOT EXISTS (SELECT FROM merge_requesters q JOIN tokens t ON t.id = q.token_id
                    WHERE q.merge_id = m.id AND t.person_id = p.id)"""

_NOTIFY = text(f"""
    INSERT INTO outbox (kind, merge_id, channel, person_id)
    SELECT :kind, m.id, 'email', p.id FROM merges m CROSS JOIN people p
    WHERE m.id = :merge_id AND :by_email AND {_IS_REVIEWER}
    UNION ALL SELECT :kind, m.id, 'webhook', NULL FROM merges m WHERE m.id = :merge_id AND :by_webhook
""")  # noqa: S608 - our own text
_PLAN_ANEW = text("""
    INSERT INTO outbox (kind, merge_id, channel)
    SELECT 'plan_anew', id, 'workflow' FROM merges
    WHERE state = 'pending_approval' AND id IS DISTINCT FROM CAST(:except_merge AS uuid)
    AND (device_snapshot->>'id' = ANY(:contact_ids) OR lookup_snapshot->>'id' = ANY(:contact_ids))
""")
_PLAN_ANEW_IN_DATABASE = text("""
    INSERT INTO outbox (kind, merge_id, channel)
    SELECT 'plan_anew', id, 'workflow' FROM merges
    WHERE state = 'pending_approval' AND database_id = :database_id
""")
_CLAIM = text(f"""
    WITH due AS (
      SELECT id FROM outbox
      WHERE sent IS NULL AND given_up IS NULL AND due <= now() AND channel = :channel
      ORDER BY due LIMIT :limit FOR UPDATE SKIP LOCKED
    ), claimed AS (
      UPDATE outbox o SET attempts = o.attempts + 1, due = now() + :lease FROM due WHERE o.id = due.id RETURNING o.*
    )
    SELECT o.id, o.kind, o.channel, o.created, o.merge_id, o.attempts,
      m.database_id, m.workflow_id, m.run_id, m.deadline, cardinality(m.reasons) AS reasons,
      coalesce(p.email, '') AS recipient,
      m.state <> 'pending_approval' OR o.channel = 'email' AND NOT ({_IS_REVIEWER}) AS is_moot
    FROM claimed o JOIN merges m ON m.id = o.merge_id LEFT JOIN people p ON p.id = o.person_id
    ORDER BY o.created
""")  # noqa: S608 - our own text
_SENT = text("UPDATE outbox SET sent = now() WHERE id = :id")
_GIVEN_UP = text("UPDATE outbox SET given_up = now() WHERE id = :id")
_FAILED = text("""
    UPDATE outbox SET given_up = CASE WHEN created < now() - :patience THEN now() END,
      due = now() + least(:first_pause * power(2, least(attempts - 1, :most_doublings)), :longest_pause)
    WHERE id = :id
    RETURNING given_up IS NOT NULL AS is_given_up
""")


@dataclass(frozen=True)
class Due:
    """A row that is its claimer's until the lease ends. `recipient` is whom an e-mail is for, else empty.

    It is moot when its merge waits for nobody any more; a notice also when its reader may not decide on it any more.
    """

    id: UUID
    kind: str
    channel: str
    created: datetime
    attempts: int
    merge_id: UUID
    database_id: int
    workflow_id: str
    run_id: str
    deadline: datetime
    reasons: int
    recipient: str
    is_moot: bool


async def notify(connection: AsyncConnection, merge_id: UUID, kind: str, channels: frozenset[str]) -> None:
    """A notice to each who may decide on the merge, by e-mail, and one to the webhook, where these channels exist."""
    parameters = {"kind": kind, "merge_id": merge_id, "by_email": EMAIL in channels, "by_webhook": WEBHOOK in channels}
    await connection.execute(_NOTIFY, parameters)


async def plan_anew(connection: AsyncConnection, contact_ids: Collection[int], except_merge: UUID | None) -> None:
    """Has the merges that wait for a person and were planned on one of these contacts look again after the commit."""
    ids = [str(contact_id) for contact_id in contact_ids]
    await connection.execute(_PLAN_ANEW, {"contact_ids": ids, "except_merge": except_merge})


async def plan_anew_in_database(connection: AsyncConnection, database_id: int) -> None:
    """The same for every merge of the database that waits for a person."""
    await connection.execute(_PLAN_ANEW_IN_DATABASE, {"database_id": database_id})


async def claim(store: Store, channel: str, limit: int) -> list[Due]:
    """Rows that are due, oldest first. Each is given to one claimer; to another only if this one never reports."""
    async with store.statements() as connection:
        rows = await connection.execute(_CLAIM, {"channel": channel, "limit": limit, "lease": LEASE})
        return [Due(**row._mapping) for row in rows]


async def mark_sent(store: Store, row_id: UUID) -> None:
    async with store.statements() as connection:
        await connection.execute(_SENT, {"id": row_id})


async def give_up(store: Store, row_id: UUID) -> None:
    """It is never sent."""
    async with store.statements() as connection:
        await connection.execute(_GIVEN_UP, {"id": row_id})


async def count_failure(store: Store, row_id: UUID) -> bool:
    """Makes the row due again after 5 s, 10 s, 20 s ... an hour; returns whether its three days are over instead."""
    parameters = {
        "id": row_id,
        "first_pause": _FIRST_PAUSE,
        "longest_pause": _LONGEST_PAUSE,
        "most_doublings": _MOST_DOUBLINGS,
        "patience": _PATIENCE,
    }
    async with store.statements() as connection:
        return bool((await connection.execute(_FAILED, parameters)).scalar_one())
