"""Which merges an auditor finds, by what; and that a contact's are found by index, however many others there are."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from domain.decision import Kind
from domain.plan import Outcome, Rule
from ledger.events import EventKind
from store import audit_list
from store.audit_list import Wanted, all_merges, list_merges
from store.merges import Position
from tests.store.scratch import Scratch
from tests.store.world import ASKING, HERE, World

_MANY = text("""
    INSERT INTO merges (id, database_id, state, outcome, settled, requested, requester, workflow_id, run_id, channel,
      qualifier, destination, identity_name, identity_value, use_crm_contact_as_winner, merge_events, plan, plan_digest,
      device_snapshot, lookup_snapshot)
    SELECT gen_random_uuid(), database_id, 'done', 'unchanged', now(), now() - n * interval '1 s', requester,
      workflow_id, run_id, channel, qualifier, destination, identity_name, identity_value, use_crm_contact_as_winner,
      merge_events, '{}', plan_digest, jsonb_build_object('id', 100000 + n), jsonb_build_object('id', 200000 + n)
    FROM (SELECT * FROM merges LIMIT 1) one, generate_series(1, 5000) AS n
""")


async def found(scratch: Scratch, wanted: Wanted, reach: list[int] | None = None) -> set[UUID]:
    async with scratch.store.statements() as connection:
        return {item.merge.id for item in await list_merges(connection, reach, wanted, limit=100)}


async def everything(scratch: Scratch) -> set[UUID]:
    return await found(scratch, Wanted())


@pytest.mark.parametrize("who", ["first", "second", "last"])
async def test_a_contacts_are_those_of_all_who_are_one_with_it(scratch: Scratch, world: World, who: str) -> None:
    merges = await found(scratch, Wanted(contact_id=getattr(world, who)))
    async with scratch.store.statements() as connection:
        rows = await connection.execute(
            text("SELECT id FROM merges WHERE survivor_id = ANY(:family)"),
            {"family": [world.first, world.second, world.last]},
        )
        assert merges == set(rows.scalars())
    assert merges < await everything(scratch)
    assert await found(scratch, Wanted(contact_id=world.bare)) == set()


async def test_each_filter_finds_its_own(scratch: Scratch, world: World) -> None:
    approved, rejected = world.approved, world.merges[Outcome.REJECTED]
    assert await found(scratch, Wanted(decision=Kind.REJECT)) == {rejected}
    assert await found(scratch, Wanted(outcome=Outcome.REJECTED)) == {rejected}
    assert await found(scratch, Wanted(person_id=world.decider.person_id)) == {approved, rejected}
    assert await found(scratch, Wanted(kind=EventKind.DECISION_MADE)) == {
        approved,
        rejected,
        world.merges[Outcome.WITHDRAWN],
    }
    assert approved in await found(scratch, Wanted(rule=Rule.OLDEST))
    assert world.merges[Outcome.NOT_FOUND] not in await found(scratch, Wanted(rule=Rule.OLDEST))
    here = await found(scratch, Wanted(database_id=HERE))
    assert approved not in here
    assert world.merges[Outcome.ASSIGNED] in here
    versions = [await found(scratch, Wanted(policy_version=version)) for version in (1, 2, 3)]
    assert approved in versions[1]
    assert versions[0] | versions[1] == await everything(scratch)
    assert versions[2] == set()


async def test_days_bound_when_it_was_asked_for(scratch: Scratch, world: World) -> None:
    day = datetime(2026, 1, 5, tzinfo=UTC)
    moved = {"id": world.approved, "at": day + timedelta(hours=3)}
    scratch.break_by_hand(b"UPDATE merges SET requested = %(at)s WHERE id = %(id)s", moved)
    assert await found(scratch, Wanted(since=day, until=day + timedelta(days=1))) == {world.approved}
    assert await found(scratch, Wanted(until=day)) == set()
    assert world.approved not in await found(scratch, Wanted(since=day + timedelta(days=1)))


async def test_nothing_of_a_database_that_is_not_reached(scratch: Scratch, world: World) -> None:
    assert await found(scratch, Wanted(), reach=[]) == set()
    assert world.approved in await found(scratch, Wanted(), reach=[ASKING])
    assert await found(scratch, Wanted(contact_id=world.first), reach=[ASKING]) == set()


async def test_pages_follow_one_another_and_batches_hold_all(
    scratch: Scratch, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of those that were asked for at one moment."""
    scratch.break_by_hand(b"UPDATE merges SET requested = '2026-01-05'")
    seen: list[UUID] = []
    async with scratch.store.statements() as connection:
        after = None
        while page := await list_merges(connection, None, Wanted(), after=after, limit=3):
            seen += [item.merge.id for item in page]
            after = Position(page[-1].merge.requested, page[-1].merge.id)
    assert len(seen) == len(set(seen))
    assert set(seen) == await everything(scratch)
    monkeypatch.setattr(audit_list, "_BATCH", 3)
    batches = [batch async for batch in all_merges(scratch.store, None, Wanted())]
    assert [item.merge.id for batch in batches for item in batch] == seen
    assert len(batches) > 2


async def test_a_contacts_are_found_by_index(scratch: Scratch, world: World) -> None:
    family = [str(world.last), str(world.first)]
    async with scratch.store.transaction() as connection:
        await connection.execute(_MANY)
        await connection.execute(text("ANALYZE merges"))
        query, parameters = audit_list._query([HERE], Wanted(contact_id=world.last), family, None, 51)
        rows = await connection.execute(text(f"EXPLAIN {query.text}"), parameters)
        plan = "\n".join(rows.scalars())
    assert "merges_device_contact_idx" in plan, plan
    assert "merges_lookup_contact_idx" in plan, plan
    assert "Seq Scan on merges" not in plan, plan
