"""The policy says whether a person is asked, and the merge says why one was."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from store.engine import Store
from tests.scenarios.approvals import VALUE, A, B, Reviewer, asks, execute, held_back, pending, refusal
from tests.tenant import Tenant


async def by_rule(tenant: Tenant, **rules: Any) -> None:
    await asks(tenant, ask="when", rules=rules)


async def reasons(tenant: Tenant, destination: str = A, value: str = VALUE) -> list[str] | str:
    """Why a person is asked about it, or the outcome where nobody is."""
    answer = await tenant.establish(destination, value)
    told = answer.json()
    if answer.status_code == 200:
        return str(told["outcome"])
    assert answer.status_code == 202, answer.text
    return list((await tenant.merge(told["mergeId"]))["reasons"])


async def test_of_itself_a_database_asks_nobody(tenant: Tenant) -> None:
    await tenant.register(B, custom={"userId": VALUE})
    await tenant.register(A)

    merge_id = (await tenant.established(A, VALUE))["mergeId"]

    merge = await tenant.merge(merge_id)
    assert (merge["reasons"], merge["deadline"], merge["revisions"], merge["decisions"]) == ([], None, [], [])


async def test_assigned_and_reassigned_run_at_once(tenant: Tenant) -> None:
    await asks(tenant)
    await tenant.register(A)

    assert await reasons(tenant, A, "1") == "assigned"
    assert await reasons(tenant, A, "2") == "reassigned"
    assert await reasons(tenant, A, "2") == "unchanged"


async def test_they_wait_where_the_policy_names_them(tenant: Tenant, specialist: Reviewer) -> None:
    await asks(tenant, outcomes=["assigned", "reassigned"])
    device = await tenant.register(A)

    assigning = await pending(tenant, A, "1")
    assert (await tenant.by_identity("1")).status_code == 404
    assert (await specialist.approve(assigning)).json()["outcome"] == "assigned"
    reassigning = await pending(tenant, A, "2")
    assert (await specialist.approve(reassigning)).json()["outcome"] == "reassigned"

    assert (await tenant.by_identity("2")).json()["id"] == device
    assert (await tenant.by_identity("1")).status_code == 404
    await tenant.register(B)
    assert await reasons(tenant, B, "2") == "merged", "which it does not name"


async def test_what_would_change_nothing_asks_nobody(tenant: Tenant) -> None:
    await asks(tenant, outcomes=["merged", "assigned", "reassigned"])
    await tenant.register(B, custom={"userId": VALUE})

    assert await reasons(tenant, B) == "unchanged"
    assert refusal(await tenant.establish("muidZ|channelZ", VALUE)) == (404, "device-not-found")


@pytest.mark.parametrize(("own", "expected"), [({"Alias Id": "A-1"}, ["both-identified"]), ({}, "merged")])
async def test_both_carry_an_identity(tenant: Tenant, own: dict[str, str], expected: list[str] | str) -> None:
    await by_rule(tenant, bothIdentified=True)
    await tenant.register(B, custom={"userId": VALUE})
    await tenant.register(A, custom=own)

    assert await reasons(tenant) == expected


@pytest.mark.parametrize(
    ("email", "expected"),
    [("bertrand@example.org", ["emails-differ"]), ("Albert@Example.org", "merged"), (None, "merged")],
)
async def test_emails_differ(tenant: Tenant, email: str | None, expected: list[str] | str) -> None:
    await by_rule(tenant, emailsDiffer=True)
    await tenant.register(B, email="albert@example.org", custom={"userId": VALUE})
    await tenant.register(A, **({"email": email} if email else {}))

    assert await reasons(tenant) == expected


@pytest.mark.parametrize(("more_than", "expected"), [(1, ["devices-gained"]), (2, "merged")])
async def test_the_survivor_gains_many_devices(tenant: Tenant, more_than: int, expected: list[str] | str) -> None:
    await tenant.register(B, custom={"userId": VALUE})
    await tenant.register("muidC|channelC")
    assert await reasons(tenant, "muidC|channelC") == "merged"
    await tenant.register(A)
    await by_rule(tenant, devicesGainedOver=more_than)

    assert await reasons(tenant) == expected


async def age(store: Store, tenant: Tenant, days: int) -> None:
    """As if what changed identities so far had happened so many days ago."""
    statement = "UPDATE contacts SET identities_changed = identities_changed - make_interval(days => :days)"
    await execute(store, f"{statement} WHERE database_id = :id", days=days, id=tenant.id)


@pytest.mark.parametrize(("days_ago", "expected"), [(1, ["identity-changed"]), (3, "merged")])
async def test_the_device_changed_identity_lately(
    store: Store, tenant: Tenant, days_ago: int, expected: list[str] | str
) -> None:
    await by_rule(tenant, identityChangedWithinDays=2)
    device = await tenant.register(A, custom={"Alias Id": "A-1"})
    await tenant.register(B, custom={"userId": VALUE})
    await tenant.patch_contact(device, custom={"userId": "another"})
    await age(store, tenant, days_ago)

    assert await reasons(tenant) == expected


WAYS: dict[str, Callable[[Tenant, int], Awaitable[object]]] = {
    "a request": lambda tenant, _: tenant.established(A, "another"),
    "a registration": lambda tenant, _: tenant.register(A, custom={"userId": "another"}),
    "a patch": lambda tenant, contact: tenant.patch_contact(contact, custom={"userId": "another"}),
    "a patch that frees it": lambda tenant, contact: tenant.patch_contact(contact, custom={"Alias Id": None}),
    "an upsert": lambda tenant, _: tenant.upsert({"Alias Id": "A-1"}, custom={"userId": "another"}),
    "a merge that absorbed its contact": lambda tenant, _: tenant.established("muidC|channelC", "A-1", "Alias Id"),
}


@pytest.mark.parametrize("way", WAYS)
async def test_in_whatever_way_it_changed(tenant: Tenant, way: str) -> None:
    await by_rule(tenant, identityChangedWithinDays=1)
    device = await tenant.register(A, custom={"Alias Id": "A-1"})
    await tenant.register(B, custom={"userId": VALUE})
    await tenant.register("muidC|channelC")

    await WAYS[way](tenant, device)

    assert await reasons(tenant) == ["identity-changed"]


async def test_another_device_of_its_contact_changed_it(store: Store, tenant: Tenant) -> None:
    await by_rule(tenant, identityChangedWithinDays=1)
    await tenant.register(A, custom={"Alias Id": "A-1"})
    await tenant.register(B, custom={"userId": VALUE})
    await tenant.register("muidC|channelC")
    assert await reasons(tenant, A, "another") == "assigned"
    await tenant.established("muidC|channelC", "another")
    await age(store, tenant, 2)

    assert await reasons(tenant, "muidC|channelC", "a third") == "reassigned"

    assert await reasons(tenant) == ["identity-changed"]


async def test_a_device_that_never_changed_identity_is_not_asked_about(tenant: Tenant) -> None:
    """What it was registered with stays what it is, however often it is said."""
    await by_rule(tenant, identityChangedWithinDays=3650)
    for _ in range(2):
        await tenant.register(A, custom={"Alias Id": "A-1", "Favorite Food": "Pizza"})
    await tenant.register(B, custom={"userId": VALUE})

    assert await reasons(tenant) == "merged"


async def test_every_reason_is_told(tenant: Tenant) -> None:
    await by_rule(tenant, bothIdentified=True, emailsDiffer=True, devicesGainedOver=0, identityChangedWithinDays=1)
    await tenant.register(B, email="albert@example.org", custom={"userId": VALUE})
    await tenant.register(A, email="bertrand@example.org", custom={"Alias Id": "A-1"})

    assert await reasons(tenant) == ["both-identified", "emails-differ", "devices-gained"]


async def test_what_begins_to_ask_between_the_plan_and_the_merge_is_asked(tenant: Tenant) -> None:
    """A preview says what would happen, and the policy of the moment says who is asked."""
    await tenant.register(B, custom={"userId": VALUE})
    await tenant.register(A)
    assert (await tenant.preview(A, VALUE))["outcome"] == "merged"

    await asks(tenant)

    assert await reasons(tenant) == ["always"]


async def test_what_waited_goes_on_waiting_when_the_policy_asks_no_more(tenant: Tenant, specialist: Reviewer) -> None:
    waiting = await held_back(tenant)
    await asks(tenant, ask="never")

    again = await tenant.establish(A, VALUE)

    assert (again.status_code, again.json()["mergeId"]) == (202, waiting["id"])
    assert refusal(await specialist.approve(waiting)) == (412, "plan-stale"), "it names the version of the policy"
    anew = await tenant.merge(waiting["id"])
    assert anew["reasons"] == ["always"]
    assert (await specialist.approve(anew)).json()["outcome"] == "merged"
