"""People, what they may, and the tokens that act for them and for services: an admin's page.

Who is an admin of some databases sees those who have a role there, and gives and takes roles in those; whoever they do
not see, they name by e-mail address. What reaches further, such as a disabled person or a
revoked token, needs an admin of every database.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.services import Wired
from domain.errors import FormStale, OwnAccount, PersonNotFound, RoleMissing
from domain.roles import Role
from store import people, tokens
from store.engine import Store
from store.people import GivenRole, Person
from store.tokens import OwnerKind, Scope
from web.forms import Form, read_bound_form
from web.page_route import PageRoute
from web.reach import entered_id, reached
from web.rendering import LIVE, page, see
from web.viewer import SignedIn, Viewer

router = APIRouter(route_class=PageRoute, include_in_schema=False, prefix="/people")

EVERY = "every"
"""How a form names all databases, those to come too."""


@dataclass(frozen=True)
class RoleGiven:
    """`database` is as a form names it."""

    role: Role
    database: str
    may_be_taken: bool


@dataclass(frozen=True)
class ListedPerson:
    person: Person
    roles: Sequence[RoleGiven]
    is_self: bool


@router.get("")
async def list_(request: Request, wired: Wired, viewer: SignedIn) -> Response:
    if not viewer.administers:
        return page(request, "people_closed.html", cache=LIVE, status=403, viewer=viewer)
    listed = await people.list_all(wired.store, viewer.token.reach(Scope.ADMIN))
    over_all = _is_over_all(viewer)
    return page(
        request,
        "people.html",
        cache=LIVE,
        viewer=viewer,
        people=[_listed(viewer, person) for person in listed],
        roles=list(Role),
        every=EVERY,
        databases=await reached(wired.store, viewer, Scope.ADMIN),
        over_all=over_all,
        tokens=await tokens.list_all(wired.store) if over_all else [],
        service=OwnerKind.SERVICE,
        role_token=viewer.form_token("/people/roles"),
        account_token=viewer.form_token("/people/accounts"),
        revoke_token=viewer.form_token("/people/tokens"),
    )


@router.post("/roles")
async def change_role(request: Request, wired: Wired, viewer: SignedIn) -> Response:
    form = await read_bound_form(request, viewer)
    database_id = _database_in(form)
    _demand_admin(viewer, database_id)
    person = await _other_person(wired.store, viewer, form)
    role = _role_in(form)
    if form["do"] == "take":
        await people.take_role(wired.store, person.id, role, database_id, viewer.token.id)
    else:
        await people.give_role(wired.store, person.id, role, database_id, viewer.token.id)
    return see(request, f"/people#person-{person.id}")


@router.post("/accounts")
async def change_account(request: Request, wired: Wired, viewer: SignedIn) -> Response:
    form = await read_bound_form(request, viewer)
    _demand_admin(viewer, None)
    person = await _other_person(wired.store, viewer, form)
    if form["do"] == "enable":
        await people.enable(wired.store, person.id, viewer.token.id)
    else:
        await people.disable(wired.store, person.id, viewer.token.id)
    return see(request, f"/people#person-{person.id}")


@router.post("/tokens")
async def revoke_token(request: Request, wired: Wired, viewer: SignedIn) -> Response:
    form = await read_bound_form(request, viewer)
    _demand_admin(viewer, None)
    await tokens.revoke(wired.store, form["token"], viewer.token.id)
    return see(request, "/people#tokens")


def _listed(viewer: Viewer, person: Person) -> ListedPerson:
    """With the roles that concern the viewer: those in databases that they administer, and those everywhere."""
    is_self = person.id == viewer.session.person_id
    roles = [
        RoleGiven(
            given.role,
            EVERY if given.database_id is None else str(given.database_id),
            not is_self and _administers(viewer, given),
        )
        for given in person.roles
        if given.database_id is None or viewer.may(Scope.ADMIN, given.database_id)
    ]
    return ListedPerson(replace(person, roles=()), roles, is_self)


def _administers(viewer: Viewer, given: GivenRole) -> bool:
    return _is_over_all(viewer) if given.database_id is None else viewer.may(Scope.ADMIN, given.database_id)


def _is_over_all(viewer: Viewer) -> bool:
    return viewer.token.reach(Scope.ADMIN) is None


def _demand_admin(viewer: Viewer, database_id: int | None) -> None:
    """Of this database; None: of every one."""
    if not (_is_over_all(viewer) if database_id is None else viewer.may(Scope.ADMIN, database_id)):
        raise RoleMissing


async def _other_person(store: Store, viewer: Viewer, form: Form) -> Person:
    """Raises OwnAccount: an admin who locks themselves out would need somebody at the command line."""
    person = await _person_in(store, viewer, form)
    if person.id == viewer.session.person_id:
        raise OwnAccount
    return person


async def _person_in(store: Store, viewer: Viewer, form: Form) -> Person:
    if form.has("email"):
        return await people.find(store, form["email"])
    wanted = entered_id(form["person"])
    for person in await people.list_all(store, viewer.token.reach(Scope.ADMIN)):
        if person.id == wanted:
            return person
    raise PersonNotFound


def _database_in(form: Form) -> int | None:
    database_id = entered_id(form["database"])
    if database_id is None and form["database"] != EVERY:
        raise FormStale
    return database_id


def _role_in(form: Form) -> Role:
    if form["role"] not in set(Role):
        raise FormStale
    return Role(form["role"])
