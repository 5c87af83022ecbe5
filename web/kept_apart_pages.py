"""Pairs of contacts that somebody said are different people: seen by whoever reads contacts, lifted by who decides."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.services import Wired
from domain.errors import DatabaseNotFound, PairNotFound, RoleMissing
from store import kept_apart
from store.tokens import Scope
from web.database_pages import DatabaseId
from web.forms import read_bound_form
from web.page_route import PageRoute
from web.reach import database_for, demand_reach, entered_id
from web.rendering import LIVE, page, see
from web.viewer import SignedIn

router = APIRouter(route_class=PageRoute, include_in_schema=False, prefix="/databases/{database_id}/kept-apart")


@router.get("")
async def list_(request: Request, wired: Wired, viewer: SignedIn, database_id: DatabaseId) -> Response:
    return page(
        request,
        "kept_apart.html",
        cache=LIVE,
        database=await database_for(wired.store, viewer, Scope.CONTACTS_READ, database_id),
        pairs=await kept_apart.list_standing(wired.store, database_id),
        decides=viewer.may(Scope.MERGES_DECIDE, database_id),
    )


@router.post("")
async def lift(request: Request, wired: Wired, viewer: SignedIn, database_id: DatabaseId) -> Response:
    """Lets two be merged again: nothing is merged by it, somebody has to ask."""
    form = await read_bound_form(request, viewer)
    demand_reach(viewer, Scope.CONTACTS_READ, database_id, DatabaseNotFound)
    demand_reach(viewer, Scope.MERGES_DECIDE, database_id, RoleMissing)
    pair_id = entered_id(form["pair"])
    who = (viewer.session.person_id, viewer.token.id)
    if pair_id is None or not await kept_apart.lift(wired.store, database_id, pair_id, *who):
        raise PairNotFound
    return see(request, f"/databases/{database_id}/kept-apart")
