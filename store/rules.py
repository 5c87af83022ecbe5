"""Reads what a database demands: its schema for writers, its policy for plans."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.approval import PLACEHOLDERS, ApprovalPolicy, Ask
from domain.columns import Column, ColumnType
from domain.contact_input import Schema
from domain.errors import DatabaseNotFound
from domain.plan import Outcome
from domain.policy import Policy, SurvivorRule

POLICY = """
    SELECT p.version AS policy_version, p.survivor, p.ask, p.outcomes, p.both_identified, p.emails_differ,
      p.devices_gained_over, p.identity_changed_within, p.deadline AS decide_within, p.reminder_percent,
      p.blocked_values,
      ARRAY(SELECT c.name FROM columns c WHERE c.database_id = p.database_id AND c.required
            ORDER BY c.name COLLATE "C") AS required_columns,
      ARRAY(SELECT k.name FROM lookup_keys k WHERE k.database_id = p.database_id AND k.status = 'ACTIVE'
            ORDER BY k.name COLLATE "C") AS lookup_keys
    FROM policies p WHERE p.database_id = :database_id ORDER BY p.version DESC LIMIT 1
"""
_POLICY = text(POLICY)
_SCHEMA = text("""
    SELECT c.name, c.type, c.required, c.selections, coalesce(k.status = 'ACTIVE', false) AS is_lookup_key,
      CASE WHEN k.status = 'ACTIVE' THEN
        (SELECT p.blocked_values FROM policies p WHERE p.database_id = :database_id ORDER BY p.version DESC LIMIT 1)
      END AS blocked_values
    FROM columns c LEFT JOIN lookup_keys k ON k.database_id = c.database_id AND k.name = c.name
    WHERE c.database_id = :database_id
""")
_FACTS = text("""
    SELECT d.keyed,
      EXISTS (SELECT FROM qualifiers q WHERE q.database_id = d.id AND q.channel = :channel AND q.name = :qualifier)
        AS has_qualifier,
      c.name, c.type, c.required, c.selections,
      (SELECT p.blocked_values FROM policies p WHERE p.database_id = d.id ORDER BY p.version DESC LIMIT 1)
        AS blocked_values
    FROM databases d
    LEFT JOIN lookup_keys k ON k.database_id = d.id AND k.name = :name AND k.status = 'ACTIVE'
    LEFT JOIN columns c ON c.database_id = k.database_id AND c.name = k.name
    WHERE d.id = :database_id
""")


@dataclass(frozen=True)
class RequestFacts:
    """What the edge must know of a database before it starts a run; `lookup_key` is the column of an active one."""

    keyed: bool
    has_qualifier: bool
    lookup_key: Column | None
    blocked_values: tuple[str, ...]


async def read_policy(connection: AsyncConnection, database_id: int) -> Policy:
    row = (await connection.execute(_POLICY, {"database_id": database_id})).one_or_none()
    if row is None:
        raise DatabaseNotFound
    return policy_of(row)


def policy_of(row: Row[Any]) -> Policy:
    """What `POLICY` selected."""
    return Policy(row.policy_version, SurvivorRule(row.survivor), tuple(row.required_columns), tuple(row.lookup_keys))


def approval_of(row: Row[Any]) -> ApprovalPolicy:
    """What `POLICY` selected, of who is asked."""
    return ApprovalPolicy(
        ask=Ask(row.ask),
        outcomes=frozenset(Outcome(one) for one in row.outcomes),
        both_identified=row.both_identified,
        emails_differ=row.emails_differ,
        devices_gained_over=row.devices_gained_over,
        identity_changed_within=row.identity_changed_within,
        deadline=row.decide_within,
        reminder_percent=row.reminder_percent,
        blocked_values=_blocked_values(row),
    )


async def read_approval_policy(connection: AsyncConnection, database_id: int) -> tuple[Policy, ApprovalPolicy]:
    """Both halves of the policy that stands. Raises DatabaseNotFound."""
    row = (await connection.execute(_POLICY, {"database_id": database_id})).one_or_none()
    if row is None:
        raise DatabaseNotFound
    return policy_of(row), approval_of(row)


async def read_schema(connection: AsyncConnection, database_id: int) -> Schema:
    rows = (await connection.execute(_SCHEMA, {"database_id": database_id})).all()
    keys = [row for row in rows if row.is_lookup_key]
    return Schema(
        columns={row.name: _column(row) for row in rows},
        lookup_keys=frozenset(row.name for row in keys),
        blocked_values=_blocked_values(keys[0]) if keys else (),
    )


async def read_request_facts(
    connection: AsyncConnection, database_id: int, channel: str, qualifier: str, name: str
) -> RequestFacts:
    parameters = {"database_id": database_id, "channel": channel, "qualifier": qualifier, "name": name}
    row = (await connection.execute(_FACTS, parameters)).one_or_none()
    if row is None:
        raise DatabaseNotFound
    lookup_key = None if row.name is None else _column(row)
    return RequestFacts(row.keyed, row.has_qualifier, lookup_key, _blocked_values(row))


def _blocked_values(row: Row[Any]) -> tuple[str, ...]:
    return PLACEHOLDERS if row.blocked_values is None else tuple(row.blocked_values)


def _column(row: Row[Any]) -> Column:
    return Column(row.name, ColumnType(row.type), row.required, tuple(row.selections))
