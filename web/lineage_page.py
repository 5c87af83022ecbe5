"""A contact's lineage: who was absorbed by whom, when and by which merge."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.services import Wired
from domain.errors import ContactNotFound
from store.finding import database_of
from store.lineage import family_of
from store.tokens import Scope
from web.contact_pages import ContactId
from web.lineage_drawing import drawing_of
from web.page_route import PageRoute
from web.reach import demand_reach
from web.rendering import LIVE, page
from web.viewer import SignedIn

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/contacts/{contact_id}/lineage")
async def lineage(request: Request, wired: Wired, viewer: SignedIn, contact_id: ContactId) -> Response:
    """Of everybody who is one with the contact today, whichever of their ids it is asked by. It shows no value."""
    async with wired.store.statements() as connection:
        database_id = await database_of(connection, contact_id)
        demand_reach(viewer, Scope.CONTACTS_READ, database_id, ContactNotFound)
        family = await family_of(connection, contact_id)
    return page(
        request,
        "lineage.html",
        cache=LIVE,
        viewer=viewer,
        contact_id=contact_id,
        living=next((one.id for one in family if one.merged_into is None), None),
        absorbed=[one for one in family if one.merged_into is not None][::-1],
        drawing=drawing_of(family),
    )
