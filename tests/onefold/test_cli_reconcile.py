"""`onefold reconcile`, on the session's servers."""

import asyncio
from datetime import UTC, datetime

import pytest

from domain.findings import ADVICE, TOLD, Finding, FindingKind
from onefold import orphans
from onefold.commands import invariants, reconcile
from store.engine import Store
from store.reconciliation import Noted
from tests.onefold.cli import Command
from tests.scenarios.approvals import execute
from tests.tenant import Tenant


@pytest.fixture(autouse=True)
def short_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orphans, "_SECOND_LOOK", 0.1)


def test_where_all_goes_together_it_says_so(live_onefold: Command) -> None:
    ended = live_onefold("reconcile")
    assert (ended.code, ended.out, ended.err) == (0, "Merges, workflows, ledger and contacts go together.\n", "")
    assert live_onefold("reconcile", "--json").json == []


async def test_what_is_left_is_named_with_what_to_do(live_onefold: Command, tenant: Tenant, store: Store) -> None:
    """An entry whose merge the database has lost."""
    answer = (await tenant.establish("nobody|nowhere", "1")).json()
    merge_id = answer["mergeId"]
    await execute(store, "UPDATE merges SET ledger_seq = 77 WHERE id = :id", id=merge_id)
    ended = await asyncio.to_thread(live_onefold, "reconcile")
    told = (await asyncio.to_thread(live_onefold, "reconcile", "--json")).json
    seq = answer["receipt"]["seq"]
    await execute(store, "UPDATE merges SET ledger_seq = :seq WHERE id = :id", seq=seq, id=merge_id)

    assert ended.code == 1
    assert ended.lines[:2] == [TOLD[FindingKind.LEDGER_TORN], f"  {ADVICE[FindingKind.LEDGER_TORN]}"]
    sentence = f"merge {merge_id} answers with another receipt than its entry's"
    assert ended.lines[2].startswith(f"  - {sentence}, since ")
    assert [(one["kind"], one["subject"], one["attempts"]) for one in told] == [("ledger-torn", sentence, 0)]
    assert (await asyncio.to_thread(live_onefold, "reconcile")).code == 0


async def test_a_merge_that_is_done_is_not_started(live_onefold: Command, tenant: Tenant) -> None:
    merge_id = (await tenant.establish("nobody|nowhere", "1")).json()["mergeId"]
    ended = await asyncio.to_thread(live_onefold, "reconcile", "--start", merge_id)
    assert (ended.code, ended.err) == (3, "onefold: The merge is done: not_found. Nothing was started. (merge-done)\n")


def test_a_run_of_no_merge_is_named_by_itself() -> None:
    found = Finding(FindingKind.ROW_MISSING, "a-run")
    looked = datetime(2026, 11, 23, tzinfo=UTC)
    once = reconcile._named(Noted(found, looked, looked, attempts=1))
    assert once == "run a-run, since 2026-11-23 00:00:00 UTC, tried to heal 1 time"
    assert invariants._sentence(found) == "a workflow runs for no merge, as run a-run"


def test_without_temporal_it_ends_with_a_sentence(live_onefold: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    ended = live_onefold("reconcile")
    assert (ended.code, ended.out) == (5, "")
    assert ended.err == "onefold: Temporal does not answer: `onefold doctor` says why. (temporal-unreachable)\n"
