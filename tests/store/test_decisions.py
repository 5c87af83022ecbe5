"""A decision and what happens to it while it is acted on: straight on the store, with no run in between."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.address import Address, Channel
from domain.decision import Kind
from domain.errors import PlanStale, RoleMissing
from domain.identity import Identity
from domain.plan import Outcome, Plan
from domain.request import MergeRequest
from domain.roles import Role
from ledger.keyring import Keyring
from ledger.merge_record import Execution
from store import decisions, endings, merge_transaction, people, settlement, tokens
from store.decisions import Given
from store.engine import Store
from store.merges import join, read_merge
from store.plans import Planned
from tests.store.scratch import Scratch
from tests.store.world import APP, ASKING, HERE, World, propose
from tests.tenant import token_for

RUN = "run"


@dataclass(frozen=True)
class Decided:
    """A merge that waits for a person, and what the world's specialist decided on it."""

    store: Store
    merge_id: UUID
    id: UUID
    kind: Kind

    async def act(self, attempt: int = 1) -> Outcome:
        if self.kind is Kind.APPROVE:
            return await merge_transaction.merge(self.store, self.merge_id, RUN, attempt, self.id)
        return await endings.end(self.store, self.merge_id, RUN, attempt, self.kind, self.id)

    async def refuse(self, code: str = PlanStale.code) -> None:
        await decisions.refuse(self.store, self.merge_id, self.id, self.kind, code)

    async def refused(self) -> str | None:
        query = f"SELECT refused FROM decisions WHERE id = '{self.id}'"
        async with self.store.transaction() as connection:
            return (await connection.exec_driver_sql(query)).scalar_one()  # type: ignore[no-any-return]


async def decide(scratch: Scratch, world: World, kind: Kind = Kind.APPROVE) -> Decided:
    async with scratch.store.transaction() as connection:
        requester = (await read_merge(connection, world.approved)).requester
    merge_id = await propose(scratch.store, requester, uuid4().hex)
    async with scratch.store.transaction() as connection:
        digest = (await read_merge(connection, merge_id)).plan_digest
    given = Given(kind, digest, "Looked at both.")
    _, decision_id = await decisions.decide(scratch.store, merge_id, given, world.decider)
    return Decided(scratch.store, merge_id, decision_id, kind)


@pytest.mark.parametrize("kind", [Kind.APPROVE, Kind.REJECT])
async def test_a_refusal_is_noted_and_stands(scratch: Scratch, world: World, kind: Kind) -> None:
    decided = await decide(scratch, world, kind)
    assert world.decider.person_id is not None
    await people.take_role(scratch.store, world.decider.person_id, Role.SPECIALIST, ASKING)
    with pytest.raises(RoleMissing):
        await decided.act()
    await people.give_role(scratch.store, world.decider.person_id, Role.SPECIALIST, ASKING)

    with pytest.raises(RoleMissing):
        await decided.act(2)

    assert await decided.refused() == "role-missing"


async def test_the_first_refusal_stays(scratch: Scratch, world: World) -> None:
    decided = await decide(scratch, world)
    await decided.refuse()
    await decided.refuse(RoleMissing.code)
    with pytest.raises(PlanStale):
        await decided.act()


async def test_what_took_effect_is_not_refused_any_more(scratch: Scratch, world: World) -> None:
    decided = await decide(scratch, world)
    assert await decided.act() is Outcome.MERGED
    await decided.refuse()
    assert await decided.refused() is None


@pytest.mark.parametrize("what", ["kind", "merge"])
async def test_only_the_decision_that_was_meant_is_refused(scratch: Scratch, world: World, what: str) -> None:
    """Else who can write to Temporal could have anybody's refused, by sending it as another one."""
    decided = await decide(scratch, world)
    merge_id = world.approved if what == "merge" else decided.merge_id
    kind = Kind.REJECT if what == "kind" else decided.kind

    await decisions.refuse(scratch.store, merge_id, decided.id, kind, PlanStale.code)

    assert await decided.act() is Outcome.MERGED


Meanwhile = Callable[[Decided, World], Coroutine[Any, Any, None]]


async def token_revoked(decided: Decided, world: World) -> None:
    assert await tokens.revoke(decided.store, world.decider.token_id)


async def decider_joins(decided: Decided, world: World) -> None:
    query = f"SELECT count(*) FROM merge_requesters WHERE merge_id = '{decided.merge_id}'"
    await join(decided.store, ASKING, decided.merge_id, world.decider.token_id)
    async with decided.store.transaction() as connection:
        assert (await connection.exec_driver_sql(query)).scalar_one() == 1, "there was nothing open to join any more"


async def decision_refused(decided: Decided, _: World) -> None:
    await decided.refuse()
    assert await decided.refused() is None


@pytest.mark.parametrize("meanwhile", [token_revoked, decider_joins, decision_refused])
@pytest.mark.parametrize("kind", [Kind.APPROVE, Kind.REJECT])
async def test_what_it_rests_on_stays_while_it_is_acted_on(
    scratch: Scratch, world: World, monkeypatch: pytest.MonkeyPatch, meanwhile: Meanwhile, kind: Kind
) -> None:
    """Whoever is told that the token was revoked sees no merge come after it."""
    decided = await decide(scratch, world, kind)
    settling, goes_on = asyncio.Event(), asyncio.Event()

    async def slowly(connection: AsyncConnection, keyring: Keyring, plan: Plan, execution: Execution) -> Outcome:
        settling.set()
        await goes_on.wait()
        return await settlement.settle(connection, keyring, plan, execution)

    monkeypatch.setattr(merge_transaction, "settle", slowly)
    monkeypatch.setattr(endings, "settle", slowly)
    acting = asyncio.create_task(decided.act())
    await settling.wait()
    other = asyncio.create_task(meanwhile(decided, world))
    await asyncio.sleep(0.3)
    assert not other.done()
    goes_on.set()

    assert await acting is (Outcome.MERGED if kind is Kind.APPROVE else Outcome.REJECTED)
    await other


async def test_who_joins_what_nobody_was_asked_about_waits_for_nothing(scratch: Scratch) -> None:
    """It may take long, and the caller has waited already."""
    requester = (await token_for(scratch.store, None, [tokens.Scope.MERGES_REQUEST])).split("_")[1]
    joiner = (await token_for(scratch.store, None, [tokens.Scope.MERGES_REQUEST])).split("_")[1]
    execution = Execution(uuid4(), "establish-identity-test", RUN, 1, requester)
    asked = MergeRequest(HERE, Address(Channel.PUSH, APP, "m4|c4"), Identity("userId", "444"))
    assert isinstance(await merge_transaction.prepare(scratch.store, asked, execution), Planned)
    async with scratch.store.transaction() as connection:
        await connection.exec_driver_sql(f"SELECT FROM merges WHERE id = '{execution.merge_id}' FOR NO KEY UPDATE")

        async with asyncio.timeout(1):
            await join(scratch.store, asked.database_id, execution.merge_id, joiner)
