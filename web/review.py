"""One merge: what would become of two contacts and why, or what became of them."""

import json
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.merge_document import whole_document
from api.services import Services, Wired
from domain.decision import Kind
from domain.errors import MergeClaimed, MergeNotFound, MergeNotPending, Refusal, RoleMissing, ValueInvalid
from domain.wire import as_wire
from store import decisions, inbox, reviews
from store.inbox import Item
from store.merges import PENDING_APPROVAL
from store.tokens import Scope
from web.belongings_view import belonging_rows
from web.drafts import Again
from web.forms import Form, demand_text, read_bound_form
from web.page_route import PageRoute
from web.plan_view import PlanView
from web.progress import BEGUN, has_begun, read_item, read_progress
from web.rendering import LIVE, json_file, page, see
from web.revision_view import revision_views
from web.seen_merge import merge_sight
from web.steps import BEGUN_STEPS
from web.viewer import SignedIn, Viewer

router = APIRouter(route_class=PageRoute, prefix="/merges/{merge_id}", include_in_schema=False)

_COMMENT_LENGTH = 4000


@router.get("")
async def show(request: Request, wired: Wired, viewer: SignedIn, merge_id: UUID) -> Response:
    try:
        item = await read_item(wired, viewer, merge_id)
    except MergeNotFound:
        if not await has_begun(wired, viewer, merge_id):
            raise
        return page(request, "review_begun.html", cache=LIVE, merge_id=merge_id, steps=BEGUN_STEPS, page_version=BEGUN)
    return await _review(request, wired, viewer, item)


@router.get("/plan.json")
async def plan(request: Request, wired: Wired, viewer: SignedIn, merge_id: UUID) -> Response:
    """As the API shows it, with its decisions, revisions and comments; its values as the page shows them."""
    item = await read_item(wired, viewer, merge_id)
    seen = await merge_sight(wired.store, viewer, item.merge)
    whole = as_wire(await whole_document(wired.store, item.merge))
    return json_file(request, f"merge-{merge_id}", json.dumps(seen.document(whole), indent=2, ensure_ascii=False))


@router.post("/claim")
async def claim(request: Request, wired: Wired, viewer: SignedIn, merge_id: UUID) -> Response:
    form = await read_bound_form(request, viewer)
    person_id = await _specialist(wired, viewer, merge_id)
    try:
        await reviews.claim(wired.store, merge_id, person_id, viewer.token.id)
    except MergeClaimed as refusal:
        item = await read_item(wired, viewer, merge_id)
        request.state.notice = f"{item.claimer or 'Somebody else'} was quicker: the claim is theirs."
        return await _review(request, wired, viewer, item, status=refusal.status)
    return see(request, _back(form["back"], merge_id))


@router.post("/release")
async def release(request: Request, wired: Wired, viewer: SignedIn, merge_id: UUID) -> Response:
    form = await read_bound_form(request, viewer)
    await reviews.release(wired.store, merge_id, await _specialist(wired, viewer, merge_id), viewer.token.id)
    return see(request, _back(form["back"], merge_id))


@router.post("/comments")
async def comment(request: Request, wired: Wired, viewer: SignedIn, merge_id: UUID) -> Response:
    form = await read_bound_form(request, viewer)
    item = await read_item(wired, viewer, merge_id)
    if not form.has("text"):
        return see(request, f"/merges/{merge_id}#comments")
    try:
        demand_text("The comment", form["text"], _COMMENT_LENGTH)
    except ValueInvalid as refusal:
        request.state.notice = refusal.detail
        return await _review(request, wired, viewer, item, form["text"], refusal.status)
    await reviews.comment(wired.store, merge_id, viewer.session.person_id, viewer.token.id, form["text"])
    return see(request, f"/merges/{merge_id}#comments")


async def comment_again(request: Request, wired: Services, viewer: Viewer, form: Form, merge_id: UUID) -> Response:
    return await _review(request, wired, viewer, await read_item(wired, viewer, merge_id), form["text"])


async def why_not(wired: Services, viewer: Viewer, item: Item, kind: Kind) -> Refusal | None:
    """Why the viewer can't decide so; None: they can. That it is decided, or under way, the page says anyway."""
    async with wired.store.transaction() as connection:
        return await decisions.why_not(connection, item.merge, kind, viewer.decider)


async def _review(
    request: Request, wired: Services, viewer: Viewer, item: Item, written: str = "", status: int = 200
) -> Response:
    """`written`: a comment that was not stored."""
    seen = await merge_sight(wired.store, viewer, item.merge)
    shown = PlanView.of(item, seen)
    progress = await read_progress(wired, item)
    async with wired.store.statements() as connection:
        next_one = await inbox.next_item(connection, viewer.deciding_onlooker, but=item.merge.id)
    return page(
        request,
        "review.html",
        cache=LIVE,
        item=shown.item,
        merge=shown.item.merge,
        plan=shown,
        sight=seen.sight,
        reveal_token=viewer.form_token(f"/merges/{item.merge.id}/reveal"),
        refusal=await why_not(wired, viewer, item, Kind.APPROVE),
        may_withdraw=await why_not(wired, viewer, item, Kind.WITHDRAW) is None,
        may_claim=viewer.may(Scope.MERGES_DECIDE, item.merge.database_id),
        progress=progress,
        steps=progress.steps,
        page_version=progress.version,
        belongings=await belonging_rows(wired.store, shown),
        revisions=revision_views(progress.revisions, seen),
        next_one=next_one,
        written=written,
        status=status,
    )


async def _specialist(wired: Services, viewer: Viewer, merge_id: UUID) -> int:
    item = await read_item(wired, viewer, merge_id)
    if not viewer.may(Scope.MERGES_DECIDE, item.merge.database_id):
        raise RoleMissing
    if item.merge.state != PENDING_APPROVAL:
        raise MergeNotPending
    return viewer.session.person_id


def _back(given: str, merge_id: UUID) -> str:
    """To the list that the button stood in, or to the merge."""
    return given if given.startswith("/inbox") else f"/merges/{merge_id}"


FORMS: dict[str, Again] = {"/merges/{merge_id:uuid}/comments": comment_again}
