"""Plans: what a request would do to what is stored at this moment, and whether a person has to be asked."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.approval import ApprovalPolicy, Reason, reasons_to_ask
from domain.contact import Contact
from domain.errors import DatabaseNotFound
from domain.plan import Outcome, Plan
from domain.request import MergeRequest
from domain.ruleset import make_plan
from store.engine import RowsChanged, Store
from store.kept_apart import are_kept_apart
from store.locks import lock_request
from store.rules import POLICY, approval_of, policy_of
from store.snapshots import PAIR, contact_of, lock_pair, pair_parameters

# One statement, and so of one moment: the policy with each of the contacts, or alone where there is none.
_INPUTS = text(f"""
    SELECT *,
      EXISTS (SELECT FROM kept_apart n WHERE n.database_id = :database_id AND n.lifted IS NULL) AS keeps_apart,
      EXISTS (SELECT FROM merges m WHERE m.database_id = :database_id AND m.state = 'pending_approval') AS has_pending
    FROM ({POLICY}) policy LEFT JOIN ({PAIR}) contact ON true
""")  # noqa: S608 - our own text
_LAST_CHANGED = text("SELECT now() - identities_changed FROM contacts WHERE id = :id")


@dataclass(frozen=True)
class Planned:
    """A plan, and what stands between it and its execution.

    `reasons`: why a person has to decide, if one has to. `kept_apart`: a person decided before that these two are not
    the same. `has_pending`: requests of this database wait for a person, who may have been shown these contacts.
    """

    plan: Plan
    approval: ApprovalPolicy
    reasons: tuple[Reason, ...]
    kept_apart: bool
    has_pending: bool

    @property
    def ended(self) -> Outcome | None:
        """The outcome where it is another than the plan's."""
        return Outcome.REJECTED if self.kept_apart else None

    @property
    def outcome(self) -> Outcome:
        return self.ended or self.plan.outcome


async def preview(store: Store, request: MergeRequest) -> Plan:
    """The plan of this moment; changes nothing."""
    async with store.statements() as connection:
        return (await read_plan(connection, request)).plan


async def read_plan(connection: AsyncConnection, request: MergeRequest) -> Planned:
    """Raises DatabaseNotFound."""
    rows = (await connection.execute(_INPUTS, pair_parameters(request))).all()
    if not rows:
        raise DatabaseNotFound
    contacts = [contact_of(row) for row in rows if row.id is not None]
    held = (request.identity.name, request.identity.value)
    plan = make_plan(
        next((c for c in contacts if any(device.address == request.address for device in c.devices)), None),
        next((c for c in contacts if held in c.identities.items()), None),
        request,
        policy_of(rows[0]),
    )
    approval = approval_of(rows[0])
    return Planned(
        plan=plan,
        approval=approval,
        reasons=await _reasons(connection, plan, approval),
        kept_apart=rows[0].keeps_apart and await _kept_apart(connection, plan),
        has_pending=rows[0].has_pending,
    )


async def read_plan_under_lock(connection: AsyncConnection, request: MergeRequest) -> Planned:
    """A plan that stays true until the transaction ends, but for a device that nobody has registered.

    Raises RowsChanged where it is not about what was locked.
    """
    await lock_request(connection, request.database_id, request.identity)
    locked = await lock_pair(connection, request)
    planned = await read_plan(connection, request)
    if not {contact.id for contact in _pair(planned.plan)} <= locked:
        raise RowsChanged
    return planned


async def _reasons(connection: AsyncConnection, plan: Plan, approval: ApprovalPolicy) -> tuple[Reason, ...]:
    if approval.identity_changed_within is None or plan.device_contact is None:
        return reasons_to_ask(plan, approval, None)
    last_changed = (await connection.execute(_LAST_CHANGED, {"id": plan.device_contact.id})).scalar_one()
    return reasons_to_ask(plan, approval, last_changed)


async def _kept_apart(connection: AsyncConnection, plan: Plan) -> bool:
    if plan.outcome is not Outcome.MERGED:
        return False
    one, other = _pair(plan)
    return await are_kept_apart(connection, one.id, other.id)


def _pair(plan: Plan) -> list[Contact]:
    return [contact for contact in (plan.device_contact, plan.lookup_contact) if contact]
