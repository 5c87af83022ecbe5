"""What is left of a merge for somebody who does not see its values by their role."""

from typing import Any

import pytest

from domain.columns import ColumnType
from domain.contact import contact_document
from domain.plan_changes import plan_changes
from store.inbox import Item
from tests.contacts import device, device_contact, lookup_contact, merged, request
from tests.web.merge_rows import as_stored, waiting
from web.masking import MASK, Sight
from web.plan_view import PlanView
from web.seen_merge import MergeSight

TYPES = dict.fromkeys(("email", "leadSource", "muid", "Favorite Food", "userId"), ColumnType.TEXT)
HIDDEN = MergeSight(Sight(role_sees=False), {**TYPES, "Newsletter": ColumnType.BOOLEAN})
IN_FULL = MergeSight(Sight(role_sees=True), {})
DEVICE = "deviceMuid|deviceChannel"
PHONE = "+4366412345678"
VALUES = (
    "albert@",
    "alfred@",
    "Pizza",
    "Burger",
    "shop Graz",
    "777374",
    "deviceMuid",
    "deviceChannel",
    "123456",
    "iOS 26",
)
BEFORE = lookup_contact(
    email="albert@example.org",
    leadSource="shop Graz",
    custom={"Favorite Food": "Pizza", "Newsletter": "No", "Forgotten": "Pizza"},
    devices=(device(11, PHONE, os="iOS 26"),),
)
OTHER = device_contact(
    email="alfred@example.org",
    muid="deviceMuid",
    custom={"Favorite Food": "Burger", "Newsletter": "Yes"},
    devices=(device(22, DEVICE),),
)
PLAN = merged(OTHER, BEFORE, request(DEVICE))


@pytest.fixture
def item() -> Item:
    merge = waiting(PLAN)
    snapshots = {one.id: as_stored(contact_document(one)) for one in (BEFORE, OTHER)}
    return Item(merge, "Demo", "shop", None, None, None, snapshots)


def held(shown: object) -> list[str]:
    """The values that are in it somewhere."""
    return [value for value in VALUES if value in repr(shown)]


def test_nothing_of_an_item_is_left(item: Item) -> None:
    assert held(item) == list(VALUES)
    assert held(HIDDEN.item(item)) == []
    assert IN_FULL.item(item) is item


def test_nothing_of_the_file_is_left_and_it_says_so(item: Item) -> None:
    plan = {**item.merge.plan, "digest": "d", "revision": 1}
    changes = [one.document() for one in plan_changes(item.merge.plan, _emptied(item.merge.plan))]
    whole = {"plan": plan, "winnerChannelIdentifier": "deviceMuid", "revisions": [{"revision": 2, "changes": changes}]}
    assert held(changes) == list(VALUES)
    shown = HIDDEN.document(whole)
    assert held(shown) == []
    assert shown["masked"] is True
    assert shown["plan"]["devices"][0]["qualifier"] == "spring"
    assert IN_FULL.document(whole) == whole


def test_of_a_value_that_a_letter_would_tell_and_of_a_column_that_is_gone_nothing_is_left(item: Item) -> None:
    rows = {row["name"]: row for row in HIDDEN.item(item).merge.plan["fields"]}
    assert (rows["Newsletter"]["older"], rows["Newsletter"]["newer"]) == (MASK, MASK)
    assert rows["Forgotten"]["result"] == MASK
    assert rows["Favorite Food"]["lost"] == ["P•••"]
    assert rows["crmSyncId"]["older"] is None
    assert rows["created"] == next(row for row in item.merge.plan["fields"] if row["name"] == "created")


def test_the_value_that_is_lost_is_told_where_two_masks_read_alike(item: Item) -> None:
    plan = PlanView.of(item, HIDDEN)
    (row,) = [row for group in plan.groups for row in group.rows if row["name"] == "email"]
    assert row["older"] == row["newer"] == row["result"] == "a•••@example.org"
    assert [plan.is_lost(row, side) for side in ("older", "newer")] == [False, True]


def _emptied(plan: dict[str, Any]) -> dict[str, Any]:
    return {**plan, "fields": [], "identities": [], "devices": [], "winnerChannelIdentifier": PHONE}
