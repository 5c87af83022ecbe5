"""What the inbox is filtered by. It stands in the URL as its form sends it: what is not chosen is empty there."""

from typing import Annotated

from fastapi import Query

from domain.approval import Reason
from domain.errors import DatabaseNotFound
from store.inbox import Filter
from store.tokens import Scope
from web.reach import demand_reach, entered_id
from web.viewer import Viewer

Chosen = Annotated[str, Query(max_length=200)]


def chosen_filter(viewer: Viewer, database: str, reason: str) -> Filter:
    """Raises DatabaseNotFound; a reason that does not exist is not filtered by."""
    database_id = None
    if database:
        database_id = demand_reach(viewer, Scope.MERGES_READ, entered_id(database), DatabaseNotFound)
    return Filter(database_id, reason if reason in set(Reason) else None)


def in_query(wanted: Filter) -> str:
    """As it goes on in a URL that has a query."""
    given = {"database": wanted.database_id, "reason": wanted.reason}
    return "".join(f"&{name}={value}" for name, value in given.items() if value)
