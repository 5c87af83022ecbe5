"""What a merge's workflow did, for its story: from Temporal, or from the archive where Temporal has forgotten it."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.gateway_runs import is_known
from api.run_events import RunEvent
from api.run_stories import stories_of
from api.services import Services
from domain.errors import ServiceUnavailable
from store.merges import MergeRow


@dataclass(frozen=True)
class Told:
    """`events` of all of its runs, but for what goes on between server and workers; None: Temporal does not answer.

    `in_temporal` is where Temporal's own UI shows the run; None: Temporal has forgotten it, or there is no UI.
    """

    events: Sequence[RunEvent] | None
    in_temporal: str | None


async def told_by_runs(wired: Services, merge: MergeRow) -> Told:
    try:
        runs = await stories_of(wired.store, wired.gateway.client, merge)
        in_temporal = await _in_temporal(wired, merge)
    except ServiceUnavailable:
        return Told(None, None)
    events = [event for run in runs for event in run.events or () if not event.is_housekeeping]
    return Told(events, in_temporal)


async def _in_temporal(wired: Services, merge: MergeRow) -> str | None:
    client, ui = wired.gateway.client, wired.codec_endpoint and wired.codec_endpoint.origin
    if ui is None or not await is_known(client, merge.workflow_id, merge.run_id):
        return None
    return f"{ui}/namespaces/{client.namespace}/workflows/{merge.workflow_id}/{merge.run_id}/history"
