"""Several merges rejected for one reason: each decision is its own, and says what became of it."""

import re
from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.deciding import carry_out
from api.services import Services, Wired
from domain.decision import Kind
from domain.errors import Refusal, ServiceUnavailable
from store import inbox
from store.decisions import Given
from store.inbox import Item
from store.tokens import Scope
from web.drafts import Again, texts_in
from web.forms import Form, read_bound_form, reason_trouble
from web.page_route import PageRoute
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
    reached = {item.merge.id for item in await _reached(wired, viewer, form["which"])}
    pairs = [pair for pair in _pairs(form["which"]) if pair[0] in reached]
    said = await _reject_each(wired, viewer, pairs, form["reason"])
    done = [merge_id for merge_id, refusal in said.items() if refusal is None]
    untried = [f"{merge_id}:{digest}" for merge_id, digest in pairs if merge_id not in said]
    return page(
        request,
        "inbox_rejected.html",
        cache=LIVE,
        status=ServiceUnavailable.status if untried else 200,
        items=await _reached(wired, viewer, form["which"]),
        said=said,
        done=len(done),
        which=",".join(untried),
        untried=len(untried),
        reason=form["reason"],
        texts=texts_in(form) if len(done) < len(said) else [],
    )


async def reject_again(request: Request, wired: Services, viewer: Viewer, form: Form) -> Response:
    return await _ask(request, wired, viewer, form["which"], form["reason"])


async def _ask(
    request: Request, wired: Wired, viewer: Viewer, which: str, reason: str = "", trouble: str | None = None
) -> Response:
    return page(
        request,
        "inbox_reject.html",
        cache=LIVE,
        status=422 if trouble else 200,
        items=await _reached(wired, viewer, which),
        which=which,
        reason=reason,
        trouble=trouble,
    )


async def _reached(wired: Services, viewer: Viewer, which: str) -> list[Item]:
    """The chosen merges as a list shows them, without those of databases that the viewer does not reach."""
    async with wired.store.statements() as connection:
        found = await inbox.read_items(connection, [merge_id for merge_id, _ in _pairs(which)])
    reached = [item for item in found if viewer.may(Scope.MERGES_READ, item.merge.database_id)]
    return await as_listed(wired.store, viewer, reached)


async def _reject_each(
    wired: Services, viewer: Viewer, pairs: Sequence[tuple[UUID, str]], reason: str
) -> dict[UUID, Refusal | None]:
    """What became of each; None: it is rejected. Where a part does not answer, the rest is not tried."""
    said: dict[UUID, Refusal | None] = {}
    for merge_id, digest in pairs:
        try:
            await carry_out(wired, merge_id, viewer.token, Given(Kind.REJECT, digest, reason))
        except ServiceUnavailable:
            break
        except Refusal as refusal:
            said[merge_id] = refusal
        else:
            said[merge_id] = None
    return said


def _pairs(which: str) -> list[tuple[UUID, str]]:
    """The merges, and the digests of the plans that were shown of them."""
    return [(UUID(shape[1]), shape[2]) for shape in _SHAPE.finditer(which)]


FORMS: dict[str, Again] = {"/inbox/rejections": reject_again}
