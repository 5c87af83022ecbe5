"""What ends a request without executing it: once, only one that waits, and only as somebody decided who may."""

import asyncio
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.address import Address, Channel
from domain.approval import Ask
from domain.decision import Kind
from domain.errors import DeadlineAhead, DecisionNotFound, DecisionRequired, MergeNotFound, MergeNotPending
from domain.identity import Identity
from domain.plan import Outcome
from domain.policy_change import PolicyChange
from domain.request import MergeRequest
from ledger.merge_record import Execution
from store import decisions, endings, invariants, kept_apart, merge_transaction, policies
from store.decisions import Decider, Given
from store.engine import Store
from store.merges import read_merge
from store.plans import Planned, read_plan_under_lock
from tests.chaos.rows import entries
from tests.scenarios.approvals import asks
from tests.store.scratch import Scratch
from tests.store.world import ASKING, World, contact, expire, propose, settle
from tests.tenant import APP_KEY, Tenant

RUN = "run"


async def waits(scratch: Scratch) -> UUID:
    requester = await one(scratch, "SELECT requester FROM merges LIMIT 1")
    return await propose(scratch.store, requester, uuid4().hex)


async def one(scratch: Scratch, query: str) -> str:
    async with scratch.store.transaction() as connection:
        return str((await connection.exec_driver_sql(query)).scalar_one())


async def test_a_later_attempt_returns_what_the_first_one_did(scratch: Scratch) -> None:
    merge_id = await waits(scratch)
    before = await entries(scratch.store, ASKING)

    ended = [await expire(scratch.store, merge_id, attempt) for attempt in (1, 2, 3)]

    assert ended == [Outcome.EXPIRED] * 3
    assert await endings.end(scratch.store, merge_id, RUN, 4, Kind.REJECT, uuid4()) is Outcome.EXPIRED
    after = await entries(scratch.store, ASKING)
    assert after == {**before, "merge.expired": before["merge.expired"] + 1}


async def test_before_its_deadline_nothing_expires(scratch: Scratch) -> None:
    """Whoever can write to Temporal can have it said that the time is up."""
    merge_id = await waits(scratch)
    before = await entries(scratch.store, ASKING)

    with pytest.raises(DeadlineAhead):
        await endings.end(scratch.store, merge_id, RUN, 1, None, None)

    assert await one(scratch, f"SELECT state FROM merges WHERE id = '{merge_id}'") == "pending_approval"
    assert await entries(scratch.store, ASKING) == before
    assert await expire(scratch.store, merge_id) is Outcome.EXPIRED


async def test_what_was_decided_is_not_ended_again_by_the_deadline(scratch: Scratch, world: World) -> None:
    for outcome in (Outcome.REJECTED, Outcome.WITHDRAWN):
        assert await endings.end(scratch.store, world.merges[outcome], RUN, 2, None, None) is outcome
    assert await endings.end(scratch.store, world.approved, RUN, 2, None, None) is Outcome.MERGED


@pytest.mark.parametrize("kind", [Kind.REJECT, Kind.WITHDRAW])
async def test_without_a_decision_it_waits_on(scratch: Scratch, kind: Kind) -> None:
    merge_id = await waits(scratch)
    for decision_id, expected in ((None, DecisionRequired), (uuid4(), DecisionNotFound)):
        with pytest.raises(expected):
            await endings.end(scratch.store, merge_id, RUN, 1, kind, decision_id)
    assert await one(scratch, f"SELECT state FROM merges WHERE id = '{merge_id}'") == "pending_approval"
    assert await one(scratch, f"SELECT count(*) FROM merge_executions WHERE merge_id = '{merge_id}'") == "0"


async def test_a_decision_about_another_merge_is_none(scratch: Scratch, world: World) -> None:
    merge_id = await waits(scratch)
    rejection = UUID(await one(scratch, "SELECT id FROM decisions WHERE kind = 'reject'"))
    with pytest.raises(DecisionNotFound):
        await endings.end(scratch.store, merge_id, RUN, 1, Kind.REJECT, rejection)


async def test_what_nobody_was_asked_about_is_not_ended(tenant: Tenant, store: Store) -> None:
    """Be it under way or about to be asked."""
    requester = tenant.http.headers["Authorization"].split("_")[1]
    await tenant.create(custom={"userId": "777374"})
    await tenant.register("m1|c1")
    request = MergeRequest(tenant.id, Address(Channel.PUSH, APP_KEY, "m1|c1"), Identity("userId", "777374"))
    for ask in ("always", "never"):
        await asks(tenant, ask=ask)
        execution = Execution(uuid4(), "establish-identity-test", RUN, 1, requester)
        assert isinstance(await merge_transaction.prepare(store, request, execution), Planned)
        for kind in (None, Kind.REJECT):
            with pytest.raises(MergeNotPending):
                await endings.end(store, execution.merge_id, RUN, 1, kind, None)
        await forget(store, execution.merge_id)


async def forget(store: Store, merge_id: UUID) -> None:
    """No request stays open that has no run."""
    async with store.transaction() as connection:
        for table, column in (("merge_requesters", "merge_id"), ("merges", "id")):
            await connection.exec_driver_sql(f"DELETE FROM {table} WHERE {column} = '{merge_id}'")


async def test_a_pair_is_kept_apart_while_one_of_them_is_absorbed(
    scratch: Scratch, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end waits for that merge, and then names its survivor: the merge moves only pairs that stood before."""
    store, requester = scratch.store, await one(scratch, "SELECT requester FROM merges LIMIT 1")
    merge_id = await waits(scratch)
    shown = await one(scratch, f"SELECT identity_value FROM merges WHERE id = '{merge_id}'")
    await policies.change(store, ASKING, PolicyChange(approval={"ask": Ask.NEVER}))
    through = await contact(store, ASKING, "through|1", **{"Alias Id": "through"})
    assert (await settle(store, ASKING, "through|1", shown, requester))[0] is Outcome.MERGED
    last = await contact(store, ASKING, "last|1")
    decision_id = await not_the_same(store, merge_id, world.decider)

    read = asyncio.Event()

    async def slowly(connection: AsyncConnection, request: MergeRequest) -> Planned:
        planned = await read_plan_under_lock(connection, request)
        read.set()
        await asyncio.sleep(0.5)
        return planned

    monkeypatch.setattr(merge_transaction, "read_plan_under_lock", slowly)
    merging = asyncio.create_task(settle(store, ASKING, "last|1", "through", requester, "Alias Id"))
    await read.wait()
    assert await endings.end(store, merge_id, RUN, 1, Kind.REJECT, decision_id) is Outcome.REJECTED
    assert (await merging)[0] is Outcome.MERGED

    device = int(await one(scratch, f"SELECT device_snapshot->>'id' FROM merges WHERE id = '{merge_id}'"))
    (pair,) = await kept_apart.list_standing(store, ASKING)
    assert {pair.contact_id, pair.other_id} == {device, last}
    assert through not in {device, last}
    assert (await invariants.check(store)).violations == []


async def test_two_that_are_one_by_now_are_not_kept_apart(scratch: Scratch, world: World) -> None:
    store, requester = scratch.store, await one(scratch, "SELECT requester FROM merges LIMIT 1")
    merge_id = await waits(scratch)
    shown = await one(scratch, f"SELECT identity_value FROM merges WHERE id = '{merge_id}'")
    await policies.change(store, ASKING, PolicyChange(approval={"ask": Ask.NEVER}))
    decision_id = await not_the_same(store, merge_id, world.decider)
    assert (await settle(store, ASKING, f"{shown}|device", shown, requester))[0] is Outcome.MERGED

    assert await endings.end(store, merge_id, RUN, 1, Kind.REJECT, decision_id) is Outcome.REJECTED

    assert await kept_apart.list_standing(store, ASKING) == []


async def not_the_same(store: Store, merge_id: UUID, decider: Decider) -> UUID:
    async with store.statements() as connection:
        digest = (await read_merge(connection, merge_id)).plan_digest
    given = Given(Kind.REJECT, digest, "Father and son.", not_same_person=True)
    _, decision_id = await decisions.decide(store, merge_id, given, decider)
    return decision_id


async def test_what_does_not_exist_is_not_ended(store: Store) -> None:
    with pytest.raises(MergeNotFound):
        await endings.end(store, uuid4(), RUN, 1, None, None)


async def test_the_end_keeps_the_plan_that_people_were_shown(scratch: Scratch, world: World) -> None:
    """Not what it would be by now."""
    merge_id = await waits(scratch)
    shown = await one(scratch, f"SELECT plan_digest FROM merges WHERE id = '{merge_id}'")
    device = await one(scratch, f"SELECT device_snapshot->>'id' FROM merges WHERE id = '{merge_id}'")
    scratch.break_by_hand(f"UPDATE contacts SET lead_source = 'x', version = version + 1 WHERE id = {device}".encode())

    assert await expire(scratch.store, merge_id) is Outcome.EXPIRED

    assert await one(scratch, f"SELECT plan_digest FROM merges WHERE id = '{merge_id}'") == shown
