"""Live updates of one merge: word that its page would tell something else by now."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.services import Wired
from domain.errors import MergeNotFound
from web.event_stream import event_stream
from web.page_route import PageRoute
from web.progress import BEGUN, has_begun, read_item, read_progress
from web.viewer import Viewer, watching

router = APIRouter(route_class=PageRoute, prefix="/merges/{merge_id}", include_in_schema=False)


@router.get("/events")
async def events(request: Request, wired: Wired, _: Annotated[Viewer, Depends(watching)], merge_id: UUID) -> Response:
    """A tab that was left open keeps nobody signed in."""

    async def version(viewer: Viewer) -> str:
        try:
            item = await read_item(wired, viewer, merge_id)
        except MergeNotFound:
            if not await has_begun(wired, viewer, merge_id):
                raise
            return BEGUN
        return (await read_progress(wired, item)).version

    return event_stream(request, wired, version)
