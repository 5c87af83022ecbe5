"""Merges whose run is lost: stored by one that has never been."""

from uuid import UUID, uuid4

from domain.address import Address, Channel
from domain.identity import Identity
from domain.request import MergeRequest
from ledger.merge_record import Execution
from store import merge_transaction
from store.engine import Store
from store.plans import Planned
from tests.tenant import APP_KEY, Tenant


async def lost_merge(tenant: Tenant, store: Store, value: str = "777374") -> UUID:
    """Of a new device, m1|c1."""
    await tenant.register("m1|c1")
    return await lost_request(tenant, store, value)


async def lost_request(tenant: Tenant, store: Store, value: str) -> UUID:
    requester = tenant.http.headers["Authorization"].split("_")[1]
    request = MergeRequest(tenant.id, Address(Channel.PUSH, APP_KEY, "m1|c1"), Identity("userId", value))
    execution = Execution(uuid4(), f"establish-identity-{tenant.id}", str(uuid4()), 1, requester)
    assert isinstance(await merge_transaction.prepare(store, request, execution), Planned)
    return execution.merge_id
