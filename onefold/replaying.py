"""Replays archived histories against the workflow as it is today: whether it would do the same again."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from ledger.keyring import Keyring
from onefold.temporal import data_converter
from onefold.worker import WORKFLOWS, sandbox
from store.histories import ArchivedRun


@dataclass(frozen=True)
class Replayed:
    """What became of a run when it was replayed; `fault` None: the same as then."""

    merge_id: UUID
    run_id: str
    fault: str | None


def create_replayer(codec_keyring: Keyring) -> Replayer:
    """As the worker runs it: the same workflows, converter and sandbox."""
    return Replayer(workflows=WORKFLOWS, data_converter=data_converter(codec_keyring), workflow_runner=sandbox())


async def replay(runs: AsyncIterator[ArchivedRun], codec_keyring: Keyring) -> AsyncIterator[Replayed]:
    replayer = create_replayer(codec_keyring)
    async for run in runs:
        yield Replayed(run.merge_id, run.id, await _fault(replayer, run))


async def _fault(replayer: Replayer, run: ArchivedRun) -> str | None:
    if run.is_forgotten:
        return "Temporal had forgotten it before it was archived"
    if run.content is None:
        return "it can't be decrypted: a contact was erased, a key is missing, or it was changed"
    if not run.is_intact:
        return "it is not what was archived: its digest is another"
    history = WorkflowHistory.from_json(run.workflow_id, run.content.decode())
    failure = (await replayer.replay_workflow(history, raise_on_replay_failure=False)).replay_failure
    return f"the workflow differs: {type(failure).__name__}" if failure else None
