"""A device: where it reaches its owner, whether they agreed, and whose it is. Its values are those of its contact."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from api.services import Wired
from domain.errors import DeviceNotFound
from store.engine import Store
from store.finding import RegisteredDevice, read_device
from store.reveals import Subject
from store.tokens import Scope
from web.contact_view import shown_device
from web.forms import read_bound_form
from web.masking import contact_sight, record_reveal
from web.page_route import PageRoute
from web.reach import LARGEST_ID, database_for, demand_reach
from web.rendering import LIVE, page, see
from web.viewer import SignedIn, Viewer

router = APIRouter(route_class=PageRoute, include_in_schema=False, prefix="/devices")

DeviceId = Annotated[int, Path(ge=1, le=LARGEST_ID)]


@router.get("/{device_id}")
async def show(request: Request, wired: Wired, viewer: SignedIn, device_id: DeviceId) -> Response:
    registered = await _reached(wired.store, viewer, device_id)
    seen = await contact_sight(wired.store, viewer, registered.database_id, registered.contact_id)
    return page(
        request,
        "device.html",
        cache=LIVE,
        viewer=viewer,
        database=await database_for(wired.store, viewer, Scope.CONTACTS_READ, registered.database_id),
        registered=registered,
        device=shown_device(registered.device, seen),
        sight=seen,
        reveal_token=viewer.form_token(f"/devices/{device_id}/reveal"),
    )


@router.post("/{device_id}/reveal")
async def reveal(request: Request, wired: Wired, viewer: SignedIn, device_id: DeviceId) -> Response:
    """Of the contact that owns the device."""
    await read_bound_form(request, viewer)
    registered = await _reached(wired.store, viewer, device_id)
    subject = Subject(registered.contact_id)
    await record_reveal(wired.store, viewer, registered.database_id, subject)
    return see(request, f"/devices/{device_id}")


async def _reached(store: Store, viewer: Viewer, device_id: int) -> RegisteredDevice:
    """Raises DeviceNotFound, for a device of a foreign database too."""
    registered = await read_device(store, device_id)
    demand_reach(viewer, Scope.CONTACTS_READ, registered.database_id, DeviceNotFound)
    return registered
