"""Shows one merge's values to who may see the merge and not, by their role, the values."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.services import Wired
from domain.errors import MergeNotFound
from store.merges import read_merge
from store.reveals import Subject
from store.tokens import Scope
from web.forms import read_bound_form
from web.masking import record_reveal
from web.page_route import PageRoute
from web.reach import demand_reach
from web.rendering import see
from web.viewer import SignedIn

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.post("/merges/{merge_id}/reveal")
async def reveal(request: Request, wired: Wired, viewer: SignedIn, merge_id: UUID) -> Response:
    await read_bound_form(request, viewer)
    async with wired.store.statements() as connection:
        merge = await read_merge(connection, merge_id)
    database_id = demand_reach(viewer, Scope.MERGES_READ, merge.database_id, MergeNotFound)
    await record_reveal(wired.store, viewer, database_id, Subject(merge_id=merge_id))
    return see(request, f"/merges/{merge_id}")
