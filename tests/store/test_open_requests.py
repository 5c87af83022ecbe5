"""What is planned is planned again when it is executed: the database may have changed meanwhile."""

from uuid import uuid4

import pytest

from domain.address import Address, Channel
from domain.errors import IdentityBlocked, ScopeMissing
from domain.identity import Identity
from domain.plan import Outcome
from domain.request import MergeRequest
from ledger.merge_record import Execution
from store import lookup_keys, merge_transaction
from store.engine import Store
from store.merges import read_merge
from store.plans import Planned
from tests.tenant import APP_KEY, Tenant


async def test_a_lookup_key_that_is_deleted_blocks_the_requests_that_were_open(tenant: Tenant, store: Store) -> None:
    device = await tenant.register("m1|c1")
    holder = await tenant.create(custom={"userId": "777374"})
    requester = tenant.http.headers["Authorization"].split("_")[1]
    request = MergeRequest(tenant.id, Address(Channel.PUSH, APP_KEY, "m1|c1"), Identity("userId", "777374"))
    execution = Execution(uuid4(), "establish-identity-test", "run", 1, requester)
    assert isinstance(await merge_transaction.prepare(store, request, execution), Planned)

    await lookup_keys.remove(store, tenant.id, "userId")

    assert await merge_transaction.merge(store, execution.merge_id, "run", 1) is Outcome.BLOCKED
    assert {(await tenant.contact(one))["id"] for one in (device, holder)} == {device, holder}
    async with store.transaction() as connection:
        row = await read_merge(connection, execution.merge_id)
    assert row.plan["blockers"] == [{"code": "lookup-key-inactive", "name": "userId"}]


async def test_a_run_that_brings_a_blocked_value_gives_it_to_nobody(tenant: Tenant, store: Store) -> None:
    await tenant.register("m1|c1")
    requester = tenant.http.headers["Authorization"].split("_")[1]
    request = MergeRequest(tenant.id, Address(Channel.PUSH, APP_KEY, "m1|c1"), Identity("userId", "unknown"))
    execution = Execution(uuid4(), "establish-identity-test", "run", 1, requester)
    with pytest.raises(IdentityBlocked):
        await merge_transaction.prepare(store, request, execution)
    assert (await tenant.by_identity("unknown")).status_code in {404, 422}


async def test_a_run_that_names_a_token_without_the_right_merges_nothing(tenant: Tenant, store: Store) -> None:
    await tenant.register("m1|c1")
    request = MergeRequest(tenant.id, Address(Channel.PUSH, APP_KEY, "m1|c1"), Identity("userId", "777374"))
    execution = Execution(uuid4(), "establish-identity-test", "run", 1, "nobody00")
    with pytest.raises(ScopeMissing):
        await merge_transaction.prepare(store, request, execution)
    assert (await tenant.by_identity("777374")).status_code == 404
