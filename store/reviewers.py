"""Who may decide on a merge."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

IS_REVIEWER = """
    p.disabled IS NULL
    AND EXISTS (SELECT FROM roles r WHERE r.person_id = p.id AND r.role = 'specialist'
                AND (r.database_id IS NULL OR r.database_id = m.database_id))
    AND NOT EXISTS (SELECT FROM merge_requesters q JOIN tokens t ON t.id = q.token_id
                    WHERE q.merge_id = m.id AND t.person_id = p.id)"""
"""Holds for a person `p` and a merge `m`: a specialist of its database who is none of its requesters."""

_DECIDABLE = text(f"""
    SELECT m.id FROM merges m, people p
    WHERE m.id = ANY(:merge_ids) AND m.state = 'pending_approval' AND p.id = :person_id AND {IS_REVIEWER}
""")  # noqa: S608 - our own text


async def decidable_among(connection: AsyncConnection, merge_ids: Collection[UUID], person_id: int) -> set[UUID]:
    """Those that wait, and that this person may decide on."""
    asked = {"merge_ids": list(merge_ids), "person_id": person_id}
    return set((await connection.execute(_DECIDABLE, asked)).scalars())
