"""What was found to change nothing is planned again under lock: by then it may change something."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.address import Address, Channel
from domain.errors import DecisionRequired
from domain.identity import Identity
from domain.plan import Outcome
from domain.request import MergeRequest
from ledger.merge_record import Execution
from store import merge_transaction, proposals
from store.engine import Store
from store.plans import Planned, read_plan_under_lock
from store.proposals import Proposal
from tests.scenarios.approvals import asks
from tests.tenant import APP_KEY, Tenant

DEVICE, VALUE = "m1|c1", "777374"
Happens = Callable[[], Awaitable[Any]]


def asked_by(tenant: Tenant) -> tuple[MergeRequest, Execution]:
    requester = tenant.http.headers["Authorization"].split("_")[1]
    request = MergeRequest(tenant.id, Address(Channel.PUSH, APP_KEY, DEVICE), Identity("userId", VALUE))
    return request, Execution(uuid4(), "establish-identity-test", "run", 1, requester)


def before_the_lock(monkeypatch: pytest.MonkeyPatch, module: Any, happens: Happens) -> None:
    """Something happens, once, between what was planned and the plan under lock."""
    waiting = [happens]

    async def read(connection: AsyncConnection, request: MergeRequest) -> Planned:
        while waiting:
            await waiting.pop()()
        return await read_plan_under_lock(connection, request)

    monkeypatch.setattr(module, "read_plan_under_lock", read)


async def claims(store: Store, execution: Execution) -> int:
    counted = text("SELECT count(*) FROM merge_executions WHERE merge_id = :id")
    async with store.transaction() as connection:
        return int((await connection.execute(counted, {"id": execution.merge_id})).scalar_one())


async def state(store: Store, execution: Execution) -> tuple[str, str | None]:
    query = text("SELECT state, outcome FROM merges WHERE id = :id")
    async with store.transaction() as connection:
        row = (await connection.execute(query, {"id": execution.merge_id})).one()
    return row.state, row.outcome


async def end(store: Store, execution: Execution) -> None:
    """No request stays open that has no run."""
    outcome = await merge_transaction.settle_unchanged(store, execution.merge_id, "run", 1)
    assert outcome is Outcome.NOT_FOUND


async def test_a_device_that_is_registered_meanwhile_is_not_told_to_be_missing(
    tenant: Tenant, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    request, execution = asked_by(tenant)
    before_the_lock(monkeypatch, merge_transaction, lambda: tenant.register(DEVICE))

    prepared = await merge_transaction.prepare(store, request, execution)

    assert isinstance(prepared, Planned)
    assert await claims(store, execution) == 0, "nothing has settled it"
    assert await state(store, execution) == ("merging", None)
    assert await merge_transaction.merge(store, execution.merge_id, "run", 1) is Outcome.ASSIGNED
    assert await claims(store, execution) == 1


async def test_and_where_a_person_has_to_be_asked_by_then_the_merge_says_so(
    tenant: Tenant, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asks(tenant)
    await tenant.create(custom={"userId": VALUE})
    request, execution = asked_by(tenant)
    before_the_lock(monkeypatch, merge_transaction, lambda: tenant.register(DEVICE))
    assert isinstance(await merge_transaction.prepare(store, request, execution), Planned)

    with pytest.raises(DecisionRequired):
        await merge_transaction.merge(store, execution.merge_id, "run", 1)

    assert (await claims(store, execution), await state(store, execution)) == (0, ("merging", None))
    shown = await proposals.propose(store, execution.merge_id, "run", 1, "contacts-changed", frozenset())
    assert isinstance(shown, Proposal)
    assert shown.revision == 1
    with pytest.raises(DecisionRequired):
        await merge_transaction.merge(store, execution.merge_id, "run", 1)
    await remove(tenant)
    await end(store, execution)


async def test_a_policy_that_begins_to_ask_after_the_plan_is_obeyed_by_the_merge(tenant: Tenant, store: Store) -> None:
    await tenant.create(custom={"userId": VALUE})
    await tenant.register(DEVICE)
    request, execution = asked_by(tenant)
    prepared = await merge_transaction.prepare(store, request, execution)
    assert isinstance(prepared, Planned)
    assert prepared.reasons == ()

    await asks(tenant)
    with pytest.raises(DecisionRequired):
        await merge_transaction.merge(store, execution.merge_id, "run", 1)

    assert (await claims(store, execution), await state(store, execution)) == (0, ("merging", None))
    await remove(tenant)
    await end(store, execution)


async def test_a_policy_that_asks_no_more_does_not_let_pass_what_was_held_back(tenant: Tenant, store: Store) -> None:
    """Whoever turns it off for a moment has not approved what waits."""
    await asks(tenant)
    await tenant.create(custom={"userId": VALUE})
    await tenant.register(DEVICE)
    request, execution = asked_by(tenant)
    prepared = await merge_transaction.prepare(store, request, execution)
    assert isinstance(prepared, Planned)
    assert prepared.reasons
    await asks(tenant, ask="never")

    for _ in range(2):
        with pytest.raises(DecisionRequired):
            await merge_transaction.merge(store, execution.merge_id, "run", 1)
        await proposals.propose(store, execution.merge_id, "run", 1, "contacts-changed", frozenset())

    await remove(tenant)
    await end(store, execution)


async def test_a_proposal_that_changes_nothing_under_lock_and_something_after_is_made_again(
    tenant: Tenant, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The device goes and comes back between the two looks at it."""
    await asks(tenant, outcomes=["assigned"])
    await tenant.register(DEVICE)
    request, execution = asked_by(tenant)
    assert isinstance(await merge_transaction.prepare(store, request, execution), Planned)
    await remove(tenant)
    before_the_lock(monkeypatch, merge_transaction, lambda: tenant.register(DEVICE))

    shown = await proposals.propose(store, execution.merge_id, "run", 1, "contacts-changed", frozenset())

    assert isinstance(shown, Proposal)
    assert await state(store, execution) == ("pending_approval", None)
    await remove(tenant)
    gone = await proposals.propose(store, execution.merge_id, "run", 1, "contacts-changed", frozenset())
    assert gone is Outcome.NOT_FOUND
    await tenant.register(DEVICE)
    again = await proposals.propose(store, execution.merge_id, "run", 2, "contacts-changed", frozenset())
    assert again is Outcome.NOT_FOUND, "a later attempt returns what the first one did"


async def remove(tenant: Tenant) -> None:
    device = (await tenant.by_channel(DEVICE)).json()["channels"][0]["id"]
    assert (await tenant.http.delete(f"/v1/databases/{tenant.id}/devices/{device}")).status_code == 204
