"""The claim of a merge id: who inserts it settles the merge, in the same transaction, never twice."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import MergeNotFound
from domain.plan import Outcome
from store.merges import MergeRow, merge_of

# A second attempt waits here until the first one's transaction has ended, and then inserts nothing. So does who would
# show another plan, or joins the request: what they do is before or after the end, never in between.
_CLAIM = text("""
    WITH merge AS (SELECT * FROM merges WHERE id = :merge_id FOR NO KEY UPDATE),
    claimed AS (
      INSERT INTO merge_executions (merge_id, attempt) SELECT id, :attempt FROM merge
      ON CONFLICT DO NOTHING RETURNING merge_id
    )
    SELECT merge.*, EXISTS (SELECT FROM claimed) AS is_claimed FROM merge
""")


async def claim(connection: AsyncConnection, merge_id: UUID, attempt: int) -> MergeRow | Outcome:
    """The merge, which this transaction has to settle, or the outcome that another attempt gave it.

    Raises MergeNotFound.
    """
    row = (await connection.execute(_CLAIM, {"merge_id": merge_id, "attempt": attempt})).one_or_none()
    if row is None:
        raise MergeNotFound
    if row.is_claimed:
        return merge_of(row)
    return Outcome(row.outcome)
