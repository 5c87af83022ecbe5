"""What a merge's workflow did is kept after Temporal has forgotten it, and would be done again so today."""

import asyncio
import json
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client

from onefold.archiver import Archiver
from onefold.reconciler import Reconciler
from store import histories, merge_transaction
from store.engine import Store
from store.histories import ArchivedRun
from store.leadership import leading
from tests.onefold.cli import Command, command
from tests.replay import changed
from tests.runs import until
from tests.stack import Stack
from tests.store.world import expire
from tests.tenant import Tenant
from tests.workflows.lost import lost_merge
from tests.workflows.pending import Waiting

SOON = timedelta()


async def archived(store: Store, client: Client, merge_id: str, patience: timedelta = SOON) -> list[ArchivedRun]:
    """Its runs, once they are archived: by us, or by the worker, whoever's turn it is."""

    async def is_archived() -> bool:
        await Archiver(store, client, patience).archive()
        return bool(await histories.runs_of(store, UUID(merge_id)))

    await until(is_archived)
    return await histories.runs_of(store, UUID(merge_id))


async def forget(client: Client, run: ArchivedRun) -> None:
    """As its retention does."""
    execution = WorkflowExecution(workflow_id=run.workflow_id, run_id=run.id)
    await client.workflow_service.delete_workflow_execution(
        DeleteWorkflowExecutionRequest(namespace=client.namespace, workflow_execution=execution)
    )


@pytest.fixture
def onefold(stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Of somebody who does not reach Temporal."""
    for name, value in {**stack.env, "TEMPORAL_ADDRESS": "127.0.0.1:1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ONEFOLD_DATA", str(stack.folder / "no data folder"))
    return command(monkeypatch, capsys)


async def test_a_history_is_kept_as_temporal_had_it_and_replays(
    tenant: Tenant, store: Store, temporal: Client, onefold: Command
) -> None:
    await tenant.register("m1|c1")
    merge_id = (await tenant.established("m1|c1", "1"))["mergeId"]

    (kept,) = await archived(store, temporal, merge_id)

    history = await temporal.get_workflow_handle(kept.workflow_id, run_id=kept.id).fetch_history()
    await forget(temporal, kept)
    assert kept.events == len(history.events)
    assert kept.content is not None
    assert json.loads(kept.content) == history.to_json_dict()
    told = await asyncio.to_thread(onefold, "audit", "replay", merge_id)
    assert (told.code, told.out, told.err) == (0, "Replayed 1 run, 0 faults.\n", "")


async def test_all_its_runs_are_kept_also_one_that_was_ended_from_outside(
    waiting: Waiting, store: Store, temporal: Client, reconciler: Reconciler
) -> None:
    await waiting.run.terminate("a test")
    await reconciler.reconcile()
    await waiting.goes_on()

    first, second = await archived(store, temporal, waiting.merge["id"])

    assert first.id == waiting.run.run_id
    assert b"WORKFLOW_EXECUTION_TERMINATED" in (first.content or b"")
    assert b"WORKFLOW_EXECUTION_COMPLETED" in (second.content or b"")


async def test_nothing_is_kept_while_a_run_goes_on(waiting: Waiting, store: Store, temporal: Client) -> None:
    merge_id = waiting.merge["id"]
    await expire(store, UUID(merge_id))
    for _ in range(2):
        await Archiver(store, temporal, SOON).archive()
    assert await histories.runs_of(store, UUID(merge_id)) == []
    await waiting.run.signal("plan-anew")
    unknown, kept = await archived(store, temporal, merge_id)  # the one that `expire` invented, and its own
    assert (unknown.is_forgotten, kept.id, kept.is_intact) == (True, waiting.run.run_id, True)


async def test_what_temporal_had_forgotten_is_told_so_after_an_hour(
    tenant: Tenant, store: Store, temporal: Client, onefold: Command
) -> None:
    """Until then it may be the wrong server that was asked."""
    merge_id, run_id = await lost_merge(tenant, store), str(uuid4())
    await merge_transaction.merge(store, merge_id, run_id, 1)
    for _ in range(2):
        await Archiver(store, temporal).archive()
    assert await histories.runs_of(store, merge_id) == []

    (forgotten,) = await archived(store, temporal, str(merge_id))

    assert (forgotten.id, forgotten.is_forgotten) == (run_id, True)
    told = await asyncio.to_thread(onefold, "audit", "replay", merge_id)
    assert (told.code, told.out) == (1, "Replayed 1 run, 1 fault.\n")
    assert told.err == f"merge {merge_id}, run {run_id}: Temporal had forgotten it before it was archived\n"


async def test_one_that_differs_from_todays_code_is_named(
    tenant: Tenant, store: Store, temporal: Client, onefold: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    merge_id = (await tenant.establish("nobody|nowhere", "1")).json()["mergeId"]
    (kept,) = await archived(store, temporal, merge_id)
    monkeypatch.setattr("onefold.replaying.WORKFLOWS", [changed.TimerFirst])
    told = await asyncio.to_thread(onefold, "audit", "replay", merge_id, "--json")
    assert told.code == 1
    fault = "the workflow differs: NondeterminismError"
    assert told.json == {"replayed": 1, "faults": [{"mergeId": merge_id, "runId": kept.id, "fault": fault}]}


async def test_whoever_has_no_turn_archives_nothing(tenant: Tenant, store: Store, temporal: Client) -> None:
    async def has_turn() -> bool:
        async with leading(store, "archive") as connection:
            if connection is not None:
                await tenant.establish("nobody|nowhere", "1")
                assert await Archiver(store, temporal, SOON).archive() == 0
            return connection is not None

    await until(has_turn)
