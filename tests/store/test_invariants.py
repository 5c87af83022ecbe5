"""Each invariant is broken by hand, in a copy of a database with every outcome in it, and is named."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from domain.plan import Outcome, Plan
from domain.ruleset import make_plan
from ledger import recompute
from store import invariants, plans
from store.invariants import Violation
from tests.store.breaks import BREAKS
from tests.store.rewrites import REWRITES, rewrite
from tests.store.scratch import Scratch
from tests.store.world import ASKING, HERE, World, settle


async def test_what_the_store_made_violates_nothing(scratch: Scratch, world: World) -> None:
    told: list[int] = []
    report = await invariants.check(scratch.store, told.append)
    assert report.violations == []
    assert report.checked == {"contacts": 15, "merges": 11, "entries": 14}
    assert told == [1] * 14
    assert set(world.merges) == set(Outcome)


@pytest.mark.parametrize("what", BREAKS)
async def test_it_is_named_when_somebody_broke(what: str, scratch: Scratch, world: World) -> None:
    broken, known = BREAKS[what], _names(world)
    device = await _device_of(scratch, world.bystander)
    seq = await _seq_of(scratch, world)
    event = await _one(
        scratch, f"SELECT event_id FROM ledger_seals WHERE database_id = {HERE} AND seq = 7 AND place = 3"
    )
    scratch.break_by_hand(broken.statement.encode(), known)
    violations = (await invariants.check(scratch.store)).violations
    assert {one.invariant for one in violations} == broken.numbers
    sentence = broken.sentence.format(**known, device=device, merged_seq=seq, event=event)
    assert any(sentence in one.what for one in violations)
    assert not any(value in one.what for one in violations for value in ("Pizza", "Burger", "m1|c1", "jerm", "Salad"))


@pytest.mark.parametrize("what", REWRITES)
async def test_it_is_named_when_somebody_wrote_with_the_keys(what: str, scratch: Scratch) -> None:
    rewritten = REWRITES[what]
    await rewrite(scratch, HERE, 1, rewritten)
    violations = (await invariants.check(scratch.store)).violations
    assert {one.invariant for one in violations} == rewritten.numbers
    assert f"ledger entry 1 of database {HERE} {rewritten.sentence}" in {one.what for one in violations}
    assert not any(value in one.what for one in violations for value in ("Pizza", "Burger", "m1|c1", "Salad"))


async def test_a_ruleset_that_loses_a_value_unnamed_is_told_from_its_entries(
    scratch: Scratch, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(*given: Any) -> Plan:
        plan = make_plan(*given)
        if plan.result is None:
            return plan
        kept = {name: value for name, value in plan.result.custom.items() if name != "Visits"}
        fields = tuple(row for row in plan.fields if row.name != "Visits")
        return replace(plan, fields=fields, result=replace(plan.result, custom=kept))

    requester = await _requester(scratch)
    for module in (plans, recompute):
        monkeypatch.setattr(module, "make_plan", forgetful)
    assert (await settle(scratch.store, HERE, "m4|c4", "two", requester))[0] is Outcome.MERGED
    violations = (await invariants.check(scratch.store)).violations
    of_that_merge = [one for one in violations if one.what.startswith(f"ledger entry 8 of database {HERE} ")]
    assert of_that_merge == [
        Violation(5, f"ledger entry 8 of database {HERE} loses a value of Visits without naming it")
    ]


def test_every_statement_is_broken_by_some_test() -> None:
    """A statement that no test breaks could be one that never finds anything."""
    told = [one.sentence for one in BREAKS.values()]
    for _, sentence, _ in invariants._STATEMENTS:
        pattern = r"\S+".join(re.escape(part) for part in re.split(r"\{\w+\}", sentence))
        assert any(re.fullmatch(pattern, one) for one in told), sentence


def _names(world: World) -> Mapping[str, object]:
    merges = {outcome.value: merge_id for outcome, merge_id in world.merges.items()}
    return {
        **vars(world),
        **merges,
        "here": HERE,
        "asking": ASKING,
        "person": world.decider.person_id,
        "stray": UUID(int=7),
    }


async def _device_of(scratch: Scratch, contact_id: int) -> int:
    return int(await _one(scratch, f"SELECT id FROM devices WHERE contact_id = {contact_id}"))


async def _seq_of(scratch: Scratch, world: World) -> int:
    return int(await _one(scratch, f"SELECT seq FROM ledger_entries WHERE merge_id = '{world.merges[Outcome.MERGED]}'"))


async def _requester(scratch: Scratch) -> str:
    return str(await _one(scratch, "SELECT id FROM tokens WHERE owner_kind = 'service'"))


async def _one(scratch: Scratch, query: str) -> Any:
    async with scratch.store.transaction() as connection:
        return (await connection.exec_driver_sql(query)).scalar_one()
