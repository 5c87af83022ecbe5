"""Policies: versioned data. No row is ever changed; the one with the highest version stands."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import insert, select

from domain.approval import PLACEHOLDERS, ApprovalPolicy
from domain.errors import PolicyStale
from domain.policy import Policy, SurvivorRule
from domain.policy_change import PolicyChange, changed
from ledger.events import Event, EventKind
from store import outbox
from store.engine import Store
from store.journal import record
from store.locks import lock_schema
from store.rules import approval_of, read_approval_policy
from store.tables import people, policies, tokens


@dataclass(frozen=True)
class PolicyVersion:
    """What a version said. Required columns and lookup keys are the database's own and have no versions.

    `changed_by` is the token that it was made with, and `person` whose that was; None: the operator, by the command.
    """

    version: int
    created: datetime
    changed_by: str | None
    person: str | None
    survivor: SurvivorRule
    approval: ApprovalPolicy


async def get(store: Store, database_id: int) -> tuple[Policy, ApprovalPolicy]:
    """The policy that stands."""
    async with store.statements() as connection:
        return await read_approval_policy(connection, database_id)


async def change(
    store: Store, database_id: int, wanted: PolicyChange, changed_by: str | None = None, *, seen: int | None = None
) -> tuple[Policy, ApprovalPolicy]:
    """A new version where something differs: what is executed from then on is planned under it.

    What waits for a person is shown anew. `changed_by` is the token of whoever wants it; None: the operator. `seen` is
    the version that it is to follow: raises PolicyStale where another one stands by now, which it would undo.
    """
    async with store.transaction() as connection:
        await lock_schema(connection, database_id)
        policy, before = await read_approval_policy(connection, database_id)
        if seen not in {None, policy.version}:
            raise PolicyStale(version=policy.version)
        survivor, after = wanted.survivor or policy.survivor, changed(before, wanted)
        if (survivor, after) != (policy.survivor, before):
            version = {"database_id": database_id, "version": policy.version + 1, "survivor": survivor.value}
            values = {**version, **_columns(after), "changed_by": changed_by}
            await connection.execute(insert(policies).values(values))
            told = {
                "before": policy.version,
                "version": policy.version + 1,
                "members": _differing(policy.survivor, before, survivor, after),
            }
            event = Event(EventKind.POLICY_CHANGED, database_id, token_id=changed_by, detail=told)
            await record(connection, event)
            await outbox.plan_anew_in_database(connection, database_id)
        return await read_approval_policy(connection, database_id)


async def history(store: Store, database_id: int) -> list[PolicyVersion]:
    """Every version, the newest first. Raises DatabaseNotFound."""
    async with store.transaction() as connection:
        await read_approval_policy(connection, database_id)
        rows = await connection.execute(
            select(policies, policies.c.deadline.label("decide_within"), people.c.name.label("person"))
            .outerjoin(tokens, tokens.c.id == policies.c.changed_by)
            .outerjoin(people, people.c.id == tokens.c.person_id)
            .where(policies.c.database_id == database_id)
            .order_by(policies.c.version.desc())
        )
        return [
            PolicyVersion(
                row.version, row.created, row.changed_by, row.person, SurvivorRule(row.survivor), approval_of(row)
            )
            for row in rows
        ]


def _differing(
    survivor_before: SurvivorRule, before: ApprovalPolicy, survivor: SurvivorRule, after: ApprovalPolicy
) -> list[str]:
    """The names of what changed; what it changed to stands in the versions."""
    old, new = ({"survivor": rule, **vars(one)} for rule, one in ((survivor_before, before), (survivor, after)))
    return sorted(name for name in new if new[name] != old[name])


def _columns(approval: ApprovalPolicy) -> dict[str, object]:
    blocked = approval.blocked_values
    return {
        **asdict(approval),
        "ask": approval.ask.value,
        "outcomes": sorted(outcome.value for outcome in approval.outcomes),
        "blocked_values": None if blocked == PLACEHOLDERS else list(blocked),
    }
