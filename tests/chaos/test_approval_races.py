"""Decisions that meet, each other or the deadline: one takes effect, and what callers were told is what ran."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from domain.times import parse_time
from store.engine import Store
from tests.chaos.rows import entries, number
from tests.scenarios.approvals import Reviewer, asks, pending, refusal, reviewers, when_done
from tests.stack import Stack
from tests.tenant import Tenant

pytestmark = pytest.mark.slow

OUTCOMES = {"approve": "merged", "reject": "rejected"}


@pytest.fixture
async def people(stack: Stack, store: Store, tenant: Tenant) -> AsyncIterator[list[Reviewer]]:
    """Five who may decide."""
    async with reviewers(store, stack.url, tenant) as make:
        yield [await make() for _ in range(5)]


async def held_back(tenant: Tenant, count: int, **approval: Any) -> list[dict[str, Any]]:
    """So many merges that wait for a person, each of a pair of its own."""
    for one in range(count):
        await tenant.register(f"a{one}|1", custom={"userId": f"v{one}", "Favorite Food": "Pizza"})
        await tenant.register(f"b{one}|1", custom={"Favorite Food": "Burger"})
    await asks(tenant, **approval)
    return list(await asyncio.gather(*(pending(tenant, f"b{one}|1", f"v{one}") for one in range(count))))


def effective(merge: dict[str, Any]) -> list[tuple[str, str]]:
    """Kind and token of the decisions that took effect."""
    return [(one["decision"], one["by"]["token"]) for one in merge["decisions"] if one["tookEffect"]]


async def told_is_what_ran(
    tenant: Tenant, merge: dict[str, Any], given: Sequence[tuple[Reviewer, str]], answers: Sequence[httpx.Response]
) -> str:
    """Exactly one of these decisions took effect, and all callers know which; returns the merge's outcome."""
    done = await when_done(tenant, merge["id"])
    winners = [one for one, answer in zip(given, answers, strict=True) if answer.status_code == 200]
    assert len(winners) == 1, [answer.text for answer in answers]
    ((by, decision),) = winners
    assert effective(done) == [(decision, by.token.id)]
    assert done["outcome"] == OUTCOMES[decision]
    for answer in answers:
        if answer.status_code == 200:
            assert (answer.json()["decision"], answer.json()["outcome"]) == (decision, done["outcome"])
            assert answer.json()["receipt"] == done["receipt"]
        else:
            assert refusal(answer) == (409, "already-decided"), answer.text
            assert (answer.json()["decision"], answer.json()["outcome"]) == (decision, done["outcome"])
    return str(done["outcome"])


async def test_40_approvals_race_against_the_deadline(store: Store, tenant: Tenant, people: list[Reviewer]) -> None:
    """From a second before it to shortly after: who is told `merged` has merged, who is not has changed nothing."""
    waiting = await held_back(tenant, 40, deadlineSeconds=8)
    offsets = [timedelta(milliseconds=-1000 + 32 * one) for one in range(40)]

    async def approve_at(merge: dict[str, Any], offset: timedelta, by: Reviewer) -> httpx.Response:
        at = parse_time(merge["deadline"]) + offset
        await asyncio.sleep((at - datetime.now(UTC)).total_seconds())
        return await by.approve(merge)

    answers = await asyncio.gather(
        *(approve_at(*one) for one in zip(waiting, offsets, itertools.cycle(people), strict=False))
    )

    ended = Counter[str]()
    for merge, answer in zip(waiting, answers, strict=True):
        done = await when_done(tenant, merge["id"])
        ended[done["outcome"]] += 1
        if answer.status_code == 200:
            assert (answer.json()["outcome"], done["outcome"]) == ("merged", "merged")
            assert len(effective(done)) == 1
            (decision,) = done["decisions"]
            assert parse_time(decision["at"]) < parse_time(done["deadline"])
        else:
            assert refusal(answer) in {(409, "already-decided"), (409, "decision-late")}, answer.text
            assert (done["outcome"], effective(done)) == ("expired", [])
    assert ended["merged"] + ended["expired"] == 40
    assert ended["merged"] and ended["expired"], f"{ended}: there was no race"
    assert await entries(store, tenant.id) == {"merge.executed": ended["merged"], "merge.expired": ended["expired"]}


@pytest.mark.parametrize("decisions", [("approve", "reject"), ("approve", "approve"), ("reject", "reject")])
async def test_two_specialists_decide_at_once(
    store: Store, tenant: Tenant, people: list[Reviewer], decisions: tuple[str, str]
) -> None:
    ended = Counter[str]()
    for merge in await held_back(tenant, 12):
        given = list(zip(people[:2], decisions, strict=True))
        answers = await asyncio.gather(*(by.decide(merge["id"], merge["plan"]["digest"], one) for by, one in given))
        ended[await told_is_what_ran(tenant, merge, given, answers)] += 1
    assert await entries(store, tenant.id) == {
        kind: ended[outcome]
        for kind, outcome in (("merge.executed", "merged"), ("merge.rejected", "rejected"))
        if ended[outcome]
    }


async def test_20_decisions_at_once_on_one_merge(store: Store, tenant: Tenant, people: list[Reviewer]) -> None:
    """More than a run takes at once: all are answered, and one took effect."""
    for merge in await held_back(tenant, 3):
        given = [(by, decision) for by in people for decision in ("approve", "reject") * 2]
        assert len(given) == 20
        answers = await asyncio.gather(*(by.decide(merge["id"], merge["plan"]["digest"], one) for by, one in given))
        await told_is_what_ran(tenant, merge, given, answers)
    counted = await entries(store, tenant.id)
    assert sum(counted.values()) == 3
    executed = "SELECT count(*) FROM merges WHERE database_id = :id AND decision_id IS NOT NULL"
    assert await number(store, executed, id=tenant.id) == 3


async def test_an_approval_meets_an_edit(tenant: Tenant, people: list[Reviewer]) -> None:
    """Before it or after it, never a mixture: what is executed is what was seen."""
    for merge in await held_back(tenant, 15):
        edited = tenant.patch_contact(merge["plan"]["survivor"], custom={"Favorite Food": "Salad"})
        answer, patched = await asyncio.gather(people[0].approve(merge), edited)

        assert patched.status_code == 204, patched.text
        now = await tenant.merge(merge["id"])
        if answer.status_code == 200:
            assert (now["outcome"], now["plan"]["digest"]) == ("merged", merge["plan"]["digest"])
        else:
            assert refusal(answer) == (412, "plan-stale")
            assert (now["state"], now["plan"]["revision"]) == ("pending_approval", 2)
            assert answer.json()["digest"] == now["plan"]["digest"]
            assert (await people[1].approve(now)).json()["outcome"] == "merged"


async def test_an_approval_meets_the_withdrawal(store: Store, tenant: Tenant, people: list[Reviewer]) -> None:
    for merge in await held_back(tenant, 12):
        approved, withdrawn = await asyncio.gather(
            people[0].approve(merge), tenant.http.post(f"/v1/merges/{merge['id']}/withdrawal", json={})
        )
        done = await when_done(tenant, merge["id"])
        told = {answer.json()["outcome"] for answer in (approved, withdrawn)}
        assert sorted([approved.status_code, withdrawn.status_code]) == [200, 409]
        assert told == {done["outcome"]} == {"merged" if approved.status_code == 200 else "withdrawn"}
        assert len(effective(done)) == 1
    assert sum((await entries(store, tenant.id)).values()) == 12


async def test_an_approval_meets_the_removal_of_the_device(tenant: Tenant, people: list[Reviewer]) -> None:
    for merge in await held_back(tenant, 10):
        device = merge["plan"]["devices"][0]["id"]
        answer, removed = await asyncio.gather(
            people[0].approve(merge), tenant.http.delete(f"/v1/databases/{tenant.id}/devices/{device}")
        )
        assert removed.status_code == 204, removed.text
        done = await _ended_or_again(tenant, people[1], merge, answer)
        assert (answer.status_code == 200) == (effective(done) == [("approve", people[0].token.id)])


async def test_equal_requests_meet_the_decision(tenant: Tenant, people: list[Reviewer]) -> None:
    """Whoever joins is answered with the end of the request that they joined, or begins the next one."""
    for merge, one in zip(await held_back(tenant, 8), range(8), strict=True):
        answers = await asyncio.gather(
            people[0].approve(merge), *(tenant.establish(f"b{one}|1", f"v{one}") for _ in range(10))
        )
        assert answers[0].status_code == 200, answers[0].text
        for answer in answers[1:]:
            assert answer.status_code in {200, 202}, answer.text
            told = answer.json()
            if answer.status_code == 202:
                assert told["mergeId"] == merge["id"], "it waited as they came"
            else:
                assert told["outcome"] == ("merged" if told["mergeId"] == merge["id"] else "unchanged")


async def _ended_or_again(
    tenant: Tenant, other: Reviewer, merge: dict[str, Any], answer: httpx.Response
) -> dict[str, Any]:
    """The removal of the requested device ends it; that of another one makes a revision, which somebody approves."""
    if answer.status_code == 412:
        now = await tenant.merge(merge["id"])
        assert (await other.approve(now)).status_code in {200, 409}
    done = await when_done(tenant, merge["id"])
    assert done["outcome"] in {"merged", "not_found"}
    return done
