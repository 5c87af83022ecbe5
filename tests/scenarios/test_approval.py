"""A merge that the policy holds back: a person decides on what they saw, and exactly that happens."""

from collections.abc import AsyncIterator

import pytest

from domain.roles import Role
from store.engine import Store
from tests.scenarios.approvals import A, VALUE, Reviewer, Reviewers, asks, pending, reviewers, two_contacts
from tests.stack import Stack
from tests.tenant import Tenant


@pytest.fixture
async def people(stack: Stack, store: Store, tenant: Tenant) -> AsyncIterator[Reviewers]:
    async with reviewers(store, stack.url, tenant) as make:
        yield make


@pytest.fixture
async def specialist(people: Reviewers) -> Reviewer:
    return await people(Role.SPECIALIST)


async def test_a_merge_waits_and_is_executed_as_it_was_approved(tenant: Tenant, specialist: Reviewer) -> None:
    lookup, device = await two_contacts(tenant)
    await asks(tenant)

    waiting = await pending(tenant)
    assert (waiting["reasons"], waiting["plan"]["revision"], waiting["outcome"]) == (["always"], 1, None)
    assert waiting["deadline"] is not None
    assert (await tenant.contact(lookup))["id"] == lookup, "nothing has happened yet"

    answer = await specialist.decide(waiting["id"], waiting["plan"]["digest"])
    assert answer.status_code == 200, answer.text
    assert (answer.json()["state"], answer.json()["outcome"]) == ("done", "merged")
    done = await specialist.merge(waiting["id"])
    assert done["plan"]["digest"] == waiting["plan"]["digest"]
    assert [(one["decision"], one["tookEffect"], one["revision"]) for one in done["decisions"]] == [
        ("approve", True, 1)
    ]
    assert done["winnerRecipientId"] == device
    assert (await tenant.http.get(f"/databases/{tenant.id}/contacts/{lookup}")).status_code == 308
    assert (await tenant.established(A, VALUE))["outcome"] == "unchanged"


async def test_an_edit_between_seeing_and_approving_makes_a_second_revision(
    tenant: Tenant, specialist: Reviewer
) -> None:
    lookup, device = await two_contacts(tenant)
    await asks(tenant)
    waiting = await pending(tenant)
    assert (await tenant.patch_contact(device, custom={"Favorite Food": "Salad"})).status_code == 204

    refused = await specialist.decide(waiting["id"], waiting["plan"]["digest"])
    assert refused.status_code == 412, refused.text
    now = await specialist.merge(waiting["id"])
    assert (refused.json()["revision"], refused.json()["digest"]) == (2, now["plan"]["digest"])
    assert now["state"] == "pending_approval"
    (change,) = [one for one in now["revisions"][1]["changes"] if one["what"] == "fields/Favorite Food"]
    assert (change["before"]["result"], change["after"]["result"]) == ("Burger", "Salad")

    again = await specialist.decide(waiting["id"], waiting["plan"]["digest"])
    assert again.status_code == 412, "the first revision stays stale"
    assert (await specialist.decide(waiting["id"], now["plan"]["digest"])).status_code == 200
