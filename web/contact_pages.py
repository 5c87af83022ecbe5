"""Contacts: searched for without a value in any URL, and shown with all that is known of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from api.services import Wired
from domain.errors import ContactNotFound, DatabaseNotFound
from store import activity
from store.contacts import live_contact
from store.engine import Store
from store.finding import MOST_FOUND, By, Found, database_of, find
from store.lineage import (
    Absorption,
    absorption_of,
    apart_from,
    changes_of,
    lists_of,
    open_requests_of,
)
from store.requesters import requesters_of
from store.reveals import Subject
from store.tokens import Scope
from web.contact_view import shown_contact, shown_event, shown_message
from web.forms import read_bound_form
from web.masking import Sight, contact_sight, is_masked_in_one, record_reveal, record_search
from web.merge_words import listed_merge
from web.page_route import PageRoute
from web.reach import LARGEST_ID, database_for, demand_reach, entered_id, reached
from web.rendering import LIVE, page, see
from web.seen_merge import MergeSight, types_of
from web.viewer import SignedIn, Viewer

router = APIRouter(route_class=PageRoute, include_in_schema=False, prefix="/contacts")

ContactId = Annotated[int, Path(ge=1, le=LARGEST_ID)]


@dataclass(frozen=True)
class Search:
    """What somebody looked for, and what there was."""

    database_id: int | None
    by: By
    value: str
    found: Sequence[Found]


@router.get("")
async def search(request: Request, wired: Wired, viewer: SignedIn) -> Response:
    return await _search_page(request, wired.store, viewer)


@router.post("")
async def find_(request: Request, wired: Wired, viewer: SignedIn) -> Response:
    """What is searched for is a person's: it travels in the body, and one contact found is a redirect to its id."""
    form = await read_bound_form(request, viewer)
    database_id = entered_id(form["database"])
    demand_reach(viewer, Scope.CONTACTS_READ, database_id, DatabaseNotFound)
    by = By(form["by"]) if form["by"] in set(By) else By.ID
    value = form["value"]
    if value and by is not By.ID:
        await record_search(wired.store, viewer, [database_id or 0])
    found = await find(wired.store, database_id or 0, by, value, entered_id(value)) if value else []
    if len(found) == 1:
        return see(request, f"/contacts/{found[0].id}")
    return await _search_page(request, wired.store, viewer, Search(database_id, by, value, found))


@router.get("/{contact_id}")
async def show(request: Request, wired: Wired, viewer: SignedIn, contact_id: ContactId) -> Response:
    """An absorbed contact too, as the merge found it: who has its id in a letter wants to know what became of it."""
    async with wired.store.statements() as connection:
        database_id = await database_of(connection, contact_id)
        demand_reach(viewer, Scope.CONTACTS_READ, database_id, ContactNotFound)
        absorption = await absorption_of(connection, contact_id)
    seen = await contact_sight(wired.store, viewer, database_id or 0, contact_id)
    if absorption is not None:
        return await _absorbed_page(request, wired.store, viewer, absorption, seen)
    return await _live_page(request, wired.store, viewer, database_id or 0, contact_id, seen)


@router.post("/{contact_id}/reveal")
async def reveal(request: Request, wired: Wired, viewer: SignedIn, contact_id: ContactId) -> Response:
    await read_bound_form(request, viewer)
    async with wired.store.statements() as connection:
        database_id = await database_of(connection, contact_id)
    await record_reveal(
        wired.store,
        viewer,
        demand_reach(viewer, Scope.CONTACTS_READ, database_id, ContactNotFound),
        Subject(contact_id),
    )
    return see(request, f"/contacts/{contact_id}")


async def _search_page(request: Request, store: Store, viewer: Viewer, asked: Search | None = None) -> Response:
    return page(
        request,
        "contact_search.html",
        cache=LIVE,
        viewer=viewer,
        databases=await reached(store, viewer, Scope.CONTACTS_READ),
        form_token=viewer.form_token("/contacts"),
        most=MOST_FOUND,
        asked=asked is not None,
        recorded=is_masked_in_one(viewer, viewer.token.reach(Scope.CONTACTS_READ)),
        search=asked or Search(None, By.ID, "", []),
    )


async def _live_page(
    request: Request, store: Store, viewer: Viewer, database_id: int, contact_id: int, seen: Sight
) -> Response:
    database = await database_for(store, viewer, Scope.CONTACTS_READ, database_id)
    async with store.transaction() as connection:
        contact = await live_contact(connection, database_id, contact_id)
        changes = await changes_of(connection, contact_id)
        open_requests = await open_requests_of(connection, database_id, contact_id)
        apart = await apart_from(connection, contact_id)
        lists = await lists_of(connection, contact_id)
        requesters = await requesters_of(connection, open_requests)
    of_merges = MergeSight(seen, types_of(database))
    messages = await activity.list_messages(store, database_id, contact_id)
    events = await activity.list_events(store, database_id, contact_id)
    return page(
        request,
        "contact.html",
        cache=LIVE,
        viewer=viewer,
        database=database,
        contact=shown_contact(contact, database, changes, seen),
        absorbed=[merge for merge in changes if merge.absorbed_id is not None],
        open_requests=[listed_merge(one, requesters[one.id], of_merges.request(one.request)) for one in open_requests],
        apart=apart,
        lists=lists,
        messages=[shown_message(one, seen) for one in messages],
        events=[shown_event(one, seen) for one in events],
        sight=seen,
        reveal_token=viewer.form_token(f"/contacts/{contact_id}/reveal"),
    )


async def _absorbed_page(
    request: Request, store: Store, viewer: Viewer, absorption: Absorption, seen: Sight
) -> Response:
    database = await database_for(store, viewer, Scope.CONTACTS_READ, absorption.contact.database_id)
    async with store.transaction() as connection:
        changes = [one for one in await changes_of(connection, absorption.contact.id) if one.id != absorption.merge_id]
    return page(
        request,
        "contact_absorbed.html",
        cache=LIVE,
        viewer=viewer,
        database=database,
        absorption=absorption,
        contact=shown_contact(absorption.contact, database, changes, seen),
        absorbed=[merge for merge in changes if merge.absorbed_id is not None],
        sight=seen,
        reveal_token=viewer.form_token(f"/contacts/{absorption.contact.id}/reveal"),
    )
