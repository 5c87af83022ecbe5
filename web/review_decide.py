"""Approving, rejecting, withdrawing: a page that asks once more, and a form bound to the plan that was seen."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.deciding import carry_out
from api.services import Services, Wired
from domain.decision import Kind
from domain.errors import AlreadyDecided, DigestUnknown, PlanStale, Refusal
from store import decisions, reviews
from store.decisions import UNDECIDED, Decision, Given
from store.inbox import Item
from web.drafts import Again, texts_in
from web.forms import Form, prose_trouble, read_bound_form, reason_trouble
from web.page_advice import page_advice
from web.page_route import PageRoute
from web.plan_view import PlanView
from web.progress import read_item
from web.rendering import LIVE, page, see
from web.review import why_not
from web.revision_view import changes_between
from web.seen_merge import merge_sight
from web.viewer import SignedIn, Viewer
from web.wording import risks, typed_part

router = APIRouter(route_class=PageRoute, prefix="/merges/{merge_id}", include_in_schema=False)


@router.get("/approve")
async def ask_approval(request: Request, wired: Wired, viewer: SignedIn, merge_id: UUID) -> Response:
    return await _ask(request, wired, viewer, merge_id, Kind.APPROVE)


async def reject_again(request: Request, wired: Services, viewer: Viewer, form: Form, merge_id: UUID) -> Response:
    return await _ask(request, wired, viewer, merge_id, Kind.REJECT, form)


@router.get("/reject")
async def ask_rejection(request: Request, wired: Wired, viewer: SignedIn, merge_id: UUID) -> Response:
    return await _ask(request, wired, viewer, merge_id, Kind.REJECT)


async def withdraw_again(request: Request, wired: Services, viewer: Viewer, form: Form, merge_id: UUID) -> Response:
    return await _ask(request, wired, viewer, merge_id, Kind.WITHDRAW, form)


@router.get("/withdraw")
async def ask_withdrawal(request: Request, wired: Wired, viewer: SignedIn, merge_id: UUID) -> Response:
    return await _ask(request, wired, viewer, merge_id, Kind.WITHDRAW)


@router.post("/approve")
async def approve(request: Request, wired: Wired, viewer: SignedIn, merge_id: UUID) -> Response:
    """Whoever approves has shown within minutes who they are, and has typed a part of the identity where it matters."""
    form = await read_bound_form(request, viewer, "digest")
    item = await read_item(wired, viewer, merge_id)
    if not viewer.session.is_fresh:
        return see(request, f"/login?next=/merges/{merge_id}/approve")
    is_current = form["digest"] == item.merge.plan_digest
    if is_current and risks(item.merge) and form["typed"] != typed_part(item.merge):
        trouble = "That is not how the identity ends. Nothing was done."
        return await _ask(request, wired, viewer, merge_id, Kind.APPROVE, form, trouble)
    return await _decide(request, wired, viewer, item, Given(Kind.APPROVE, form["digest"]), form)


@router.post("/reject")
async def reject(request: Request, wired: Wired, viewer: SignedIn, merge_id: UUID) -> Response:
    form = await read_bound_form(request, viewer, "digest")
    item = await read_item(wired, viewer, merge_id)
    is_current = form["digest"] == item.merge.plan_digest
    if is_current and (trouble := reason_trouble(form)):
        return await _ask(request, wired, viewer, merge_id, Kind.REJECT, form, trouble)
    apart = form.has("apart") and item.merge.plan["absorbed"] is not None
    return await _decide(request, wired, viewer, item, Given(Kind.REJECT, form["digest"], form["reason"], apart), form)


@router.post("/withdraw")
async def withdraw(request: Request, wired: Wired, viewer: SignedIn, merge_id: UUID) -> Response:
    """Whatever the plan is by now: it is the request that its requester takes back."""
    form = await read_bound_form(request, viewer, "digest")
    item = await read_item(wired, viewer, merge_id)
    if form.has("reason") and (trouble := prose_trouble("The reason", form["reason"])):
        return await _ask(request, wired, viewer, merge_id, Kind.WITHDRAW, form, trouble)
    given = Given(Kind.WITHDRAW, form["digest"], form["reason"] or None)
    return await _decide(request, wired, viewer, item, given, form)


async def _ask(
    request: Request,
    wired: Services,
    viewer: Viewer,
    merge_id: UUID,
    kind: Kind,
    form: Form | None = None,
    trouble: str | None = None,
) -> Response:
    item = await read_item(wired, viewer, merge_id)
    if refusal := await why_not(wired, viewer, item, kind):
        return await _undecidable(request, wired, viewer, merge_id, kind, refusal, form)
    if kind is Kind.APPROVE and not viewer.session.is_fresh:
        return see(request, f"/login?next=/merges/{merge_id}/approve")
    shown = PlanView.of(item, await merge_sight(wired.store, viewer, item.merge))
    return page(
        request,
        f"{kind.value}.html",
        cache=LIVE,
        status=422 if trouble else 200,
        item=shown.item,
        merge=shown.item.merge,
        plan=shown,
        risks=risks(item.merge),
        typed=len(typed_part(item.merge)),
        form=form or Form({}),
        digest=form["digest"] if form else item.merge.plan_digest,
        apart=form.has("apart") if form else "apart" in request.query_params,
        trouble=trouble,
    )


async def _decide(request: Request, wired: Services, viewer: Viewer, item: Item, given: Given, form: Form) -> Response:
    try:
        await carry_out(wired, item.merge.id, viewer.token, given)
    except PlanStale:
        return await _stale(request, wired, viewer, item.merge.id, given, form)
    except (AlreadyDecided, DigestUnknown, *UNDECIDED) as refusal:
        return await _undecidable(request, wired, viewer, item.merge.id, given.kind, refusal, form)
    return see(request, f"/merges/{item.merge.id}")


async def _stale(
    request: Request, wired: Services, viewer: Viewer, merge_id: UUID, given: Given, form: Form
) -> Response:
    """Only what changed since the revision that they looked at; a rejection can be sent again from there."""
    item = await read_item(wired, viewer, merge_id)
    async with wired.store.statements() as connection:
        revisions = await reviews.revisions_of(connection, merge_id)
    seen = next((one for one in reversed(revisions[:-1]) if one.plan_digest == given.digest), revisions[-1])
    return page(
        request,
        "stale.html",
        cache=LIVE,
        status=412,
        merge=item.merge,
        seen=seen,
        changes=changes_between(seen, revisions[-1], await merge_sight(wired.store, viewer, item.merge)),
        kind=given.kind.value,
        form=form,
        digest=item.merge.plan_digest,
        apart=given.not_same_person,
    )


async def _undecidable(
    request: Request,
    wired: Services,
    viewer: Viewer,
    merge_id: UUID,
    kind: Kind,
    refusal: Refusal,
    form: Form | None,
) -> Response:
    """Who sends the same decision again, as a double click does, is shown what became of it."""
    effective = await _effective(wired, merge_id) if isinstance(refusal, AlreadyDecided) else None
    is_own = effective is not None and effective.person_id == viewer.session.person_id
    reason = form["reason"] if form else ""
    if is_own and effective and effective.kind is kind and reason in ("", effective.reason):
        return see(request, f"/merges/{merge_id}")
    return page(
        request,
        "undecidable.html",
        cache=LIVE,
        status=refusal.status,
        merge_id=merge_id,
        kind=kind.value,
        refusal=refusal,
        advice=page_advice(refusal.code),
        effective=effective,
        is_own=is_own,
        texts=texts_in(form),
    )


async def _effective(wired: Services, merge_id: UUID) -> Decision | None:
    """What ended the merge; None where its time was up."""
    async with wired.store.statements() as connection:
        found = await decisions.decisions_of(connection, merge_id)
    return next((one for one in found if one.took_effect), None)


FORMS: dict[str, Again] = {
    "/merges/{merge_id:uuid}/reject": reject_again,
    "/merges/{merge_id:uuid}/withdraw": withdraw_again,
}
