"""What the gateway reads of runs: which are open, which a merge has had, and what happened in each."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import structlog
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowExecution
from temporalio.service import RPCError, RPCStatusCode

from api.search_attributes import MERGE_ID
from domain.errors import ServiceUnavailable
from workflows.establish_identity import NAME

log = structlog.get_logger()

# Of a run that Temporal does not have, and of an id that it never gave one.
_FORGOTTEN = (RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT)
# A client that never connected says so with a RuntimeError, one that lost its server with an RPCError.
UNREACHABLE = (RPCError, RuntimeError)
_CLOSING = frozenset(
    {
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
    }
)


@dataclass(frozen=True)
class OpenRun:
    """A run that has not ended. `merge_id` is what it was started for; None where that is no merge's id."""

    merge_id: UUID | None
    workflow_id: str
    id: str
    began: datetime


@dataclass(frozen=True)
class Run:
    """One run of a merge, with all that has happened in it; no events: Temporal has forgotten it."""

    workflow_id: str
    id: str
    events: Sequence[HistoryEvent]

    @property
    def closed(self) -> datetime | None:
        """When it ended; None while it is open, and where it is forgotten."""
        if not self.events or self.events[-1].event_type not in _CLOSING:
            return None
        return self.events[-1].event_time.ToDatetime(UTC)

    @property
    def is_open(self) -> bool:
        return bool(self.events) and self.closed is None

    @property
    def continued_from(self) -> str:
        """The run in whose place this one went on; empty where there is none."""
        if not self.events:
            return ""
        return self.events[0].workflow_execution_started_event_attributes.continued_execution_run_id


def unavailable(error: Exception) -> ServiceUnavailable:
    """Said where it is noticed: what a worker does again and again waits for better times without a word."""
    log.warning("temporal.unavailable", error=type(error).__name__)
    return ServiceUnavailable()


async def open_runs(client: Client) -> list[OpenRun]:
    """Raises ServiceUnavailable."""
    query = f"WorkflowType = '{NAME}' AND ExecutionStatus = 'Running'"
    try:
        return [_open(run) async for run in client.list_workflows(query)]
    except UNREACHABLE as error:
        raise unavailable(error) from error


async def listed_runs(client: Client, merge_ids: Collection[UUID]) -> dict[tuple[UUID, str], list[str]]:
    """The runs that were ever started for these merges, by merge and workflow id. Raises ServiceUnavailable.

    More than a merge names: also those that were terminated, or reset in Temporal, before another one settled it.
    """
    names = ", ".join(f"'{merge_id}'" for merge_id in merge_ids)
    found: dict[tuple[UUID, str], list[str]] = {}
    try:
        async for run in client.list_workflows(f"{MERGE_ID.name} IN ({names})"):
            merge_id = run.typed_search_attributes.get(MERGE_ID)
            found.setdefault((UUID(merge_id), run.id), []).append(run.run_id)
    except UNREACHABLE as error:
        raise unavailable(error) from error
    return found


async def is_known(client: Client, workflow_id: str, run_id: str) -> bool:
    """Whether Temporal still has this run. Raises ServiceUnavailable."""
    try:
        await client.get_workflow_handle(workflow_id, run_id=run_id).describe()
    except UNREACHABLE as error:
        if isinstance(error, RPCError) and error.status in _FORGOTTEN:
            return False
        raise unavailable(error) from error
    return True


async def read_runs(client: Client, workflow_id: str, run_ids: Collection[str]) -> list[Run]:
    """These runs and those in whose place they went on, the first one first. Raises ServiceUnavailable."""
    found: dict[str, Run] = {}
    wanted = list(run_ids)
    while wanted:
        run_id = wanted.pop()
        if run_id and run_id not in found:
            found[run_id] = await _read(client, workflow_id, run_id)
            wanted.append(found[run_id].continued_from)
    return sorted(found.values(), key=_began)


async def _read(client: Client, workflow_id: str, run_id: str) -> Run:
    try:
        history = await client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history()
    except UNREACHABLE as error:
        if isinstance(error, RPCError) and error.status in _FORGOTTEN:
            return Run(workflow_id, run_id, ())
        raise unavailable(error) from error
    return Run(workflow_id, run_id, history.events)


def _open(run: WorkflowExecution) -> OpenRun:
    try:
        merge_id = UUID(run.typed_search_attributes.get(MERGE_ID) or "")
    except ValueError:  # whoever can write to Temporal can start a run for anything
        merge_id = None
    return OpenRun(merge_id, run.id, run.run_id, run.start_time)


def _began(run: Run) -> datetime:
    return run.events[0].event_time.ToDatetime(UTC) if run.events else datetime.min.replace(tzinfo=UTC)
