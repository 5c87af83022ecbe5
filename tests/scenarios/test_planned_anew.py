"""While a merge waits the world goes on: what became of the plan is shown, and only what is shown can be approved."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from store.engine import Store
from tests.scenarios.approvals import (
    VALUE,
    A,
    B,
    Reviewer,
    asks,
    execute,
    held_back,
    pending,
    refusal,
    two_contacts,
    when_done,
    when_revised,
)
from tests.tenant import MakeTenant, Tenant

C = "muidC|channelC"


async def remove_device(tenant: Tenant, destination: str) -> None:
    device = (await tenant.by_channel(destination)).json()["channels"][0]["id"]
    assert (await tenant.http.delete(f"/v1/databases/{tenant.id}/devices/{device}")).status_code == 204


async def allow(tenant: Tenant, waiting: dict[str, Any]) -> dict[str, Any]:
    """From now on nobody is asked; the merge as it waits under the new policy."""
    await asks(tenant, ask="never")
    return await when_revised(tenant, waiting["id"])


async def test_a_device_that_is_gone_is_not_found(tenant: Tenant, specialist: Reviewer) -> None:
    waiting = await held_back(tenant)

    await remove_device(tenant, A)

    done = await when_done(tenant, waiting["id"])
    assert (done["outcome"], done["winnerRecipientId"], done["decisions"]) == ("not_found", None, [])
    assert (await tenant.by_identity(VALUE)).status_code == 200
    refused = await specialist.approve(waiting)
    assert refusal(refused) == (409, "already-decided")
    assert "not_found" in refused.json()["detail"]


async def test_a_device_that_is_gone_unnoticed_is_not_found_by_the_approval(
    store: Store, tenant: Tenant, specialist: Reviewer
) -> None:
    waiting = await held_back(tenant)
    await execute(store, "DELETE FROM devices WHERE database_id = :id AND destination = :a", id=tenant.id, a=A)

    refused = await specialist.approve(waiting)

    assert refusal(refused) == (409, "already-decided")
    done = await tenant.merge(waiting["id"])
    assert (done["outcome"], [one["tookEffect"] for one in done["decisions"]]) == ("not_found", [False])


async def test_a_required_column_that_would_be_empty_blocks_before_anyone_is_asked(make_tenant: MakeTenant) -> None:
    tenant = await make_tenant(required=("Country",))
    await asks(tenant)
    await two_contacts(tenant)

    answer = await tenant.establish(A, VALUE)

    assert refusal(answer) == (500, "merge-blocked")
    assert "Country" in answer.json()["detail"]
    merge = await tenant.merge(answer.json()["mergeId"])
    assert (merge["outcome"], merge["reasons"]) == ("blocked", [])


async def require(tenant: Tenant, name: str) -> None:
    column = {"name": name, "type": "text", "required": True}
    answer = await tenant.http.post(f"/v1/databases/{tenant.id}/columns", json=column)
    assert answer.status_code == 201, answer.text


async def test_a_column_that_became_required_blocks_what_waited(tenant: Tenant) -> None:
    lookup, device = await two_contacts(tenant)
    await asks(tenant)
    waiting = await pending(tenant)

    await require(tenant, "Country")

    done = await when_done(tenant, waiting["id"])
    assert (done["outcome"], done["decisions"]) == ("blocked", [])
    assert done["plan"]["blockers"] == [{"code": "required-column-empty", "name": "Country"}]
    assert {(await tenant.contact(one))["id"] for one in (lookup, device)} == {lookup, device}


async def test_a_lookup_key_that_is_deleted_blocks_what_waited(tenant: Tenant) -> None:
    waiting = await held_back(tenant)

    deleted = await tenant.http.delete(f"/databases/{tenant.id}/lookupkeys/userId")
    assert deleted.status_code == 204, deleted.text

    done = await when_done(tenant, waiting["id"])
    assert done["outcome"] == "blocked"
    assert done["plan"]["blockers"] == [{"code": "lookup-key-inactive", "name": "userId"}]


async def lookup_contact_is_absorbed(tenant: Tenant) -> None:
    assert (await tenant.established(C, VALUE))["outcome"] == "merged"


async def device_contact_is_absorbed(tenant: Tenant) -> None:
    await tenant.patch_contact((await tenant.by_channel(A)).json()["id"], custom={"Alias Id": "A-1"})
    assert (await tenant.established(C, "A-1", "Alias Id"))["outcome"] == "merged"


async def lookup_contact_absorbs(tenant: Tenant) -> None:
    await tenant.patch_contact((await tenant.by_channel(C)).json()["id"], custom={"Alias Id": "C-1"})
    assert (await tenant.established(B, "C-1", "Alias Id"))["outcome"] == "merged"


async def lookup_contact_gets_another_identity(tenant: Tenant) -> None:
    assert (await tenant.established(B, "B-1", "Alias Id"))["outcome"] == "assigned"


@pytest.mark.parametrize(
    "happens",
    [
        lookup_contact_is_absorbed,
        device_contact_is_absorbed,
        lookup_contact_absorbs,
        lookup_contact_gets_another_identity,
    ],
)
async def test_another_request_that_touched_a_contact_makes_a_revision_by_itself(
    tenant: Tenant, specialist: Reviewer, happens: Callable[[Tenant], Awaitable[None]]
) -> None:
    await tenant.register(C, leadSource="fair")
    waiting = await allow(tenant, await held_back(tenant))

    await happens(tenant)

    anew = await when_revised(tenant, waiting["id"], 3)
    assert (anew["state"], anew["plan"]["revision"], anew["decisions"]) == ("pending_approval", 3, [])
    assert [one["cause"] for one in anew["revisions"]] == ["requested", "contacts-changed", "contacts-changed"]
    assert anew["revisions"][2]["changes"], "and it says what changed"
    assert (anew["reasons"], anew["deadline"]) == (waiting["reasons"], waiting["deadline"])
    assert refusal(await specialist.approve(waiting)) == (412, "plan-stale")
    assert (await specialist.approve(anew)).json()["outcome"] == "merged"
    assert {one["destination"] for one in (await tenant.by_channel(A)).json()["channels"]} >= {A, B}


async def test_another_request_that_did_the_same_leaves_nothing_to_decide(tenant: Tenant) -> None:
    """The same merge from the other side: the identity's contact was merged into the device's."""
    waiting = await allow(tenant, await held_back(tenant))
    await tenant.patch_contact((await tenant.by_channel(A)).json()["id"], custom={"Alias Id": "A-1"})

    assert (await tenant.established(B, "A-1", "Alias Id"))["outcome"] == "merged"

    done = await when_done(tenant, waiting["id"])
    assert (done["outcome"], done["decisions"]) == ("unchanged", [])


async def test_once_asked_a_person_decides_also_on_what_would_not_have_been_asked(
    tenant: Tenant, specialist: Reviewer
) -> None:
    """The identity's contact let go of it: what is left is an assignment, which the policy lets pass."""
    waiting = await held_back(tenant)
    holder = (await tenant.by_channel(B)).json()["id"]
    assert (await tenant.patch_contact(holder, custom={"userId": None})).status_code == 204

    stale = await specialist.approve(waiting)

    assert refusal(stale) == (412, "plan-stale")
    anew = await tenant.merge(waiting["id"])
    assert (anew["state"], anew["plan"]["outcome"], anew["reasons"]) == ("pending_approval", "assigned", ["always"])
    assert (await specialist.approve(anew)).json()["outcome"] == "assigned"


@pytest.mark.parametrize("seen", ["device", "lookup"])
async def test_what_a_plan_does_not_bind_does_not_make_it_stale(
    tenant: Tenant, specialist: Reviewer, seen: str
) -> None:
    lookup, device = await two_contacts(tenant)
    await asks(tenant)
    waiting = await pending(tenant)
    one = device if seen == "device" else lookup

    await tenant.send(one, "Welcome")
    await tenant.record(one, "app.opened")
    unchanged = (await tenant.contact(one))["email"]
    assert (await tenant.patch_contact(one, email=unchanged)).status_code == 204
    assert (await tenant.contact(one))["lastModified"] != ""
    await tenant.register(C, email="somebody@example.org")

    answer = await specialist.approve(waiting)

    assert (answer.status_code, answer.json()["outcome"]) == (200, "merged")
    done = await tenant.merge(waiting["id"])
    assert (done["plan"]["revision"], len(done["revisions"])) == (1, 1)
    assert await tenant.inbox(device) == ({"Welcome"} if seen == "device" else set())
    assert await tenant.events(device) == {"app.opened": one}


async def test_a_policy_that_changed_makes_a_revision_by_itself(tenant: Tenant, specialist: Reviewer) -> None:
    """The plan names the version under which it is executed."""
    waiting = await held_back(tenant)
    await tenant.keep("older")

    anew = await when_revised(tenant, waiting["id"])
    assert refusal(await specialist.approve(waiting)) == (412, "plan-stale")
    assert anew["plan"]["survivor"] == waiting["plan"]["absorbed"]
    assert anew["plan"]["policy"]["version"] == waiting["plan"]["policy"]["version"] + 1
    changed = {one["what"] for one in anew["revisions"][1]["changes"]}
    assert {"policy", "survivor", "absorbed"} <= changed
    assert (await specialist.approve(anew)).json()["outcome"] == "merged"


async def test_a_merge_that_touched_nobody_else_disturbs_no_open_request(tenant: Tenant, specialist: Reviewer) -> None:
    waiting = await allow(tenant, await held_back(tenant))
    await tenant.register(C)
    await tenant.create(custom={"Alias Id": "free"})

    assert (await tenant.established(C, "free", "Alias Id"))["outcome"] == "merged"
    await asks(tenant, ask="never")  # as before: no new version

    await asyncio.sleep(0.5)
    assert len((await tenant.merge(waiting["id"]))["revisions"]) == 2
