"""Plans: what a request would do to what is stored at this moment."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import DatabaseNotFound
from domain.plan import Plan
from domain.request import MergeRequest
from domain.ruleset import make_plan
from store.engine import RowsChanged, Store
from store.locks import lock_request
from store.rules import POLICY, policy_of
from store.snapshots import PAIR, contact_of, lock_pair, pair_parameters

# One statement, and so of one moment: the policy with each of the contacts, or alone where there is none.
_INPUTS = text(f"SELECT * FROM ({POLICY}) policy LEFT JOIN ({PAIR}) contact ON true")  # noqa: S608 - our own text


async def preview(store: Store, request: MergeRequest) -> Plan:
    """The plan of this moment; changes nothing."""
    async with store.statements() as connection:
        return await read_plan(connection, request)


async def read_plan(connection: AsyncConnection, request: MergeRequest) -> Plan:
    """Raises DatabaseNotFound."""
    rows = (await connection.execute(_INPUTS, pair_parameters(request))).all()
    if not rows:
        raise DatabaseNotFound
    contacts = [contact_of(row) for row in rows if row.id is not None]
    held = (request.identity.name, request.identity.value)
    return make_plan(
        next((c for c in contacts if any(device.address == request.address for device in c.devices)), None),
        next((c for c in contacts if held in c.identities.items()), None),
        request,
        policy_of(rows[0]),
    )


async def read_plan_under_lock(connection: AsyncConnection, request: MergeRequest) -> Plan:
    """A plan that stays true until the transaction ends. Raises RowsChanged where it is not about what was locked."""
    await lock_request(connection, request.database_id, request.identity)
    locked = await lock_pair(connection, request)
    plan = await read_plan(connection, request)
    if not {contact.id for contact in (plan.device_contact, plan.lookup_contact) if contact} <= locked:
        raise RowsChanged
    return plan
