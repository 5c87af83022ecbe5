"""The outbox: what leaves after a commit is written in its transaction, and sent by whoever leases it first."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.engine import Store
from store.reviewers import IS_REVIEWER

EMAIL, WEBHOOK, WORKFLOW = "email", "webhook", "workflow"

# Longer than a relay tries to send: what it leased is another's only when it has surely given up or died.
LEASE = timedelta(seconds=60)
KEPT = timedelta(days=30)
"""How long a row stays once it was sent or given up."""
PURGED_AT_ONCE = 1000

_NOTICE_PAUSE = timedelta(hours=1)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=5), timedelta(hours=1)
_PATIENCE = timedelta(days=3)
_MOST_DOUBLINGS = 20  # more would not fit into an interval

_NOTIFY = text(f"""
    WITH m AS (
      SELECT * FROM merges WHERE id = :merge_id AND NOT EXISTS (
        SELECT FROM outbox o WHERE o.merge_id = :merge_id AND o.kind = :kind AND o.created > now() - :pause)
    )
    INSERT INTO outbox (kind, merge_id, channel, person_id)
    SELECT :kind, m.id, 'email', p.id FROM m CROSS JOIN people p WHERE :by_email AND {IS_REVIEWER}
    UNION ALL SELECT :kind, m.id, 'webhook', NULL FROM m WHERE :by_webhook
""")  # noqa: S608 - our own text
# A row that nobody has leased yet will do for this change too. It is locked, so that nobody leases it before this
# change is committed; in the order of the ids, so that two transactions never wait for each other crosswise.
_PLAN_ANEW = """
    INSERT INTO outbox (kind, merge_id, channel)
    SELECT 'plan_anew', id, 'workflow' FROM merges WHERE state = 'pending_approval' AND {} ORDER BY id
    ON CONFLICT (merge_id) WHERE kind = 'plan_anew' AND attempts = 0 DO UPDATE SET due = outbox.due
"""
_PLAN_ANEW_OF_CONTACTS = text(
    _PLAN_ANEW.format("""
      id IS DISTINCT FROM CAST(:except_merge AS uuid)
      AND (device_snapshot->>'id' = ANY(:contact_ids) OR lookup_snapshot->>'id' = ANY(:contact_ids))
    """)
)
_PLAN_ANEW_IN_DATABASE = text(_PLAN_ANEW.format("database_id = :database_id"))
_LEASE = text(f"""
    WITH due AS (
      SELECT id FROM outbox
      WHERE sent IS NULL AND given_up IS NULL AND due <= now() AND channel = :channel
      ORDER BY due LIMIT :limit FOR UPDATE SKIP LOCKED
    ), leased AS (
      UPDATE outbox o SET attempts = o.attempts + 1, due = now() + :lease FROM due WHERE o.id = due.id RETURNING o.*
    )
    SELECT o.id, o.kind, o.channel, o.created, o.merge_id, o.attempts,
      m.database_id, m.workflow_id, m.run_id, m.deadline, cardinality(m.reasons) AS reasons,
      coalesce(p.email, '') AS recipient,
      m.state <> 'pending_approval' OR o.channel = 'email' AND NOT ({IS_REVIEWER}) AS is_moot
    FROM leased o JOIN merges m ON m.id = o.merge_id LEFT JOIN people p ON p.id = o.person_id
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
_PURGE = text("""
    DELETE FROM outbox WHERE id IN (
      SELECT id FROM outbox WHERE coalesce(sent, given_up) < now() - :kept LIMIT :limit FOR UPDATE SKIP LOCKED
    )
""")


@dataclass(frozen=True)
class Due:
    """A row that is one relay's until the lease ends. `recipient` is whom an e-mail is for, else empty.

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
    """A notice to each who may decide on the merge, by e-mail, and one to the webhook, where these channels exist.

    Of one kind at most once an hour: a plan may change with every merge of a contact, and people read the last one.
    """
    by = {"by_email": EMAIL in channels, "by_webhook": WEBHOOK in channels}
    await connection.execute(_NOTIFY, {"kind": kind, "merge_id": merge_id, "pause": _NOTICE_PAUSE, **by})


async def plan_anew(connection: AsyncConnection, contact_ids: Collection[int], except_merge: UUID | None) -> None:
    """Has the merges that wait for a person and were planned on one of these contacts look again after the commit."""
    ids = [str(contact_id) for contact_id in contact_ids]
    await connection.execute(_PLAN_ANEW_OF_CONTACTS, {"contact_ids": ids, "except_merge": except_merge})


async def plan_anew_in_database(connection: AsyncConnection, database_id: int) -> None:
    """The same for every merge of the database that waits for a person."""
    await connection.execute(_PLAN_ANEW_IN_DATABASE, {"database_id": database_id})


async def lease(store: Store, channel: str, limit: int) -> list[Due]:
    """Rows that are due, oldest first. Each is given to one relay; to another only if this one never reports."""
    async with store.statements() as connection:
        rows = await connection.execute(_LEASE, {"channel": channel, "limit": limit, "lease": LEASE})
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


async def purge(store: Store) -> int:
    """Deletes what was sent or given up long ago, so many at once; returns how many there were."""
    async with store.statements() as connection:
        return (await connection.execute(_PURGE, {"kept": KEPT, "limit": PURGED_AT_ONCE})).rowcount
