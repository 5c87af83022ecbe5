"""The design's table "Rules of the merge", over HTTP: which contact survives and with which values."""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.tenant import Tenant, custom_fields, destinations, identities

DEVICE = "muidD|channelD"
OTHER = "muidL|channelL"
OLD, NEW = "2017-08-01", "2017-08-15"


@dataclass(frozen=True)
class Pair:
    """A device contact and the contact that holds userId 777374, not merged yet."""

    tenant: Tenant
    device: int
    lookup: int

    async def merge(self, **flags: Any) -> dict[str, Any]:
        """The surviving contact."""
        told = await self.tenant.established(DEVICE, "777374", **flags)
        assert told["outcome"] == "merged"
        survivor = await self.tenant.contact(told["winnerRecipientId"])
        assert survivor["id"] in {self.device, self.lookup}
        return survivor


async def pair_of(tenant: Tenant, older: dict[str, Any], newer: dict[str, Any], device_is: str = "newer") -> Pair:
    """Two contacts with a device each; `device_is` says whether the requested one is the older's or the newer's."""
    of_device, of_lookup = (newer, older) if device_is == "newer" else (older, newer)
    dates = (NEW, OLD) if device_is == "newer" else (OLD, NEW)
    device = await tenant.register(DEVICE, created=dates[0], **of_device)
    lookup = await tenant.register(OTHER, created=dates[1], **of_lookup)
    assert (await tenant.patch_contact(lookup, custom={"userId": "777374"})).status_code == 204
    return Pair(tenant, device, lookup)


async def read(tenant: Tenant, contact_id: int) -> httpx.Response:
    return await tenant.http.get(f"/databases/{tenant.id}/contacts/{contact_id}")


@pytest.mark.parametrize("device_is", ["older", "newer"])
@pytest.mark.parametrize("policy", ["device-contact", "lookup-contact", "older", "newer"])
async def test_the_survivor_is_whom_the_policy_names(tenant: Tenant, policy: str, device_is: str) -> None:
    pair = await pair_of(tenant, {}, {}, device_is)
    by_age = {device_is: pair.device, {"older": "newer", "newer": "older"}[device_is]: pair.lookup}
    expected = {"device-contact": pair.device, "lookup-contact": pair.lookup, **by_age}[policy]
    await tenant.keep(policy)

    survivor = await pair.merge()

    assert survivor["id"] == expected
    assert survivor["created"].startswith(OLD if expected == by_age["older"] else NEW), "its own"
    assert identities(survivor) == {"userId": "777374"}, "always on the survivor, whatever the ages"
    assert (await read(tenant, ({pair.device, pair.lookup} - {expected}).pop())).status_code == 308


async def test_without_a_policy_the_device_contact_survives(tenant: Tenant) -> None:
    database = (await tenant.http.get(f"/v1/databases/{tenant.id}")).json()

    assert database["policy"]["survivor"] == "device-contact"


async def test_a_tie_of_the_dates_goes_to_the_smaller_id_as_older(tenant: Tenant) -> None:
    first = await tenant.register(OTHER, created=OLD, email="first@example.com", custom={"userId": "777374"})
    second = await tenant.register(DEVICE, created=OLD, email="second@example.com")

    plan = await tenant.preview(DEVICE, "777374")
    survivor = await Pair(tenant, second, first).merge()

    assert (plan["older"], plan["newer"]) == (first, second)
    assert survivor["email"] == "first@example.com"


@pytest.mark.parametrize("device_is", ["older", "newer"])
async def test_another_value_under_the_requested_name_is_freed(tenant: Tenant, device_is: str) -> None:
    pair = await pair_of(tenant, {}, {}, device_is)
    await tenant.patch_contact(pair.device, custom={"userId": "another"})

    survivor = await pair.merge()

    assert identities(survivor) == {"userId": "777374"}
    assert (await tenant.by_identity("another")).status_code == 404


@pytest.mark.parametrize("holder", ["device", "lookup"])
async def test_with_use_crm_contact_as_winner_the_one_with_a_crm_sync_id_survives(tenant: Tenant, holder: str) -> None:
    pair = await pair_of(tenant, {}, {})
    with_crm = getattr(pair, holder)
    await tenant.patch_contact(with_crm, crmSyncId="crm-1")

    survivor = await pair.merge(useCrmContactAsWinner=True)

    assert (survivor["id"], survivor["crmSyncId"]) == (with_crm, "crm-1")


@pytest.mark.parametrize("both", [True, False], ids=["both", "none"])
async def test_where_both_or_none_have_a_crm_sync_id_the_policy_decides(tenant: Tenant, both: bool) -> None:
    older, newer = ({"crmSyncId": "crm-1"}, {"crmSyncId": "crm-2"}) if both else ({}, {})
    pair = await pair_of(tenant, older, newer)

    survivor = await pair.merge(useCrmContactAsWinner=True)

    assert survivor["id"] == pair.device


async def test_without_the_flag_a_crm_sync_id_does_not_choose_the_survivor(tenant: Tenant) -> None:
    pair = await pair_of(tenant, {"crmSyncId": "crm-1"}, {})

    survivor = await pair.merge(useCrmContactAsWinner=False)

    assert (survivor["id"], survivor["crmSyncId"]) == (pair.device, None), "never adopted, also not by null"


async def test_a_crm_sync_id_is_not_merged(tenant: Tenant) -> None:
    pair = await pair_of(tenant, {"crmSyncId": "older's"}, {"crmSyncId": "newer's"})

    plan = await tenant.preview(DEVICE, "777374")
    survivor = await pair.merge()

    assert survivor["crmSyncId"] == "newer's"
    row = next(row for row in plan["fields"] if row["name"] == "crmSyncId")
    assert (row["rule"], row["lost"]) == ("not-merged", ["older's"])


@pytest.mark.parametrize("device_is", ["older", "newer"])
async def test_system_attributes_are_the_oldests_and_all_others_the_newests(tenant: Tenant, device_is: str) -> None:
    older = {"email": "o@example.com", "leadSource": "fair", "custom": {"Favorite Food": "Pizza", "Visits": "1"}}
    newer = {"email": "n@example.com", "leadSource": "web", "custom": {"Favorite Food": "Burger", "Visits": "2"}}
    pair = await pair_of(tenant, older, newer, device_is)
    muid = "muidD" if device_is == "newer" else "muidL"

    survivor = await pair.merge()

    assert (survivor["email"], survivor["leadSource"], survivor["muid"]) == ("o@example.com", "fair", muid)
    assert custom_fields(survivor) == {"Favorite Food": "Burger", "Visits": "2", "userId": "777374"}
    assert destinations(survivor) == {DEVICE, OTHER}, "a device keeps its own address for ever"


@pytest.mark.parametrize("value", ["", "0", "No"])
async def test_only_null_and_absent_lose(tenant: Tenant, value: str) -> None:
    column = {"": "Favorite Food", "0": "Visits", "No": "Newsletter"}[value]
    other = {"": "Pizza", "0": "7", "No": "Yes"}[value]
    pair = await pair_of(tenant, {"custom": {column: other}}, {"custom": {column: value}})

    survivor = await pair.merge()

    assert custom_fields(survivor)[column] == value


async def test_the_visitor_key_is_the_survivors_own(tenant: Tenant) -> None:
    pair = await pair_of(tenant, {"visitorKey": "older's"}, {"visitorKey": "newer's"}, device_is="older")

    assert (await pair.merge())["visitorKey"] == "older's"


async def test_last_modified_is_the_time_of_the_commit(tenant: Tenant) -> None:
    pair = await pair_of(tenant, {}, {})

    told = await tenant.established(DEVICE, "777374")

    contact = await tenant.contact(pair.device)
    assert contact["lastModified"] == (await tenant.merge(told["mergeId"]))["settled"]
    again = await tenant.established(DEVICE, "777374")
    assert again["outcome"] == "unchanged"
    assert await tenant.contact(pair.device) == contact, "`unchanged` leaves it"


EMAIL = {"email": "o@example.com", "emailType": "TEXT", "optInDetails": "OPTED-IN o"}
OTHER_EMAIL = {"email": "n@example.com", "emailType": "HTML", "optInDetails": "OPTED-IN n"}
NO_EMAIL = dict.fromkeys(EMAIL)


@pytest.mark.parametrize(
    ("older", "newer", "result"),
    [
        (EMAIL, OTHER_EMAIL, EMAIL),
        (EMAIL, {}, EMAIL),
        ({}, OTHER_EMAIL, OTHER_EMAIL),
        ({}, {}, NO_EMAIL),
        ({"email": "o@example.com"}, OTHER_EMAIL, {**NO_EMAIL, "email": "o@example.com"}),
        (EMAIL, EMAIL, EMAIL),
        (EMAIL, {**EMAIL, "emailType": "HTML"}, EMAIL),
        (EMAIL, {**EMAIL, "optInDetails": "OPTED-OUT n"}, {**EMAIL, "optInDetails": "OPTED-OUT n"}),
        ({**EMAIL, "optInDetails": "OPTED-OUT o"}, EMAIL, {**EMAIL, "optInDetails": "OPTED-OUT o"}),
        (EMAIL, {**OTHER_EMAIL, "optInDetails": "OPTED-OUT n"}, EMAIL),
    ],
    ids=[
        "both differ: the older's",
        "only the older has one",
        "only the newer has one",
        "none has one",
        "the type and consent of the losing address do not come along",
        "both are the same",
        "the same address: the older's type",
        "the same address, the newer opted out: opted out",
        "the same address, the older opted out: opted out",
        "another address that opted out says nothing of this one",
    ],
)
@pytest.mark.parametrize("device_is", ["older", "newer"])
async def test_email_its_type_and_its_consent(
    tenant: Tenant, device_is: str, older: dict[str, Any], newer: dict[str, Any], result: dict[str, Any]
) -> None:
    pair = await pair_of(tenant, older, newer, device_is)

    survivor = await pair.merge()

    assert {name: survivor[name] for name in result} == result


async def test_identities_under_other_names_are_both_kept(tenant: Tenant) -> None:
    await tenant.http.put(f"/databases/{tenant.id}/lookupkeys/Loyalty Card", json={})
    pair = await pair_of(tenant, {"custom": {"Alias Id": "alias"}}, {"custom": {"Loyalty Card": "L-1"}})

    survivor = await pair.merge()

    assert identities(survivor) == {"userId": "777374", "Alias Id": "alias", "Loyalty Card": "L-1"}
    assert (await tenant.by_identity("alias", "Alias Id")).json() == survivor


@pytest.mark.parametrize("device_is", ["older", "newer"])
async def test_of_two_identities_under_one_other_name_the_newers_stays(tenant: Tenant, device_is: str) -> None:
    pair = await pair_of(tenant, {"custom": {"Alias Id": "o"}}, {"custom": {"Alias Id": "n"}}, device_is)

    plan = await tenant.preview(DEVICE, "777374")
    survivor = await pair.merge()

    assert identities(survivor) == {"userId": "777374", "Alias Id": "n"}
    assert (await tenant.by_identity("o", "Alias Id")).status_code == 404
    row = next(row for row in plan["identities"] if row["name"] == "Alias Id")
    assert (row["rule"], row["lost"]) == ("newest", ["o"]), "the other is freed and named in the plan"
