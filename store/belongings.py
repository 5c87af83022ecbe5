"""What lies beside a contact's row and comes along with it: messages, events, and the lists that it is in."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_BELONGINGS = text("""
    SELECT c.id,
      (SELECT count(*) FROM inbox_messages m WHERE m.contact_id = c.id AND m.archived_by IS NULL
       AND (m.expires IS NULL OR m.expires > now())) AS messages,
      (SELECT count(*) FROM events e WHERE e.contact_id = c.id) AS events,
      ARRAY(SELECT l.name FROM contact_lists l JOIN contact_list_members m ON m.list_id = l.id
            WHERE m.contact_id = c.id ORDER BY l.name) AS lists
    FROM contacts c WHERE c.id = ANY(:contact_ids)
""")
_NAMES = text("SELECT id, name FROM contact_lists WHERE id = ANY(:list_ids)")
_ARCHIVED = text("SELECT count(*) FROM inbox_messages WHERE archived_by = :merge_id")


@dataclass(frozen=True)
class Belongings:
    """`messages` are those that its inbox shows, `lists` their names."""

    messages: int
    events: int
    lists: tuple[str, ...]


async def read_belongings(connection: AsyncConnection, contact_ids: Collection[int]) -> Mapping[int, Belongings]:
    """Of each contact as it is now."""
    rows = await connection.execute(_BELONGINGS, {"contact_ids": list(contact_ids)})
    return {row.id: Belongings(row.messages, row.events, tuple(row.lists)) for row in rows}


async def list_names(connection: AsyncConnection, list_ids: Collection[int]) -> Mapping[int, str]:
    rows = await connection.execute(_NAMES, {"list_ids": list(list_ids)})
    return {row.id: row.name for row in rows}


async def count_archived(connection: AsyncConnection, merge_id: UUID) -> int:
    """The messages that a merge archived."""
    return int((await connection.execute(_ARCHIVED, {"merge_id": merge_id})).scalar_one())
