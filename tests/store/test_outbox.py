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
_PLAN_ANEW_BY_HAND = text("INSERT INTO outbox (kind, merge_id, channel) VALUES ('plan_anew', :id, 'workflow')")


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


async def test_a_notice_of_one_kind_is_written_once_an_hour(waiting: Waiting) -> None:
    await waiting.reviewer("here@people.example")
    merge_id, other = await waiting.merge(), await waiting.merge()

    async def written() -> int:
        before = len(await waiting.rows())
        await waiting.notify(merge_id, *BOTH, kind="merge.planned_anew")
        return len(await waiting.rows()) - before

    assert [await written(), await written()] == [2, 0]
    await waiting.notify(merge_id, *BOTH, kind="merge.reminder")
    await waiting.notify(other, *BOTH, kind="merge.planned_anew")
    assert len(await waiting.rows()) == 6, "another kind, another merge"
    await waiting.age(created=timedelta(minutes=59))
    assert await written() == 0
    await waiting.age(created=timedelta(minutes=2))
    assert await written() == 2


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


async def test_changes_that_nobody_was_told_of_yet_are_told_at_once(waiting: Waiting) -> None:
    first, second = await waiting.merge(11, 12), await waiting.merge(11, 13)
    await waiting.plan_anew(11)
    await waiting.plan_anew(11, 12)
    await waiting.plan_anew_in_database()
    assert sorted(row.merge_id for row in await waiting.rows()) == sorted([first, second])


async def test_what_was_leased_before_a_change_does_not_tell_of_it(waiting: Waiting) -> None:
    """It may have reached the run before the change was made."""
    await waiting.merge(11)
    await waiting.plan_anew(11)
    (before,) = await outbox.lease(waiting.store, "workflow", 9)
    await waiting.plan_anew(11)
    (after,) = await outbox.lease(waiting.store, "workflow", 9)
    assert before.id != after.id


async def test_a_change_is_told_of_once_it_is_committed(waiting: Waiting) -> None:
    """Also by a row that was written before."""
    await waiting.merge(11)
    await waiting.plan_anew(11)
    async with waiting.store.transaction() as change:
        await outbox.plan_anew(change, [11], None)
        assert await outbox.lease(waiting.store, "workflow", 9) == []
    assert len(await outbox.lease(waiting.store, "workflow", 9)) == 1


async def test_changes_of_the_same_merges_never_wait_for_each_other_crosswise(waiting: Waiting) -> None:
    """The rows are written in the order of the ids, not in that in which the merges are found."""
    last = await waiting.merge(11, id=UUID(int=2))
    first = await waiting.merge(11, id=UUID(int=1))
    async with waiting.store.transaction() as other:
        await other.execute(_PLAN_ANEW_BY_HAND, {"id": first})
        waits = asyncio.create_task(waiting.plan_anew(11))
        await asyncio.sleep(0.5)
        await other.execute(text("SET LOCAL lock_timeout = '500ms'"))
        await other.execute(_PLAN_ANEW_BY_HAND, {"id": last})
    await waits
    assert len(await waiting.rows()) == 2


async def test_a_contact_finds_its_merges_by_index(waiting: Waiting) -> None:
    """Asked at every change of a contact, however many merges wait."""
    await waiting.merge()
    async with waiting.store.transaction() as connection:
        await connection.execute(_THOUSANDS)
        await connection.execute(text("ANALYZE merges"))
        explain = text(f"EXPLAIN {outbox._PLAN_ANEW_OF_CONTACTS.text}")
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


async def test_a_lease_says_all_that_is_sent(waiting: Waiting) -> None:
    await waiting.reviewer("here@people.example")
    run_id = str(uuid4())
    merge_id = await waiting.merge(workflow_id="establish-identity-x", run_id=run_id)
    await waiting.notify(merge_id, "email")

    (due,) = await outbox.lease(waiting.store, "email", 10)

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


async def test_a_lease_is_of_one_channel_oldest_first_and_no_more_than_asked_for(waiting: Waiting) -> None:
    merges = [await waiting.merge() for _ in range(3)]
    for merge_id in merges:
        await waiting.notify(merge_id, "webhook")
    await waiting.plan_anew(1)
    assert [due.merge_id for due in await outbox.lease(waiting.store, "webhook", 2)] == merges[:2]
    assert [due.merge_id for due in await outbox.lease(waiting.store, "webhook", 2)] == merges[2:]
    assert await outbox.lease(waiting.store, "email", 9) == []


async def test_what_is_leased_is_nobody_elses_until_the_lease_ends(waiting: Waiting) -> None:
    await waiting.notify(await waiting.merge(), "webhook")
    assert [due.attempts for due in await outbox.lease(waiting.store, "webhook", 9)] == [1]
    await waiting.age(due=outbox.LEASE - timedelta(seconds=10))
    assert await outbox.lease(waiting.store, "webhook", 9) == []
    await waiting.age(due=timedelta(seconds=10))
    assert [due.attempts for due in await outbox.lease(waiting.store, "webhook", 9)] == [2]


async def test_of_many_relays_each_gets_other_rows(waiting: Waiting) -> None:
    for _ in range(40):
        await waiting.notify(await waiting.merge(), "webhook")
    leases = await asyncio.gather(*(outbox.lease(waiting.store, "webhook", 5) for _ in range(20)))
    leased = [due.id for lease in leases for due in lease]
    assert len(leased) == len(set(leased)) == 40


async def test_a_relay_does_not_wait_for_another(waiting: Waiting) -> None:
    await waiting.notify(await waiting.merge(), "webhook")
    async with waiting.store.transaction() as other:
        await other.execute(text("SELECT id FROM outbox FOR UPDATE"))
        assert await outbox.lease(waiting.store, "webhook", 9) == []
    assert len(await outbox.lease(waiting.store, "webhook", 9)) == 1


async def test_what_was_sent_or_given_up_is_not_leased_again(waiting: Waiting) -> None:
    for _ in range(2):
        await waiting.notify(await waiting.merge(), "webhook")
    sent, given_up = await outbox.lease(waiting.store, "webhook", 2)
    await outbox.mark_sent(waiting.store, sent.id)
    await outbox.give_up(waiting.store, given_up.id)
    await waiting.age(due=timedelta(hours=1))
    assert await outbox.lease(waiting.store, "webhook", 9) == []
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


async def test_a_failure_is_of_one_row(waiting: Waiting) -> None:
    for _ in range(2):
        await waiting.notify(await waiting.merge(), "webhook")
    failed, other = await outbox.lease(waiting.store, "webhook", 2)
    before = {row.id: row.due for row in await waiting.rows()}
    await outbox.count_failure(waiting.store, failed.id)
    after = {row.id: row.due for row in await waiting.rows()}
    assert after[failed.id] < before[failed.id]
    assert after[other.id] == before[other.id]


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
    assert [due.is_moot for due in await outbox.lease(waiting.store, channel, 9)] == [True]


async def test_a_notice_is_moot_for_who_may_not_decide_any_more(waiting: Waiting) -> None:
    names = ("stays", "disabled", "demoted", "joined")
    reviewers = {name: await waiting.reviewer(f"{name}@people.example") for name in names}
    merge_id = await waiting.merge()
    await waiting.notify(merge_id, "email")

    await people.disable(waiting.store, reviewers["disabled"][0])
    await people.take_role(waiting.store, reviewers["demoted"][0], Role.SPECIALIST, waiting.database_id)
    await waiting.asked_by(merge_id, reviewers["joined"][1])

    leased = await outbox.lease(waiting.store, "email", 9)
    assert len(leased) == 4
    assert [due.recipient for due in leased if not due.is_moot] == ["stays@people.example"]


async def test_what_ended_long_ago_is_purged(waiting: Waiting) -> None:
    for _ in range(3):
        await waiting.notify(await waiting.merge(), "webhook")
    sent, given_up, waits = await outbox.lease(waiting.store, "webhook", 3)
    await outbox.mark_sent(waiting.store, sent.id)
    await outbox.give_up(waiting.store, given_up.id)
    past = {"created": outbox.KEPT * 2, "sent": outbox.KEPT, "given_up": outbox.KEPT}

    await waiting.age(**{name: by - timedelta(minutes=1) for name, by in past.items()})
    assert await outbox.purge(waiting.store) == 0
    await waiting.age(**dict.fromkeys(past, timedelta(minutes=2)))
    assert await outbox.purge(waiting.store) == 2

    assert (await waiting.row()).id == waits.id


async def test_no_more_is_purged_at_once_than_a_statement_can(
    waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "PURGED_AT_ONCE", 2)
    for _ in range(3):
        await waiting.notify(await waiting.merge(), "webhook")
    for due in await outbox.lease(waiting.store, "webhook", 3):
        await outbox.mark_sent(waiting.store, due.id)
    await waiting.age(sent=outbox.KEPT * 2)
    assert [await outbox.purge(waiting.store) for _ in range(3)] == [2, 1, 0]


async def test_a_purge_waits_for_nobody(waiting: Waiting) -> None:
    await waiting.notify(await waiting.merge(), "webhook")
    (due,) = await outbox.lease(waiting.store, "webhook", 1)
    await outbox.mark_sent(waiting.store, due.id)
    await waiting.age(sent=outbox.KEPT * 2)
    async with waiting.store.transaction() as other:
        await other.execute(text("SELECT id FROM outbox FOR UPDATE"))
        assert await outbox.purge(waiting.store) == 0
    assert await outbox.purge(waiting.store) == 1
