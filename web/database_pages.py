"""Databases: their columns, keys and channels, and the policy that says who is asked before a merge."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from api.services import Services, Wired
from domain.approval import ApprovalPolicy
from domain.errors import DatabaseNotFound, PolicyInvalid, RoleMissing
from domain.policy import Policy
from domain.policy_words import approval_facts, policy_facts
from store import databases, policies
from store.engine import Store
from store.tokens import Scope
from web.drafts import Again
from web.forms import Form, read_bound_form
from web.page_route import PageRoute
from web.policy_form import as_form, change_in
from web.reach import LARGEST_ID, database_for, demand_reach, entered_id, reached
from web.rendering import LIVE, page, see
from web.viewer import SignedIn, Viewer

router = APIRouter(route_class=PageRoute, include_in_schema=False, prefix="/databases")

DatabaseId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
_VERSION = "version"


@router.get("")
async def list_(request: Request, wired: Wired, viewer: SignedIn) -> Response:
    found = await reached(wired.store, viewer, Scope.DATABASES_READ)
    return page(
        request,
        "databases.html",
        cache=LIVE,
        viewer=viewer,
        databases=[(one, "; waits ".join(fact for _, fact in approval_facts(one.approval))) for one in found],
    )


@router.get("/{database_id}")
async def show(request: Request, wired: Wired, viewer: SignedIn, database_id: DatabaseId) -> Response:
    database = await database_for(wired.store, viewer, Scope.DATABASES_READ, database_id)
    versions = await policies.history(wired.store, database_id)
    return page(
        request,
        "database.html",
        cache=LIVE,
        viewer=viewer,
        database=database,
        keys={key.name: key.status for key in database.lookup_keys},
        contacts=await databases.count_live_contacts(wired.store, database_id),
        policy=policy_facts(database.policy.survivor, database.approval),
        versions=[(one, policy_facts(one.survivor, one.approval)) for one in versions],
        is_admin=viewer.may(Scope.ADMIN, database_id),
    )


@router.get("/{database_id}/policy")
async def edit(request: Request, wired: Wired, viewer: SignedIn, database_id: DatabaseId) -> Response:
    policy, approval = await _policy_for(wired.store, viewer, database_id)
    return _form_page(request, viewer, database_id, as_form(policy.version, policy.survivor, approval))


@router.post("/{database_id}/policy")
async def change(request: Request, wired: Wired, viewer: SignedIn, database_id: DatabaseId) -> Response:
    """What is shown beside the form is a version: who sends another's form would undo what they have not seen."""
    form = await read_bound_form(request, viewer, _VERSION)
    await _policy_for(wired.store, viewer, database_id)
    seen = entered_id(form[_VERSION]) or 0  # which no version has
    try:
        await policies.change(wired.store, database_id, change_in(form), viewer.token.id, seen=seen)
    except PolicyInvalid as refusal:
        return _form_page(request, viewer, database_id, form, refusal.detail, refusal.status)
    return see(request, f"/databases/{database_id}")


async def change_again(request: Request, wired: Services, viewer: Viewer, form: Form, database_id: int) -> Response:
    """Where another version stands by now they are told, since theirs would undo it."""
    policy, _ = await _policy_for(wired.store, viewer, database_id)
    now = str(policy.version)
    seen = f"You filled this in beside version {form[_VERSION]}; version {now} stands now. Compare them first."
    current = Form({**form.fields, _VERSION: now})
    return _form_page(request, viewer, database_id, current, seen if form[_VERSION] != now else None)


async def _policy_for(store: Store, viewer: Viewer, database_id: int) -> tuple[Policy, ApprovalPolicy]:
    """Raises DatabaseNotFound for who does not reach the database, RoleMissing for who is no admin of it."""
    demand_reach(viewer, Scope.DATABASES_READ, database_id, DatabaseNotFound)
    demand_reach(viewer, Scope.ADMIN, database_id, RoleMissing)
    return await policies.get(store, database_id)


def _form_page(
    request: Request, viewer: Viewer, database_id: int, form: Form, trouble: str | None = None, status: int = 200
) -> Response:
    return page(
        request,
        "policy.html",
        cache=LIVE,
        status=status,
        viewer=viewer,
        database_id=database_id,
        form=form,
        trouble=trouble,
        form_token=viewer.form_token(f"/databases/{database_id}/policy", form[_VERSION]),
    )


FORMS: dict[str, Again] = {"/databases/{database_id:int}/policy": change_again}
