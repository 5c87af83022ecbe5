"""The runs of a merge, from the archive, or from Temporal as long as they are not in it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from temporalio.client import Client, WorkflowHistory
from temporalio.converter import PayloadCodec

from api.gateway_runs import listed_runs, read_runs
from api.run_events import RunEvent, events_of
from store import histories
from store.engine import Store
from store.histories import ArchivedRun
from store.merges import MergeRow


@dataclass(frozen=True)
class RunStory:
    """`archived` is when it was; None: Temporal has told it just now. `events` None: nobody can tell any more.

    `digest` is that of the archived history; None also where Temporal had forgotten it before.
    """

    id: str
    archived: datetime | None
    digest: bytes | None
    events: Sequence[RunEvent] | None


async def stories_of(store: Store, client: Client, merge: MergeRow) -> list[RunStory]:
    """The first run first. Raises ServiceUnavailable where only Temporal could tell, and does not answer."""
    codec = client.data_converter.payload_codec
    assert codec is not None  # noqa: S101 - `onefold.temporal` connects none without
    archived = await histories.runs_of(store, merge.id)
    if archived:
        return [await _archived(run, codec) for run in archived]
    listed = await listed_runs(client, [merge.id])
    runs = await read_runs(client, merge.workflow_id, {merge.run_id, *listed.get((merge.id, merge.workflow_id), ())})
    return [
        RunStory(
            run.id, None, None, await events_of(WorkflowHistory(run.workflow_id, run.events).to_json_dict(), codec)
        )
        for run in runs
        if run.events
    ]


async def _archived(run: ArchivedRun, codec: PayloadCodec) -> RunStory:
    events = await events_of(json.loads(run.content), codec) if run.content and run.is_intact else None
    return RunStory(run.id, run.archived, run.digest, events)
