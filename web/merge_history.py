"""What a merge's workflow did, step by step: from Temporal while it has it, from the archive ever after."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.run_stories import stories_of
from api.services import Wired
from domain.errors import MergeNotFound
from store import histories
from web.page_route import PageRoute
from web.progress import read_item
from web.rendering import LIVE, json_file, page
from web.seen_merge import merge_sight
from web.viewer import SignedIn

router = APIRouter(route_class=PageRoute, include_in_schema=False)

WORDS = {
    "WORKFLOW_EXECUTION_STARTED": "Begun",
    "WORKFLOW_EXECUTION_UPDATE_ACCEPTED": "Message taken",
    "WORKFLOW_EXECUTION_UPDATE_COMPLETED": "Message answered",
    "WORKFLOW_EXECUTION_SIGNALED": "Signal taken",
    "WORKFLOW_EXECUTION_COMPLETED": "Ended",
    "WORKFLOW_EXECUTION_CONTINUED_AS_NEW": "Goes on in another run",
    "WORKFLOW_EXECUTION_TERMINATED": "Terminated from outside",
    "MARKER_RECORDED": "Step done at once",
    "ACTIVITY_TASK_SCHEDULED": "Step due",
    "ACTIVITY_TASK_STARTED": "Step begun",
    "ACTIVITY_TASK_COMPLETED": "Step done",
    "ACTIVITY_TASK_FAILED": "Step failed",
    "ACTIVITY_TASK_TIMED_OUT": "Step took too long",
    "TIMER_STARTED": "Waits",
    "TIMER_FIRED": "Its time has come",
    "TIMER_CANCELED": "Waits no longer",
}
"""What an event is called; the others as Temporal names them."""


@router.get("/merges/{merge_id}/history")
async def history(request: Request, wired: Wired, viewer: SignedIn, merge_id: UUID) -> Response:
    item = await read_item(wired, viewer, merge_id)
    seen = await merge_sight(wired.store, viewer, item.merge)
    return page(
        request,
        "merge_history.html",
        cache=LIVE,
        viewer=viewer,
        merge=item.merge,
        runs=await stories_of(wired.store, wired.gateway.client, item.merge),
        words=WORDS,
        is_clear=seen.sight.is_clear,
    )


@router.get("/merges/{merge_id}/history/{run_id}.json")
async def raw_history(request: Request, wired: Wired, viewer: SignedIn, merge_id: UUID, run_id: str) -> Response:
    """The very bytes whose digest is in the ledger. Their payloads are encrypted, whoever reads them."""
    await read_item(wired, viewer, merge_id)
    for run in await histories.runs_of(wired.store, merge_id):
        if run.id == run_id and run.content:
            return json_file(request, f"run-{run.id}", run.content)
    raise MergeNotFound
