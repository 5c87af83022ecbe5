"""`onefold invariants`, on copies of a database that is broken by hand, and on a namespace of its own in Temporal."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.service import RPCError

import store.invariants
from api.search_attributes import MERGE_ID
from domain.plan import Outcome
from onefold import orphans
from onefold.commands import invariants
from onefold.temporal import data_converter, prepare_namespace
from tests.onefold.cli import Command, command
from tests.stack import KEYRING, Stack
from tests.store.scratch import Scratch
from tests.store.world import World

_OPEN = """
    WITH other AS (
      SELECT (jsonb_populate_record(m, jsonb_build_object(
        'id', gen_random_uuid(), 'state', 'merging', 'outcome', null, 'ledger_seq', null, 'ledger_hash', null,
        'requested', now() - CAST(%(age)s AS interval)))).*
      FROM merges m, generate_series(1, %(number)s) WHERE id = %(merge)s)
    INSERT INTO merges SELECT * FROM other
"""
_RUNS = """
    UPDATE merges SET id = CAST(%(run)s AS uuid), requested = now()
    WHERE id = (SELECT id FROM merges WHERE state = 'merging' LIMIT 1)
"""


@pytest.fixture(scope="session")
async def namespace(stack: Stack) -> str:
    """Where no run of another test is: those would be runs of merges that a copied database does not know."""
    name = "invariants"
    client = await Client.connect(stack.env["TEMPORAL_ADDRESS"], namespace=name)
    day = Duration(seconds=86_400)
    await client.workflow_service.register_namespace(
        RegisterNamespaceRequest(namespace=name, workflow_execution_retention_period=day)
    )
    async with asyncio.timeout(30):
        while True:
            try:
                await prepare_namespace(client)
            except RPCError:  # not every part of the server knows it at once
                await asyncio.sleep(0.2)
            else:
                return name


@pytest.fixture
def onefold(
    scratch: Scratch,
    stack: Stack,
    namespace: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    for name, value in {**stack.env, "DATABASE_URL": scratch.url, "TEMPORAL_NAMESPACE": namespace}.items():
        monkeypatch.setenv(name, value)
    return command(monkeypatch, capsys)


@pytest.fixture
async def run_without_merge(stack: Stack, namespace: str) -> AsyncIterator[str]:
    """A workflow that nobody executes, for a merge that no database knows; its merge id."""
    client = await Client.connect(
        stack.env["TEMPORAL_ADDRESS"], namespace=namespace, data_converter=data_converter(KEYRING)
    )
    merge_id = str(uuid4())
    handle = await client.start_workflow(
        "EstablishIdentity",
        id=f"test-{merge_id}",
        task_queue="nobody",
        search_attributes=TypedSearchAttributes([SearchAttributePair(MERGE_ID, merge_id)]),
    )
    async with asyncio.timeout(30):
        while not [one async for one in client.list_workflows(f"MergeId = '{merge_id}'")]:  # noqa: ASYNC110 - the server's index
            await asyncio.sleep(0.05)
    yield merge_id
    await handle.terminate()


def test_where_everything_holds_each_invariant_has_its_line(onefold: Command) -> None:
    ended = onefold("invariants")
    assert (ended.code, ended.err) == (0, "")
    assert [line.split()[0] for line in ended.lines[:-1]] == ["holds"] * len(invariants._SENTENCES)
    assert ended.lines[-1] == "Checked 15 contacts, 11 merges, 14 ledger entries."


def test_a_violation_is_told_with_its_ids_and_ends_with_1(onefold: Command, scratch: Scratch, world: World) -> None:
    scratch.break_by_hand(f"UPDATE contacts SET merged_into = {world.bystander} WHERE id = {world.bare}".encode())
    ended = onefold("invariants")
    assert ended.code == 1
    assert ended.line("VIOLATED") == "VIOLATED 4 one merge.executed per absorbed contact, and the reverse"
    assert len([line for line in ended.lines if line.startswith("VIOLATED")]) == 1
    assert ended.err == f"  4: contact {world.bare} was absorbed 0 times according to the ledger\n"


def test_a_script_gets_json(onefold: Command, scratch: Scratch, world: World) -> None:
    assert onefold("invariants", "--json").json["violations"] == []
    scratch.break_by_hand(b"UPDATE ledger_heads SET seq = 77 WHERE database_id = 10000")
    ended = onefold("invariants", "--json")
    assert (ended.code, ended.err) == (1, "")
    assert ended.json == {
        "checked": {"contacts": 15, "merges": 11, "entries": 14},
        "violations": [{"invariant": 0, "what": "the ledger of database 10000 ends at 7, its head at 77"}],
    }


def test_an_open_merge_without_a_workflow_is_told_after_a_minute(
    onefold: Command, scratch: Scratch, world: World
) -> None:
    parameters: dict[str, object] = {"merge": world.merges[Outcome.NOT_FOUND], "age": "50 seconds", "number": 1}
    scratch.break_by_hand(_OPEN.encode(), parameters)
    assert onefold("invariants").code == 0
    scratch.break_by_hand(_OPEN.encode(), {**parameters, "age": "70 seconds"})
    ended = onefold("invariants")
    assert ended.code == 1
    assert ended.line("VIOLATED") == "VIOLATED 11 no open request without a running workflow, nor the reverse"
    assert ended.err.count("is open and no workflow runs for it") == 1


def test_a_workflow_without_an_open_merge_is_told(
    onefold: Command, run_without_merge: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert onefold("invariants").code == 0
    monkeypatch.setattr(orphans, "GRACE", timedelta(0))
    ended = onefold("invariants")
    assert ended.code == 1
    assert ended.err == f"  11: a workflow runs for merge {run_without_merge}, which is not open\n"


def test_however_many_are_open_each_is_compared(
    onefold: Command, scratch: Scratch, world: World, run_without_merge: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last of them too, for which the workflow runs."""
    monkeypatch.setattr(orphans, "GRACE", timedelta(0))
    scratch.break_by_hand(
        _OPEN.encode(), {"merge": world.merges[Outcome.NOT_FOUND], "age": "50 seconds", "number": 10_001}
    )
    scratch.break_by_hand(_RUNS.encode(), {"run": run_without_merge})
    told = [one["what"] for one in onefold("invariants", "--json").json["violations"] if one["invariant"] == 11]
    assert len(told) == 10_000
    assert not any(run_without_merge in what for what in told)


def test_without_a_database_it_ends_with_a_sentence(onefold: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    ended = onefold("invariants")
    assert (ended.code, ended.out) == (5, "")
    assert ended.err.startswith("onefold: The database does not answer")


def test_every_invariant_that_the_store_checks_has_a_sentence() -> None:
    assert {number for number, _, _ in store.invariants._STATEMENTS} <= invariants._SENTENCES.keys()
