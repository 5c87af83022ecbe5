"""What lies beside two contacts' rows, on the page of their merge: counted while it waits, told as it was after."""

import re

import httpx
import pytest
from sqlalchemy import insert

from store.engine import Store
from store.tables import contact_list_members, contact_lists
from tests.scenarios.approvals import VALUE, A, asks, pending, two_contacts
from tests.tenant import Tenant
from tests.web.visitors import send, shown

pytestmark = pytest.mark.slow


@pytest.fixture
async def contacts(tenant: Tenant, store: Store) -> tuple[int, int]:
    """The older has two messages, one event and two lists; the newer one, two, and one of those lists."""
    older, newer = await two_contacts(tenant)
    for contact_id, messages, events in ((older, 2, 1), (newer, 1, 2)):
        for number in range(messages):
            await tenant.send(contact_id, f"message {number}")
        for number in range(events):
            await tenant.record(contact_id, f"event {number}")
    await tenant.send(older, "too late", expires="2020-01-01T00:00:00Z")
    async with store.transaction() as connection:
        for name, members in {"VIP": (older, newer), "Graz": (older,)}.items():
            added = insert(contact_lists).values(database_id=tenant.id, name=name).returning(contact_lists.c.id)
            list_id = (await connection.execute(added)).scalar_one()
            for contact_id in members:
                await connection.execute(insert(contact_list_members).values(list_id=list_id, contact_id=contact_id))
    await asks(tenant)
    return older, newer


def row(page: str, name: str) -> str:
    """What a row of the table says."""
    (_, table) = page.split("Messages, events and contact lists")
    table = re.split(r" (?:Your decision|What happened) ", table)[0]
    (found,) = re.findall(rf"{name} (.*?)(?= Inbox | Events | Contact lists |$)", table)
    return str(found)


async def test_they_are_counted_and_named_before_and_after_with_the_rule(
    tenant: Tenant, sam: httpx.AsyncClient, contacts: tuple[int, int]
) -> None:
    merge = await pending(tenant, A)
    page = await shown(sam, merge["id"])
    assert "they may still change until it happens" in page
    assert row(page, "Inbox") == (
        "2 messages 1 message 1 message The newer's messages stay; the older's are archived with the merge."
    )
    assert row(page, "Events").startswith("1 event 2 events 3 events Both are kept")
    assert row(page, "Contact lists").startswith("Graz, VIP VIP Graz, VIP The contact that remains is in every list")
    assert (await send(sam, f"/merges/{merge['id']}/approve", values={"typed": VALUE[-4:]})).status_code == 303
    page = await shown(sam, merge["id"])
    assert "may still change" not in page
    assert row(page, "Inbox").endswith("the older's were archived with the merge. Archived: 3 messages.")
    assert row(page, "Events").startswith("Both were kept")
    assert row(page, "Contact lists").startswith(
        "Graz, VIP VIP Graz, VIP The contact that remained came into every list"
    )


async def test_a_request_that_leaves_events_apart_says_so(
    tenant: Tenant, sam: httpx.AsyncClient, contacts: tuple[int, int]
) -> None:
    merge = await pending(tenant, A, mergeEvents=False)
    page = await shown(sam, merge["id"])
    assert row(page, "Events").startswith("1 event 2 events 2 events Only those of the contact that remains are kept")


async def test_where_nobody_is_absorbed_they_stay(tenant: Tenant, sam: httpx.AsyncClient) -> None:
    await tenant.register(A)
    done = await tenant.established(A, VALUE)
    page = await shown(sam, done["mergeId"])
    assert "Inbox, events and contact lists stayed as they were." in page
    assert "Messages, events and contact lists" not in page
