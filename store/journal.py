"""The journal: what happened, recorded in the transaction in which it happened, and sealed into the chain afterwards.

It takes no lock of the chain, so that who records waits for nobody.
"""

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.events import Event, EventKind

_RECORD = text("""
    INSERT INTO ledger_events (database_id, kind, merge_id, contact_id, person_id, token_id, detail, encrypted)
    SELECT e.database_id, e.kind, e.merge_id, e.contact_id, coalesce(e.person_id, t.person_id), e.token_id, e.detail,
      decode(e.encrypted, 'hex')
    FROM ROWS FROM (
      jsonb_to_recordset(:events) AS (
        database_id bigint, kind text, merge_id uuid, contact_id bigint, person_id bigint, token_id text, detail jsonb,
        encrypted text)
    ) WITH ORDINALITY AS e (database_id, kind, merge_id, contact_id, person_id, token_id, detail, encrypted, place)
    LEFT JOIN tokens t ON t.id = e.token_id AND t.owner_kind = 'person'
    ORDER BY e.place
""").bindparams(bindparam("events", type_=JSONB))


async def record(connection: AsyncConnection, *events: Event) -> None:
    """In the same transaction as what they tell: both are there, or neither."""
    await connection.execute(_RECORD, {"events": [_row(event) for event in events]})


def recording(
    kind: EventKind,
    source: str,
    *,
    database_id: str = "r.database_id",
    merge_id: str = "NULL",
    contact_id: str = "NULL",
    by: str = "r.token_id",
    detail: str = "'{}'",
) -> str:
    """SQL that records an event for each row `r` of `source`, for a statement that does in one what it tells.

    The columns are SQL too; `by` is the token.
    """
    return f"""
        INSERT INTO ledger_events (database_id, kind, merge_id, contact_id, person_id, token_id, detail)
        SELECT {database_id}, '{kind}', {merge_id}, {contact_id}, t.person_id, {by}, {detail}
        FROM {source} r LEFT JOIN tokens t ON t.id = {by} AND t.owner_kind = 'person'
    """  # noqa: S608 - our own text


def _row(event: Event) -> dict[str, object]:
    return {
        "database_id": event.database_id,
        "kind": event.kind,
        "merge_id": event.merge_id and str(event.merge_id),
        "contact_id": event.contact_id,
        "person_id": event.person_id,
        "token_id": event.token_id,
        "detail": dict(event.detail),
        "encrypted": event.encrypted and event.encrypted.hex(),
    }
