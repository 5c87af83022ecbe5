"""What of a database a viewer gets to: what they don't reach answers like what is not there."""

from collections.abc import Sequence

from domain.errors import DatabaseNotFound, Refusal
from store import databases
from store.databases import Database
from store.engine import Store
from store.tokens import Scope
from web.viewer import Viewer

LARGEST_ID = 2**63 - 1


def demand_reach(viewer: Viewer, scope: Scope, database_id: int | None, missing: type[Refusal]) -> int:
    """The database's id; raises `missing` for no database, and for one in which the viewer has no such scope."""
    if database_id is None or not viewer.may(scope, database_id):
        raise missing
    return database_id


async def reached(store: Store, viewer: Viewer, scope: Scope) -> Sequence[Database]:
    return await databases.list_all(store, viewer.token.reach(scope))


async def database_for(store: Store, viewer: Viewer, scope: Scope, database_id: int) -> Database:
    """Raises DatabaseNotFound."""
    return await databases.get(store, demand_reach(viewer, scope, database_id, DatabaseNotFound))


def entered_id(text: str) -> int | None:
    """An id as somebody typed it; None for what can be none."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(LARGEST_ID)) else 0
    return number if 1 <= number <= LARGEST_ID else None
