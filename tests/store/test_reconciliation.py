"""What the store alone tells the reconciler, and what is written down of what it finds."""

from datetime import timedelta
from uuid import uuid4

from sqlalchemy import text

from domain.findings import ADVICE, TOLD, Finding, FindingKind
from domain.plan import Outcome
from ledger.events import Event, EventKind
from store import databases, journal, reconciliation
from store.reconciliation import LOOKED_FOR
from tests.store.scratch import Scratch
from tests.store.world import World
from tests.waiting import Waiting

ALL = frozenset(FindingKind)


async def test_an_outbox_that_nobody_empties_is_found(waiting: Waiting) -> None:
    await waiting.notify(await waiting.merge(), "webhook")
    assert await reconciliation.look(waiting.store) == []
    await waiting.age(due=timedelta(minutes=11))
    assert await reconciliation.look(waiting.store) == [Finding(FindingKind.OUTBOX_STUCK, "webhook")]


async def test_a_history_that_nobody_archives_is_found_after_an_hour(waiting: Waiting) -> None:
    young = await waiting.merge(state="done", outcome="merged")
    late = await waiting.merge(state="done", outcome="merged")
    await waiting.merge(
        state="done", outcome="merged", archived=text("now()"), settled=text("now() - interval '1 day'")
    )
    await waiting.change(young, settled=text("now() - interval '59 minutes'"))
    await waiting.change(late, settled=text("now() - interval '61 minutes'"))
    assert await reconciliation.look(waiting.store) == [
        Finding(FindingKind.HISTORY_LATE, str(late), waiting.database_id, late)
    ]


async def test_events_that_nobody_seals_are_found_after_a_minute(waiting: Waiting) -> None:
    async with waiting.store.transaction() as connection:
        await journal.record(connection, Event(EventKind.DATABASE_CREATED, waiting.database_id))
    assert await reconciliation.look(waiting.store) == []
    waiting.scratch.break_by_hand(b"UPDATE ledger_events SET at = at - interval '2 minutes'")
    assert await reconciliation.look(waiting.store) == [
        Finding(FindingKind.EVENTS_UNSEALED, str(waiting.database_id), waiting.database_id)
    ]


async def test_what_the_ledger_and_the_contacts_do_not_agree_on_is_found(scratch: Scratch, world: World) -> None:
    assert await reconciliation.compare_ledger(scratch.store) == []
    gone = world.merges[Outcome.UNCHANGED]
    scratch.break_by_hand(
        b"UPDATE contacts SET merged_into = %(into)s WHERE id = %(bare)s", vars(world) | {"into": world.last}
    )
    scratch.break_by_hand(b"UPDATE ledger_entries SET merge_id = NULL WHERE merge_id = %(id)s", {"id": gone})
    assert [one.subject for one in await reconciliation.compare_ledger(scratch.store)] == [
        f"contact {world.bare} was absorbed 0 times according to the ledger",
        f"merge {gone} has 0 entries in the ledger",
    ]


async def test_a_finding_stands_until_it_is_not_found_again(waiting: Waiting) -> None:
    store = waiting.store
    torn, stuck = Finding(FindingKind.LEDGER_TORN, "a sentence"), Finding(FindingKind.OUTBOX_STUCK, "email")
    assert await reconciliation.note(store, ALL, [torn, stuck]) == {torn: 0, stuck: 0}
    (first, _) = await reconciliation.current(store, None)

    await reconciliation.note(store, LOOKED_FOR, [stuck])  # nobody looked for the other one
    again = await reconciliation.current(store, None)
    assert [one.finding for one in again] == [torn, stuck]
    assert again[0] == first
    assert again[1].last_seen > again[1].first_seen

    await reconciliation.note(store, ALL, [torn])
    assert [one.finding for one in await reconciliation.current(store, None)] == [torn]
    await reconciliation.note(store, ALL, [stuck])
    assert [(one.finding, one.first_seen > first.first_seen) for one in await reconciliation.current(store, None)] == [
        (stuck, True)
    ]


async def test_what_ended_after_it_was_tried_to_heal_it_is_told_as_healed(waiting: Waiting) -> None:
    store = waiting.store
    merge_id, other = uuid4(), uuid4()
    tried = Finding(FindingKind.RUN_MISSING, str(merge_id), waiting.database_id, merge_id)
    left = Finding(FindingKind.RUN_MISSING, str(other), waiting.database_id, other)
    await reconciliation.note(store, ALL, [tried, left])
    await reconciliation.count_attempt(store, tried)
    assert await reconciliation.note(store, ALL, [tried, left]) == {tried: 1, left: 0}

    await reconciliation.note(store, ALL, [])

    async with store.statements() as connection:
        told = await connection.execute(
            text("SELECT merge_id, database_id, detail FROM ledger_events WHERE kind = 'reconciler.healed'")
        )
        assert [tuple(row) for row in told] == [(merge_id, waiting.database_id, {"what": "run-missing"})]


async def test_who_reaches_one_database_sees_its_findings_alone(waiting: Waiting) -> None:
    elsewhere = await databases.create(waiting.store, "elsewhere")
    here, there = (Finding(FindingKind.HISTORY_LATE, str(one), one) for one in (waiting.database_id, elsewhere))
    everywhere = Finding(FindingKind.OUTBOX_STUCK, "email")
    await reconciliation.note(waiting.store, ALL, [here, there, everywhere])

    async def seen(reach: list[int] | None) -> list[Finding]:
        return [one.finding for one in await reconciliation.current(waiting.store, reach)]

    assert await seen([waiting.database_id]) == [here]
    assert await seen([]) == []
    assert await seen(None) == [here, there, everywhere]


def test_each_kind_is_told_with_what_to_do() -> None:
    assert TOLD.keys() == ADVICE.keys() == set(FindingKind)
