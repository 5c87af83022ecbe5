"""`onefold plan show`: what a person sees before they decide. `onefold merge list`, and what they say around it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.times import rfc3339
from onefold.commands.moments import left, left_in_short
from store.engine import Store
from tests.onefold.cli import Command
from tests.onefold.reviewing import Person
from tests.scenarios.approvals import VALUE, A, B, asks, held_back, pending, when_revised
from tests.tenant import Tenant

NOBODYS = "00000000-0000-4000-8000-000000000000"
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


async def edited(tenant: Tenant, specialist: Person) -> dict[str, Any]:
    """A merge whose device's contact was edited before somebody tried to approve it."""
    merge = await held_back(tenant)
    await tenant.register(A, custom={"Favorite Food": "Salad"})
    assert (await specialist("approve", merge["id"], "--digest", merge["plan"]["digest"])).code == 3
    return await tenant.merge(merge["id"])


async def test_a_plan_is_shown_with_why_a_person_is_asked_and_how_to_approve_it(
    tenant: Tenant, specialist: Person
) -> None:
    merge = await held_back(tenant, ask="when", rules={"emailsDiffer": True})

    ended = await specialist("plan", "show", merge["id"])

    assert (ended.code, ended.err) == (0, "")
    assert ended.line("State") == "State pending_approval"
    assert ended.line("Revision") == "Revision 1"
    assert ended.line("Digest") in f"Digest {merge['plan']['digest']}"
    assert ended.line("Asks because") == "Asks because their e-mails differ"
    deadline = datetime.fromisoformat(merge["deadline"])
    assert ended.line("Deadline") == f"Deadline {deadline:%Y-%m-%d %H:%M} UTC, 2 days 23 hours left"
    assert ended.line("Claimed by") == "Claimed by nobody"
    survivor, absorbed = merge["plan"]["survivor"], merge["plan"]["absorbed"]
    planned = f"merged: contact {survivor} survives and absorbs contact {absorbed}."
    assert f"Planned, and not done yet: {planned}" in " ".join(ended.lines)
    assert ended.line("Favorite Food") == "Favorite Food Pizza Burger Burger newest"
    assert "Changed in revision" not in ended.out
    assert ended.lines[-1] == f"onefold approve {merge['id']} --digest {merge['plan']['digest']}"


async def test_the_last_line_can_be_pasted(tenant: Tenant, specialist: Person) -> None:
    merge = await held_back(tenant)
    _, *arguments = (await specialist("plan", "show", merge["id"])).lines[-1].split()
    assert (await specialist(*arguments)).code == 0
    assert (await tenant.merge(merge["id"]))["outcome"] == "merged"


async def test_what_changed_since_the_revision_before_is_shown(tenant: Tenant, specialist: Person) -> None:
    merge = await edited(tenant, specialist)

    ended = await specialist("plan", "show", merge["id"])

    assert ended.line("Revision") == "Revision 2"
    assert "Changed in revision 2, because somebody decided on a plan that no longer held:" in ended.lines
    assert ended.line("Favorite Food, newer") == "Favorite Food, newer Burger Salad"
    assert ended.line("Favorite Food, result") == "Favorite Food, result Burger Salad"
    assert not [line for line in ended.lines if line.startswith("Favorite Food, older")]
    assert merge["plan"]["digest"] in ended.lines[-1]


async def test_a_changed_policy_and_an_added_device_are_shown_too(tenant: Tenant, specialist: Person) -> None:
    merge = await held_back(tenant)
    await asks(tenant, deadlineSeconds=60)
    anew = await when_revised(tenant, merge["id"])
    await tenant.upsert({"userId": VALUE}, email="new@example.org")
    assert (await specialist("approve", merge["id"], "--digest", anew["plan"]["digest"])).code == 3

    ended = await specialist("approve", merge["id"], "--digest", merge["plan"]["digest"])

    version = merge["plan"]["policy"]["version"]
    assert ended.line("policy version") == f"policy version {version} {version + 1}"
    assert ended.line("email, older") == "email, older albert@example.org new@example.org"


async def test_decisions_and_comments_are_shown(tenant: Tenant, specialist: Person) -> None:
    merge = await edited(tenant, specialist)
    assert (await specialist("merge", "comment", merge["id"], " \u2800")).code == 3
    told = await specialist("merge", "comment", merge["id"], "Same birthday, \u202edifferent street.")
    assert (told.code, told.lines) == (0, [f"Merge {merge['id']} has 1 comment now."])
    await specialist("reject", merge["id"], "--reason", "Father and son.")

    ended = await specialist("plan", "show", merge["id"])

    words = " ".join(ended.out.split())
    assert "UTC Tess Tester: approve of revision 1, without effect (plan-stale) 20" in words
    assert "UTC Tess Tester: reject of revision 2, took effect: Father and son. 20" in words
    assert "UTC Tess Tester: Same birthday, <U+202E>different street." in words
    assert ended.line("State") == "State done, rejected"
    assert "Winner" not in ended.out
    assert ended.line("Receipt").startswith("Receipt entry ")
    assert "To approve" not in ended.out, "nobody is asked any more"


async def test_json_is_what_the_api_answers(tenant: Tenant, specialist: Person) -> None:
    merge = await held_back(tenant)
    assert (await specialist("plan", "show", merge["id"], "--json")).json == await tenant.merge(merge["id"])


async def test_a_merge_that_is_none_is_refused(specialist: Person) -> None:
    ended = await specialist("plan", "show", NOBODYS)
    assert (ended.code, ended.out) == (4, "")
    assert ended.err == "onefold: No merge has this id. (merge-not-found)\n"


async def test_merges_are_listed_by_state_outcome_and_claim(tenant: Tenant, specialist: Person, store: Store) -> None:
    waiting = await held_back(tenant)
    absent = (await tenant.establish("nobody|chan", VALUE)).json()["mergeId"]

    async def ids(*options: str) -> list[str]:
        page = (await specialist("merge", "list", "--database", tenant.id, *options, "--json")).json
        return [merge["id"] for merge in page["merges"]]

    assert await ids() == [absent, waiting["id"]]
    assert await ids("--state", "pending_approval") == [waiting["id"]]
    assert await ids("--outcome", "not_found") == [absent]
    assert await ids("--claimed-by", "me") == []
    claimed = await specialist("merge", "claim", waiting["id"])
    assert (
        claimed.out == f"You have claimed merge {waiting['id']}. To give it up: onefold merge release {waiting['id']}\n"
    )
    assert await ids("--claimed-by", "me") == [waiting["id"]]
    assert await ids("--claimed-by", "nobody") == [absent]
    listed = await specialist("merge", "list", "--database", tenant.id)
    assert listed.line("Merge") == "Merge What"
    plan, words = waiting["plan"], " ".join(listed.out.split())
    person = (await tenant.merge(waiting["id"]))["claimedBy"]
    assert listed.line(waiting["id"]).startswith(f"{waiting['id']} pending_approval, in 2d 23h, claimed by")
    assert (
        f"claimed by person {person} database {tenant.id}, contacts {plan['survivor']} and {plan['absorbed']}"
        f" asked by {waiting['requested']['by']}"
    ) in words
    assert re.search(r" not_found, 20[0-9-]{8}$", listed.line(absent))
    assert f"database {tenant.id}, no contact asked by" in words
    assert max(len(line) for line in listed.lines) <= 80
    assert (await specialist("plan", "show", waiting["id"])).line("Claimed by") == f"Claimed by person {person}"
    released = await specialist("merge", "release", waiting["id"])
    assert released.out == f"You have no claim on merge {waiting['id']}: nobody has a claim on it.\n"
    assert await ids("--claimed-by", "me") == []


async def test_a_list_goes_on_page_by_page(tenant: Tenant, specialist: Person) -> None:
    ids = [(await tenant.establish(f"nobody{number}|chan", VALUE)).json()["mergeId"] for number in range(3)]
    first = await specialist("merge", "list", "--database", tenant.id, "--limit", "2")
    assert [line.split()[0] for line in first.lines if line[:36] in ids] == ids[:0:-1]
    assert first.lines[-1].startswith("There are more: repeat it with --after ")
    after = first.lines[-1].split()[-1]
    rest = await specialist("merge", "list", "--database", tenant.id, "--limit", "2", "--after", after)
    assert [line.split()[0] for line in rest.lines if line[:36] in ids] == ids[:1]
    assert "There are more" not in rest.out


async def test_a_list_of_nothing_says_so(tenant: Tenant, specialist: Person) -> None:
    assert (await specialist("merge", "list", "--database", tenant.id)).out == "No merge is like this.\n"


async def test_a_merge_that_ended_cannot_be_claimed(tenant: Tenant, specialist: Person) -> None:
    done = (await tenant.establish("nobody|chan", VALUE)).json()["mergeId"]
    ended = await specialist("merge", "claim", done)
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.endswith("(merge-not-pending)\n")


async def test_reasons_are_told_in_words(tenant: Tenant, specialist: Person) -> None:
    await tenant.register(B, email="albert@example.org", custom={"userId": VALUE})
    await tenant.register(A, email="bertrand@example.org", custom={"Alias Id": "bert"})
    rules = {"emailsDiffer": True, "bothIdentified": True, "devicesGainedOver": 0}
    await asks(tenant, ask="when", rules=rules)
    merge = await pending(tenant)

    ended = await specialist("plan", "show", merge["id"])

    words = " ".join(ended.out.split())
    assert (
        "Asks because both contacts carry an identity; their e-mails differ; the survivor gains more devices than the"
        " policy lets pass"
    ) in words


@pytest.mark.parametrize(
    ("rest", "told", "short"),
    [
        (timedelta(days=2, hours=23, minutes=59), "2 days 23 hours left", "in 2d 23h"),
        (timedelta(days=1, minutes=5), "1 day left", "in 1d"),
        (timedelta(hours=1, minutes=1), "1 hour 1 minute left", "in 1h 1m"),
        (timedelta(minutes=1, seconds=59), "1 minute left", "in 1m"),
        (timedelta(seconds=59), "less than a minute left", "in 0m"),
        (timedelta(), "passed", "in 0m"),
        (timedelta(days=-1), "passed", "in 0m"),
    ],
)
def test_what_is_left_is_told_in_two_units(rest: timedelta, told: str, short: str) -> None:
    assert (left(rfc3339(NOW + rest), NOW), left_in_short(rfc3339(NOW + rest), NOW)) == (told, short)


def test_without_a_url_or_a_token_it_is_wrong_usage(onefold: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ONEFOLD_URL", "ONEFOLD_SPECIALIST_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    ended = onefold("plan", "show", NOBODYS)
    assert (ended.code, ended.out) == (2, "")
    assert "ONEFOLD_URL" in ended.err
    ended = onefold("plan", "show", NOBODYS, "--url", "http://127.0.0.1:1")
    assert ended.code == 2
    assert "ONEFOLD_SPECIALIST_TOKEN" in ended.err
