"""Several merges rejected for one reason: each decision is its own, and says what became of it."""

import re
from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.deciding import carry_out
from api.services import Services, Wired
from domain.decision import Kind
from domain.errors import Refusal
from store import inbox
from store.decisions import Given
from web.drafts import shows_again
from web.forms import Form, read_bound_form, reason_trouble
from web.page_route import PageRoute
from web.progress import read_item
from web.rendering import LIVE, page
from web.seen_merge import as_listed
from web.viewer import SignedIn, Viewer

router = APIRouter(route_class=PageRoute, prefix="/inbox", include_in_schema=False)

_CHOSEN = "chosen:"
_SHAPE = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):([0-9a-f]{64})")


@router.post("/selected")
async def selected(request: Request, wired: Wired, viewer: SignedIn) -> Response:
    """The page that asks for the reason, for what was ticked with the plans that the list showed."""
    form = await read_bound_form(request, viewer)
    ticked = [
        f"{name.removeprefix(_CHOSEN)}:{value}" for name, value in form.fields.items() if name.startswith(_CHOSEN)
    ]
    return await _ask(request, wired, viewer, ",".join(one for one in ticked if _SHAPE.fullmatch(one)))


@router.post("/rejections")
async def reject(request: Request, wired: Wired, viewer: SignedIn) -> Response:
    form = await read_bound_form(request, viewer, "which")
    if trouble := reason_trouble(form):
        return await _ask(request, wired, viewer, form["which"], form["reason"], trouble)
    results = [
        (merge_id, await _reject(wired, viewer, merge_id, Given(Kind.REJECT, digest, form["reason"])))
        for merge_id, digest in _pairs(form["which"])
    ]
    done = sum(refusal is None for _, refusal in results)
    return page(request, "inbox_rejected.html", cache=LIVE, results=results, done=done)


@shows_again("/inbox/rejections")
async def reject_again(request: Request, wired: Services, viewer: Viewer, form: Form) -> Response:
    return await _ask(request, wired, viewer, form["which"], form["reason"])


async def _ask(
    request: Request, wired: Wired, viewer: Viewer, which: str, reason: str = "", trouble: str | None = None
) -> Response:
    async with wired.store.statements() as connection:
        found = await inbox.read_items(connection, [merge_id for merge_id, _ in _pairs(which)])
    reached = [item for item in found if viewer.token.reaches(item.merge.database_id)]
    return page(
        request,
        "inbox_reject.html",
        cache=LIVE,
        status=422 if trouble else 200,
        items=await as_listed(wired.store, viewer, reached),
        which=which,
        reason=reason,
        trouble=trouble,
        now=datetime.now(UTC),
    )


async def _reject(wired: Wired, viewer: Viewer, merge_id: UUID, given: Given) -> Refusal | None:
    try:
        await read_item(wired, viewer, merge_id)  # who does not reach it is told nothing of it
        await carry_out(wired, merge_id, viewer.token, given)
    except Refusal as refusal:
        return refusal
    return None


def _pairs(which: str) -> list[tuple[UUID, str]]:
    """The merges, and the digests of the plans that were shown of them."""
    return [(UUID(shape[1]), shape[2]) for shape in _SHAPE.finditer(which)]
