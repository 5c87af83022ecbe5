"""Histories as they are kept: whole, encrypted for their place, and readable only with every key."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from domain.plan import Outcome
from store import histories
from store.histories import BEFORE_ALL, Backlog, ClosedRun, History, Unarchived
from tests.store.scratch import Scratch
from tests.store.world import HERE, World

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
CONTENT = '{"events": "é"}'.encode()
RUN = ClosedRun("run-1", History(7, AT, AT + timedelta(days=1), CONTENT))
_EVENTS = text("SELECT kind, merge_id, detail FROM ledger_events WHERE kind LIKE 'history.%' ORDER BY position")


async def due(scratch: Scratch, merge_id: UUID) -> Unarchived | None:
    found = await histories.unarchived(scratch.store, BEFORE_ALL, 100)
    return next((one for one in found if one.id == merge_id), None)


async def merged(scratch: Scratch, world: World) -> Unarchived:
    found = await due(scratch, world.merges[Outcome.MERGED])
    assert found is not None
    return found


async def test_what_is_archived_is_read_again_and_is_due_no_more(scratch: Scratch, world: World) -> None:
    merge = await merged(scratch, world)
    await histories.archive(scratch.store, merge, [RUN, ClosedRun("run-0", None)])

    forgotten, kept = await histories.runs_of(scratch.store, merge.id)

    assert (kept.id, kept.events, kept.began, kept.closed) == ("run-1", 7, AT, AT + timedelta(days=1))
    assert (kept.content, kept.is_intact, kept.is_forgotten) == (CONTENT, True, False)
    assert (forgotten.id, forgotten.content, forgotten.is_intact, forgotten.is_forgotten) == (
        "run-0",
        None,
        False,
        True,
    )
    assert await due(scratch, merge.id) is None
    assert [one.id async for one in histories.all_runs(scratch.store)] == ["run-1"]
    assert await histories.count(scratch.store) == 1
    async with scratch.store.statements() as connection:
        assert kept.digest is not None
        archived = {"run": "run-1", "events": 7, "digest": kept.digest.hex()}
        assert [tuple(row) for row in await connection.execute(_EVENTS)] == [
            ("history.archived", merge.id, archived),
            ("history.forgotten", merge.id, {"run": "run-0"}),
        ]


async def test_archiving_again_changes_and_records_nothing(scratch: Scratch, world: World) -> None:
    merge = await merged(scratch, world)
    await histories.archive(scratch.store, merge, [RUN])
    assert RUN.history is not None
    await histories.archive(scratch.store, merge, [ClosedRun("run-1", replace(RUN.history, content=b"other"))])
    (kept,) = await histories.runs_of(scratch.store, merge.id)
    assert kept.content == CONTENT
    async with scratch.store.statements() as connection:
        assert len((await connection.execute(_EVENTS)).all()) == 1


@pytest.mark.parametrize(
    "break_it",
    [
        """DELETE FROM contact_keys WHERE contact_id =
             (SELECT (device_snapshot->>'id')::bigint FROM merges WHERE id = %(id)s)""",
        """DELETE FROM contact_keys WHERE contact_id =
             (SELECT (lookup_snapshot->>'id')::bigint FROM merges WHERE id = %(id)s)""",
        "UPDATE histories SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1)",
        "UPDATE histories SET run_id = 'run-2'",
    ],
    ids=["the device contact's key is gone", "the lookup contact's key is gone", "a bit is flipped", "another place"],
)
async def test_without_each_key_and_in_another_place_it_cant_be_read(
    scratch: Scratch, world: World, break_it: str
) -> None:
    merge = await merged(scratch, world)
    await histories.archive(scratch.store, merge, [RUN])
    scratch.break_by_hand(break_it.encode(), {"id": merge.id})
    (kept,) = await histories.runs_of(scratch.store, merge.id)
    assert (kept.content, kept.is_intact, kept.is_forgotten) == (None, False, False)


async def test_nothing_of_it_is_stored_in_clear(scratch: Scratch, world: World) -> None:
    merge = await merged(scratch, world)
    assert RUN.history is not None
    canary = b"kakapo" * 50
    await histories.archive(scratch.store, merge, [ClosedRun("run-1", replace(RUN.history, content=canary))])
    async with scratch.store.statements() as connection:
        stored = (await connection.execute(text("SELECT sealed FROM histories"))).scalar_one()
    assert b"kakapo" not in stored
    assert len(stored) < len(canary)


async def test_a_request_about_nobody_is_kept_under_the_databases_own_key(scratch: Scratch, world: World) -> None:
    merge = await due(scratch, world.merges[Outcome.NOT_FOUND])
    assert merge is not None
    await histories.archive(scratch.store, merge, [RUN])
    (kept,) = await histories.runs_of(scratch.store, merge.id)
    assert kept.is_intact
    scratch.break_by_hand(b"DELETE FROM contact_keys WHERE contact_id IS NULL")
    (kept,) = await histories.runs_of(scratch.store, merge.id)
    assert kept.content is None


async def test_whatever_is_done_is_due_page_by_page(scratch: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where several were settled at one moment."""
    scratch.break_by_hand(b"UPDATE merges SET settled = now() WHERE state = 'done'")
    found, last = [], BEFORE_ALL
    while page := await histories.unarchived(scratch.store, last, 2):
        found += [one.id for one in page]
        last = page[-1]
    async with scratch.store.statements() as connection:
        done = await connection.execute(text("SELECT id FROM merges WHERE state = 'done' ORDER BY settled, id"))
        assert found == [row.id for row in done]
    monkeypatch.setattr(histories, "_BATCH", 2)
    for number, one in enumerate(await histories.unarchived(scratch.store, BEFORE_ALL, 5)):
        await histories.archive(scratch.store, one, [replace(RUN, id=f"run-{number}")])
    assert sorted([one.id async for one in histories.all_runs(scratch.store)]) == [f"run-{n}" for n in range(5)]


async def test_what_waits_and_what_was_forgotten_is_counted_by_database(scratch: Scratch, world: World) -> None:
    merge = await merged(scratch, world)
    before = await histories.read_backlog(scratch.store, [HERE])
    await histories.archive(scratch.store, merge, [RUN, ClosedRun("run-0", None)])
    assert await histories.read_backlog(scratch.store, [HERE]) == Backlog(before.waiting - 1, 1)
    everywhere = await histories.read_backlog(scratch.store, None)
    assert (everywhere.waiting > before.waiting - 1, everywhere.forgotten) == (True, 1)
    assert await histories.read_backlog(scratch.store, []) == Backlog(0, 0)
