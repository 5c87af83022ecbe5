import asyncio

import pytest

from tests.onefold.cli import Command
from tests.scenarios.approvals import held_back
from tests.tenant import Tenant


async def merge_of_two(tenant: Tenant) -> str:
    await tenant.register("cliA|chanA", email="a@example.org", custom={"userId": "1", "Favorite Food": "Pizza"})
    await tenant.register("cliB|chanB", email="b@example.org", custom={"Favorite Food": "Bur\u202eger"})
    answer = await tenant.establish("cliB|chanB", "1")
    assert answer.json()["outcome"] == "merged"
    return str(answer.json()["mergeId"])


async def test_a_merge_is_shown_with_its_plan_and_its_receipt(live_onefold: Command, tenant: Tenant) -> None:
    merge_id = await merge_of_two(tenant)
    merge = await tenant.merge(merge_id)
    ended = await asyncio.to_thread(live_onefold, "merge", "show", merge_id)
    assert (ended.code, ended.err) == (0, "")
    assert ended.line("State") == "State done, merged"
    assert ended.line("Receipt").startswith(f"Receipt entry {merge['receipt']['seq']}, hash")
    assert merge["receipt"]["entry_hash"] in ended.out
    assert merge["plan"]["digest"] in ended.out
    survivor, absorbed = merge["plan"]["survivor"], merge["plan"]["absorbed"]
    assert f"merged: contact {survivor} survives and absorbs contact {absorbed}." in ended.lines
    assert ended.line("Favorite Food").startswith("Favorite Food Pizza Bur<U+202E>ger Bur<U+202E>ger newest")
    assert ended.line("userId") == "userId 1 null 1 requested"
    assert ended.line("PUSH-ap56921D  cliA|chanA").endswith(f"OPTED-IN {absorbed}")


async def test_what_was_planned_and_not_done_is_told_so(live_onefold: Command, tenant: Tenant) -> None:
    waiting = await held_back(tenant)
    pending = await asyncio.to_thread(live_onefold, "merge", "show", waiting["id"])
    assert "Planned, and not done yet: merged: contact" in pending.out
    answer = await tenant.http.post(f"/v1/merges/{waiting['id']}/withdrawal", json={})
    assert answer.status_code == 200
    ended = await asyncio.to_thread(live_onefold, "merge", "show", waiting["id"])
    assert ended.line("State") == "State done, withdrawn"
    assert "Planned, and not done: merged: contact" in ended.out
    assert "withdraw of revision 1, took effect" in " ".join(ended.out.split())


async def test_json_is_what_the_api_answers(live_onefold: Command, tenant: Tenant) -> None:
    merge_id = await merge_of_two(tenant)
    ended = await asyncio.to_thread(live_onefold, "merge", "show", merge_id, "--json")
    assert ended.json == await tenant.merge(merge_id)


async def test_a_device_that_nobody_knew_has_a_merge_too(live_onefold: Command, tenant: Tenant) -> None:
    answer = await tenant.establish("nobody|chan", "1")
    ended = await asyncio.to_thread(live_onefold, "merge", "show", answer.json()["mergeId"])
    assert "not_found: no contact owns the device." in ended.lines
    assert ended.line("Answer") == "Answer recipient none, channel identifier nobody"


@pytest.mark.parametrize(("merge_id", "code"), [("00000000-0000-4000-8000-000000000000", 4), ("not a merge's id", 2)])
def test_a_merge_that_is_none_is_refused(live_onefold: Command, merge_id: str, code: int) -> None:
    ended = live_onefold("merge", "show", merge_id)
    assert (ended.code, ended.out) == (code, "")
