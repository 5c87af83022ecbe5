"""Preview, then PUT, then GET: what the plan says is what the row shows."""

from typing import Any

import pytest

from store.engine import Store
from tests.api.wire import nothing_changes
from tests.tenant import MakeTenant, Tenant, custom_fields, identities

A = "muidA|channelA"
B = "muidB|channelB"
FULL = {
    "email": "a@example.com",
    "emailType": "HTML",
    "optInDetails": "OPTED-IN",
    "leadSource": "fair",
    "visitorKey": "v-a",
    "crmSyncId": "crm-a",
    "custom": {"Favorite Food": "Burger", "Newsletter": "Yes", "Visits": "12.5", "Alias Id": "alias-a"},
}
OTHER = {
    "email": "b@example.com",
    "leadSource": "web",
    "visitorKey": "v-b",
    "custom": {"Favorite Food": "Pizza", "Birthday": "1990-02-28", "Alias Id": "alias-b", "userId": "777374"},
}
CASES: dict[str, tuple[dict[str, Any], dict[str, Any] | None, str, dict[str, Any]]] = {
    "assigned": (FULL, None, "device-contact", {}),
    "reassigned": ({**FULL, "custom": {"userId": "old"}}, None, "device-contact", {}),
    "unchanged": ({**FULL, "custom": {"userId": "777374"}}, None, "device-contact", {}),
    "merged, device contact newer": ({**FULL, "created": "2017-08-15"}, OTHER, "device-contact", {}),
    "merged, device contact older": ({**FULL, "created": "2017-08-01"}, OTHER, "device-contact", {}),
    "merged into the lookup contact": (FULL, OTHER, "lookup-contact", {}),
    "merged into the older": (FULL, OTHER, "older", {}),
    "merged into the newer": (FULL, OTHER, "newer", {}),
    "merged into the one of the CRM": (FULL, OTHER, "lookup-contact", {"useCrmContactAsWinner": True}),
    "merged without events": (FULL, OTHER, "device-contact", {"mergeEvents": False}),
    "merged with an empty contact": ({}, OTHER, "device-contact", {}),
    "merged where both held another identity": (
        {**FULL, "custom": {"userId": "old", "Alias Id": "alias-a"}},
        OTHER,
        "older",
        {},
    ),
}


async def load(tenant: Tenant, case: str) -> dict[str, Any]:
    """Makes the case's contacts, and says with which flags to ask."""
    of_device, of_lookup, policy, flags = CASES[case]
    await tenant.keep(policy)
    if of_lookup is not None:
        await tenant.register(B, **{"created": "2017-08-07", **of_lookup})
    await tenant.register(A, **of_device)
    return flags


def shown(fields: list[dict[str, Any]], contact: dict[str, Any]) -> dict[str, Any]:
    """What the row shows for each field of the plan; an absent custom field is null."""
    custom = custom_fields(contact)
    return {row["name"]: contact.get(row["name"], custom.get(row["name"])) for row in fields}


@pytest.mark.parametrize("case", CASES)
async def test_preview_then_put_then_get_the_plans_fields_equal_what_the_row_shows(tenant: Tenant, case: str) -> None:
    flags = await load(tenant, case)

    plan = await tenant.preview(A, "777374", **flags)
    told = await tenant.established(A, "777374", **flags)

    assert told["outcome"] == plan["outcome"] == case.partition(" ")[0].rstrip(",")
    assert told["winnerRecipientId"] == plan["survivor"]
    assert told["winnerChannelIdentifier"] == plan["winnerChannelIdentifier"]
    contact, merge = await tenant.contact(plan["survivor"]), await tenant.merge(told["mergeId"])
    expected = {row["name"]: row["result"] for row in plan["fields"]}
    if plan["outcome"] != "unchanged":
        assert expected["lastModified"] is None, "no plan can know the time of the commit"
        expected["lastModified"] = merge["settled"]
    assert shown(plan["fields"], contact) == expected
    assert identities(contact) == {
        row["name"]: row["result"] for row in plan["identities"] if row["result"] is not None
    }
    assert custom_fields(contact).keys() <= {row["name"] for row in (*plan["fields"], *plan["identities"])}
    assert contact["channels"] == [without(device, "contact") for device in plan["devices"]]
    assert contact["contactLists"] == plan["contactLists"]
    assert merge["plan"] == plan, "what was executed is what was shown, digest included"
    assert len(plan["digest"]) == 64


@pytest.mark.parametrize("case", CASES)
async def test_a_preview_changes_nothing(tenant: Tenant, store: Store, case: str) -> None:
    flags = await load(tenant, case)
    async with nothing_changes(store):
        first, second = [await tenant.preview(A, "777374", **flags) for _ in range(2)]
    assert first == second


async def test_what_a_preview_is_compared_by_sees_a_change(tenant: Tenant, store: Store) -> None:
    contact_id = await tenant.register(A)
    with pytest.raises(AssertionError, match=r"^\{'contacts'\}"):
        async with nothing_changes(store):
            await tenant.patch_contact(contact_id, email="a@example.com")


async def test_a_preview_of_an_unknown_device_says_not_found(tenant: Tenant) -> None:
    await tenant.register(B, custom={"userId": "777374"})

    plan = await tenant.preview(A, "777374")

    assert (plan["outcome"], plan["survivor"], plan["fields"], plan["devices"]) == ("not_found", None, [], [])
    refused = (await tenant.establish(A, "777374")).json()
    assert (await tenant.merge(refused["mergeId"]))["plan"] == plan


async def test_a_preview_says_before_anyone_approves_that_a_required_column_is_empty(make_tenant: MakeTenant) -> None:
    tenant = await make_tenant(required=("Country", "Area"))
    await tenant.register(A)

    plan = await tenant.preview(A, "777374")

    assert plan["outcome"] == "blocked"
    assert [blocker["name"] for blocker in plan["blockers"]] == ["Area", "Country"]
    refused = (await tenant.establish(A, "777374")).json()
    assert (await tenant.merge(refused["mergeId"]))["plan"] == plan


async def test_every_field_names_its_rule_its_winner_and_the_value_that_lost(tenant: Tenant) -> None:
    await load(tenant, "merged, device contact newer")

    plan = await tenant.preview(A, "777374")

    both_times = [(await tenant.contact(plan[side]))["lastModified"] for side in ("older", "newer")]
    rows = {row["name"]: (row["rule"], row["winner"], row["lost"]) for row in (*plan["fields"], *plan["identities"])}
    assert rows == {
        "created": ("survivor", "newer", ["2017-08-07T00:00:00Z"]),
        "lastModified": ("regenerated", None, both_times),
        "email": ("oldest", "older", ["a@example.com"]),
        "emailType": ("oldest", None, ["HTML"]),
        "optInDetails": ("oldest", None, ["OPTED-IN"]),
        "leadSource": ("oldest", "older", ["fair"]),
        "crmSyncId": ("not-merged", "newer", []),
        "visitorKey": ("survivor", "newer", ["v-b"]),
        "muid": ("newest", "newer", ["muidB"]),
        "Favorite Food": ("newest", "newer", ["Pizza"]),
        "Newsletter": ("only-value", "newer", []),
        "Visits": ("only-value", "newer", []),
        "Birthday": ("only-value", "older", []),
        "Alias Id": ("newest", "newer", ["alias-b"]),
        "userId": ("requested", "older", []),
    }


@pytest.mark.parametrize(
    "change", ["a value", "an identity", "a device", "the policy", "a flag", "the identity asked for"]
)
async def test_the_digest_changes_with_what_the_merge_writes_or_discards(tenant: Tenant, change: str) -> None:
    await load(tenant, "merged, device contact newer")
    before = await tenant.preview(A, "777374")
    flags: dict[str, Any] = {}
    value = "777374"
    match change:
        case "a value":
            await tenant.register(B, custom={"Favorite Food": "Soup"})
        case "an identity":
            await tenant.register(B, custom={"Alias Id": "soup"})
        case "a device":
            await tenant.register("muidC|channelC", custom={"userId": "more"})
            await tenant.keep("lookup-contact")
            await tenant.established("muidC|channelC", "777374")
            await tenant.keep("device-contact")
        case "the policy":
            await tenant.keep("older")
        case "a flag":
            flags = {"mergeEvents": False}
        case _:
            value = "alias"

    assert (await tenant.preview(A, value, **flags))["digest"] != before["digest"]


async def test_the_digest_stays_while_a_busy_persons_inbox_and_events_grow(tenant: Tenant) -> None:
    await load(tenant, "merged, device contact newer")
    before = await tenant.preview(A, "777374")
    for contact_id in (before["older"], before["newer"]):
        await tenant.send(contact_id, "news")
        await tenant.record(contact_id, "opened")
    await tenant.register(A, custom={"Favorite Food": "Burger"})  # a new version and lastModified, the same values

    after = await tenant.preview(A, "777374")

    assert after["digest"] == before["digest"]
    assert after["fields"] != before["fields"], "lastModified shows"


def without(document: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != name}
