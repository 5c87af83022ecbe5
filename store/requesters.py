"""Who asked for a merge, by the name that people know: the service's, or the person's address."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from store.merges import MergeRow
from store.tables import tokens


async def requesters_of(connection: AsyncConnection, merges: Sequence[MergeRow]) -> Mapping[UUID, str]:
    asked = {merge.requester for merge in merges}
    owners = await connection.execute(select(tokens.c.id, tokens.c.owner).where(tokens.c.id.in_(asked)))
    names = {row.id: row.owner for row in owners}
    return {merge.id: names[merge.requester] for merge in merges}
