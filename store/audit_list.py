"""Which merges an auditor asks for, newest first: by who had to do with them, what became of them, and why."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from store.engine import Store
from store.inbox import ITEMS, Item, item_of
from store.lineage import family_of
from store.merges import Position

_BATCH = 500

# Only what is asked for stands in a query: each way then has the index that fits it. What has none (rules, versions,
# decisions) is looked for from the newest merge on.
_CONDITIONS = {
    "reach": "m.database_id = ANY(:reach)",
    "database_id": "m.database_id = :database_id",
    "person_id": "m.id IN (SELECT e.merge_id FROM ledger_events e WHERE e.person_id = :person_id)",
    "family": "(m.device_snapshot ->> 'id' = ANY(:family) OR m.lookup_snapshot ->> 'id' = ANY(:family))",
    "decision": "d.kind = :decision",
    "outcome": "m.outcome = :outcome",
    "since": "m.requested >= :since",
    "until": "m.requested < :until",
    "rule": "(m.plan -> 'fields' @> :rule OR m.plan -> 'identities' @> :rule)",
    "policy_version": "m.plan -> 'policy' ->> 'version' = :policy_version",
    "kind": "EXISTS (SELECT FROM ledger_events e WHERE e.merge_id = m.id AND e.kind = :kind)",
    "after": "(m.requested, m.id) < (:after_requested, :after_id)",
}


@dataclass(frozen=True)
class Wanted:
    """What is asked for; None: any. `contact_id` stands for everybody who is one with that contact today.

    `person_id` did something about the merge, `kind` is an event that it has, `policy_version` that of its plan.
    `since` and `until` bound when it was asked for; `until` is no part of it.
    """

    database_id: int | None = None
    person_id: int | None = None
    contact_id: int | None = None
    decision: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    rule: str | None = None
    policy_version: int | None = None
    kind: str | None = None


async def list_merges(
    connection: AsyncConnection,
    reach: Sequence[int] | None,
    wanted: Wanted,
    *,
    after: Position | None = None,
    limit: int,
) -> list[Item]:
    """A page, in these databases (None: in all)."""
    query, parameters = _query(reach, wanted, await _family(connection, wanted), after, limit)
    return [item_of(row) for row in await connection.execute(query, parameters)]


async def all_merges(store: Store, reach: Sequence[int] | None, wanted: Wanted) -> AsyncIterator[list[Item]]:
    """All of them, of one moment, in batches: nothing is held but one."""
    async with store.snapshot() as connection:
        after, items = None, None
        while items is None or len(items) == _BATCH:
            items = await list_merges(connection, reach, wanted, after=after, limit=_BATCH)
            if items:
                yield items
                after = Position(items[-1].merge.requested, items[-1].merge.id)


async def _family(connection: AsyncConnection, wanted: Wanted) -> list[str] | None:
    if wanted.contact_id is None:
        return None
    return [str(one.id) for one in await family_of(connection, wanted.contact_id)]


def _query(
    reach: Sequence[int] | None, wanted: Wanted, family: list[str] | None, after: Position | None, limit: int
) -> tuple[TextClause, dict[str, Any]]:
    asked = {one.name: getattr(wanted, one.name) for one in fields(wanted)}
    asked |= {"reach": reach, "family": family, "after": after}
    asked.pop("contact_id")
    given = {name: value for name, value in asked.items() if value is not None}
    conditions = " AND ".join(_CONDITIONS[name] for name in given) or "true"
    query = text(f"{ITEMS} WHERE {conditions} ORDER BY m.requested DESC, m.id DESC LIMIT :limit")
    return _bound(query, given), {**_parameters(given), "limit": limit}


def _bound(query: TextClause, given: dict[str, Any]) -> TextClause:
    return query.bindparams(bindparam("rule", type_=JSONB)) if "rule" in given else query


def _parameters(given: dict[str, Any]) -> dict[str, Any]:
    """As the conditions name them."""
    parameters = dict(given)
    if after := parameters.pop("after", None):
        parameters |= {"after_requested": after.requested, "after_id": after.id}
    if "rule" in parameters:
        parameters["rule"] = [{"rule": parameters["rule"]}]
    if "policy_version" in parameters:
        parameters["policy_version"] = str(parameters["policy_version"])
    return parameters
