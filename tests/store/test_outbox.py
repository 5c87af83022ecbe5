"""What is written to the outbox, and who gets it."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from domain.roles import Role
from store import databases, outbox, people
from store.engine import StoreError
from tests.waiting import DEADLINE, Waiting

BOTH = ("email", "webhook")
_THOUSANDS = text("""
    INSERT INTO merges (id, database_id, state, requester, workflow_id, run_id, channel, qualifier, destination,
      identity_name, identity_value, use_crm_contact_as_winner, merge_events, plan, plan_digest, device_snapshot,
      lookup_snapshot)
    SELECT gen_random_uuid(), database_id, state, requester, workflow_id, run_id, channel, qualifier, destination,
      identity_name, identity_value, use_crm_contact_as_winner, merge_events, plan, plan_digest,
      jsonb_build_object('id', n), jsonb_build_object('id', n + 5000)
    FROM merges, generate_series(1, 5000) AS n
""")


async def test_reviewers_and_the_webhook_are_told(waiting: Waiting) -> None:
    here, _ = await waiting.reviewer("here@people.example")
    everywhere, _ = await waiting.reviewer("everywhere@people.example", everywhere=True)
    merge_id = await waiting.merge()

    await waiting.notify(merge_id, *BOTH, kind="merge.reminder")

    rows = await waiting.rows()
    assert {(row.channel, row.person_id) for row in rows} == {
        *(("email", person) for person in (here, everywhere)),
        ("webhook", None),
    }
    assert {(row.kind, row.merge_id, row.attempts, row.sent, row.given_up) for row in rows} == {
        ("merge.reminder", merge_id, 0, None, None)
    }


@pytest.mark.parametrize("channels", [(), ("email",), ("webhook",)])
async def test_nothing_is_written_for_a_way_that_is_not_set_up(waiting: Waiting, channels: tuple[str, ...]) -> None:
    await waiting.reviewer("here@people.example")
    await waiting.notify(await waiting.merge(), *channels)
    assert tuple(row.channel for row in await waiting.rows()) == channels


async def test_who_may_not_decide_is_not_told(waiting: Waiting) -> None:
    """Others' specialists, other roles, the disabled, who asked for it, who joined it, who answers for who did."""
    elsewhere = await people.add(waiting.store, "elsewhere@people.example", "Else Where")
    other = await databases.create(waiting.store, "other")
    await people.give_role(waiting.store, elsewhere, Role.SPECIALIST, other)
    for role in (Role.REQUESTER, Role.AUDITOR, Role.ADMIN):
        await waiting.reviewer(f"{role}@people.example", role)
    disabled, _ = await waiting.reviewer("disabled@people.example")
    await people.disable(waiting.store, disabled)
    _, own_token = await waiting.reviewer("requester@people.example")
    responsible, _ = await waiting.reviewer("responsible@people.example")
    merge_id = await waiting.merge()
    for token_id in (waiting.token_id, own_token, await waiting.service_of(responsible)):
        await waiting.asked_by(merge_id, token_id)

    await waiting.notify(merge_id, "email")

    assert await waiting.rows() == []


async def test_who_asked_for_another_merge_is_told(waiting: Waiting) -> None:
    _, own_token = await waiting.reviewer("requester@people.example")
    await waiting.asked_by(await waiting.merge(), own_token)
    await waiting.notify(await waiting.merge(), "email")
    assert len(await waiting.rows()) == 1


async def test_what_is_rolled_back_tells_nobody(waiting: Waiting) -> None:
    await waiting.reviewer("here@people.example")
    merge_id = await waiting.merge()
    with pytest.raises(StoreError):
        async with waiting.store.transaction() as connection:
            await outbox.notify(connection, merge_id, "merge.pending", frozenset(BOTH))
            await outbox.plan_anew(connection, [1], None)
            await connection.execute(text("SELECT 1 / 0"))
    assert await waiting.rows() == []


async def test_merges_that_were_planned_on_a_contact_plan_anew(waiting: Waiting) -> None:
    as_device, as_lookup = await waiting.merge(11, 12), await waiting.merge(13, 11)
    await waiting.merge(12, 13)
    await waiting.merge(11, 12, state="done", outcome="rejected")
    await waiting.merge(11, 12, state="merging")
    await waiting.merge(11, 12, device_snapshot=None, lookup_snapshot=None)

    await waiting.plan_anew(11, 99)

    rows = await waiting.rows()
    assert {row.merge_id for row in rows} == {as_device, as_lookup}
    assert {(row.kind, row.channel, row.person_id) for row in rows} == {("plan_anew", "workflow", None)}


async def test_the_merge_that_changed_the_contact_does_not(waiting: Waiting) -> None:
    merge_id, other = await waiting.merge(11, 12), await waiting.merge(11, 13)
    await waiting.plan_anew(11, 12, except_merge=merge_id)
    assert [row.merge_id for row in await waiting.rows()] == [other]


async def test_a_contact_finds_its_merges_by_index(waiting: Waiting) -> None:
    """Asked at every change of a contact, however many merges wait."""
    await waiting.merge()
    async with waiting.store.transaction() as connection:
        await connection.execute(_THOUSANDS)
        await connection.execute(text("ANALYZE merges"))
        explain = text(f"EXPLAIN {outbox._PLAN_ANEW.text}")
        explained = await connection.execute(explain, {"contact_ids": ["1", "2"], "except_merge": None})
        plan = "\n".join(explained.scalars())
    assert "merges_pending_device_contact_idx" in plan
    assert "merges_pending_lookup_contact_idx" in plan


async def test_all_of_a_database_plan_anew(waiting: Waiting) -> None:
    first, second = await waiting.merge(), await waiting.merge()
    await waiting.merge(state="done", outcome="expired")
    await waiting.merge(database_id=await databases.create(waiting.store, "other"))
    async with waiting.store.transaction() as connection:
        await outbox.plan_anew_in_database(connection, waiting.database_id)
    rows = await waiting.rows()
    assert {row.merge_id for row in rows} == {first, second}
    assert {(row.kind, row.channel) for row in rows} == {("plan_anew", "workflow")}


async def test_a_claim_says_all_that_is_sent(waiting: Waiting) -> None:
    await waiting.reviewer("here@people.example")
    run_id = str(uuid4())
    merge_id = await waiting.merge(workflow_id="establish-identity-x", run_id=run_id)
    await waiting.notify(merge_id, "email")

    (due,) = await outbox.claim(waiting.store, "email", 10)

    row = await waiting.row()
    assert due == outbox.Due(
        row.id,
        "merge.pending",
        "email",
        row.created,
        1,
        merge_id,
        waiting.database_id,
        "establish-identity-x",
        run_id,
        DEADLINE,
        2,
        "here@people.example",
        is_moot=False,
    )


async def test_a_claim_is_of_one_channel_oldest_first_and_no_more_than_asked_for(waiting: Waiting) -> None:
    merges = [await waiting.merge() for _ in range(3)]
    for merge_id in merges:
        await waiting.notify(merge_id, "webhook")
    await waiting.plan_anew(1)
    assert [due.merge_id for due in await outbox.claim(waiting.store, "webhook", 2)] == merges[:2]
    assert [due.merge_id for due in await outbox.claim(waiting.store, "webhook", 2)] == merges[2:]
    assert await outbox.claim(waiting.store, "email", 9) == []


async def test_what_is_claimed_is_nobody_elses_until_the_lease_ends(waiting: Waiting) -> None:
    await waiting.notify(await waiting.merge(), "webhook")
    assert [due.attempts for due in await outbox.claim(waiting.store, "webhook", 9)] == [1]
    await waiting.age(due=outbox.LEASE - timedelta(seconds=10))
    assert await outbox.claim(waiting.store, "webhook", 9) == []
    await waiting.age(due=timedelta(seconds=10))
    assert [due.attempts for due in await outbox.claim(waiting.store, "webhook", 9)] == [2]


async def test_of_many_claimers_each_gets_other_rows(waiting: Waiting) -> None:
    merge_id = await waiting.merge()
    for _ in range(40):
        await waiting.notify(merge_id, "webhook")
    claims = await asyncio.gather(*(outbox.claim(waiting.store, "webhook", 5) for _ in range(20)))
    claimed = [due.id for claim in claims for due in claim]
    assert len(claimed) == len(set(claimed)) == 40


async def test_a_claimer_does_not_wait_for_another(waiting: Waiting) -> None:
    await waiting.notify(await waiting.merge(), "webhook")
    async with waiting.store.transaction() as other:
        await other.execute(text("SELECT id FROM outbox FOR UPDATE"))
        assert await outbox.claim(waiting.store, "webhook", 9) == []
    assert len(await outbox.claim(waiting.store, "webhook", 9)) == 1


async def test_what_was_sent_or_given_up_is_not_claimed_again(waiting: Waiting) -> None:
    merge_id = await waiting.merge()
    for _ in range(2):
        await waiting.notify(merge_id, "webhook")
    sent, given_up = await outbox.claim(waiting.store, "webhook", 2)
    await outbox.mark_sent(waiting.store, sent.id)
    await outbox.give_up(waiting.store, given_up.id)
    await waiting.age(due=timedelta(hours=1))
    assert await outbox.claim(waiting.store, "webhook", 9) == []
    assert [(row.sent is None, row.given_up is None) for row in await waiting.rows()] == [(False, True), (True, False)]


@pytest.mark.parametrize(
    ("attempts", "pause"), [(1, 5), (2, 10), (3, 20), (10, 2560), (11, 3600), (20, 3600), (100_000, 3600)]
)
async def test_each_failure_doubles_the_pause_up_to_an_hour(waiting: Waiting, attempts: int, pause: int) -> None:
    row_id = await _attempted(waiting, attempts)
    before = datetime.now(UTC)
    assert not await outbox.count_failure(waiting.store, row_id)
    assert timedelta() <= (await waiting.row()).due - before - timedelta(seconds=pause) < timedelta(seconds=3)


@pytest.mark.parametrize(("age", "is_over"), [(timedelta(hours=71), False), (timedelta(hours=73), True)])
async def test_three_days_are_enough(waiting: Waiting, age: timedelta, is_over: bool) -> None:
    row_id = await _attempted(waiting, 90)
    await waiting.age(created=age)
    assert await outbox.count_failure(waiting.store, row_id) is is_over
    assert ((await waiting.row()).given_up is not None) is is_over


async def _attempted(waiting: Waiting, attempts: int) -> UUID:
    await waiting.notify(await waiting.merge(), "webhook")
    parameters = {"attempts": attempts}
    async with waiting.store.transaction() as connection:
        await connection.execute(text("UPDATE outbox SET attempts = :attempts"), parameters)
    return UUID(str((await waiting.row()).id))


@pytest.mark.parametrize("change", [{"state": "merging"}, {"state": "done", "outcome": "rejected"}])
@pytest.mark.parametrize("channel", ["email", "webhook", "workflow"])
async def test_it_is_moot_when_nothing_waits(waiting: Waiting, channel: str, change: dict[str, str]) -> None:
    await waiting.reviewer("here@people.example")
    merge_id = await waiting.merge()
    await waiting.notify(merge_id, *BOTH)
    await waiting.plan_anew(1)
    await waiting.change(merge_id, **change)
    assert [due.is_moot for due in await outbox.claim(waiting.store, channel, 9)] == [True]


async def test_a_notice_is_moot_for_who_may_not_decide_any_more(waiting: Waiting) -> None:
    names = ("stays", "disabled", "demoted", "joined")
    reviewers = {name: await waiting.reviewer(f"{name}@people.example") for name in names}
    merge_id = await waiting.merge()
    await waiting.notify(merge_id, "email")

    await people.disable(waiting.store, reviewers["disabled"][0])
    await people.take_role(waiting.store, reviewers["demoted"][0], Role.SPECIALIST, waiting.database_id)
    await waiting.asked_by(merge_id, reviewers["joined"][1])

    claimed = await outbox.claim(waiting.store, "email", 9)
    assert len(claimed) == 4
    assert [due.recipient for due in claimed if not due.is_moot] == ["stays@people.example"]
