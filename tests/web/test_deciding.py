"""Approving and rejecting without a browser: what is asked for, and what is refused."""

import asyncio
import re

import httpx
import pytest

from store.engine import Store
from tests.scenarios.approvals import VALUE, A, asks, execute, held_back, pending, when_done
from tests.stack import Stack
from tests.tenant import Tenant
from tests.web.reviewing import RISKY, Account
from tests.web.visitors import fields, form_token, heading, send, shown, words

pytestmark = pytest.mark.slow


async def approve(browser: httpx.AsyncClient, merge_id: str) -> httpx.Response:
    return await send(browser, f"/merges/{merge_id}/approve", values={"typed": VALUE[-4:]})


async def make_old(store: Store, who: Account) -> None:
    """The last sign-in of this person was a while ago."""
    await execute(
        store,
        """UPDATE sessions SET authenticated = now() - interval '16 minutes'
           WHERE token_id IN (SELECT id FROM tokens WHERE owner = :email)""",
        email=who.email,
    )


async def test_from_the_question_to_merged(tenant: Tenant, sam: httpx.AsyncClient) -> None:
    merge = await held_back(tenant)
    asked = await sam.get(f"/merges/{merge['id']}/approve")
    assert heading(asked) == "Merge these two for ever?"
    assert "3 values are lost" in words(asked)
    answer = await approve(sam, merge["id"])
    assert (answer.status_code, answer.headers["location"]) == (303, f"/merges/{merge['id']}")
    done = await tenant.merge(merge["id"])
    assert done["outcome"] == "merged"
    text = await shown(sam, merge["id"])
    assert "Approved by Tess Tester" in text
    assert f"Recorded as entry {done['receipt']['seq']}" in text
    assert done["receipt"]["entry_hash"] in text
    assert "Nothing else waits for you" in text


async def test_the_next_one_is_offered_after_a_decision(tenant: Tenant, sam: httpx.AsyncClient) -> None:
    first = await held_back(tenant)
    await tenant.register("muidD|channelD", email="dora@example.org", custom={"Alias Id": "d"})
    await tenant.register("muidE|channelE", email="emma@example.org")
    second = await pending(tenant, "muidE|channelE", "d", name="Alias Id")
    await send(sam, f"/merges/{first['id']}/reject", values={"reason": "No."})
    assert f'href="/merges/{second["id"]}">Next one' in (await sam.get(f"/merges/{first['id']}")).text


async def test_a_risk_is_named_and_asks_for_the_last_characters_of_the_identity(
    tenant: Tenant, sam: httpx.AsyncClient
) -> None:
    merge = await held_back(tenant, **RISKY)
    asked = words(await sam.get(f"/merges/{merge['id']}/approve"))
    assert "There is a risk: e-mails differ, 3 values are lost. Type the last 4 characters of userId 777374" in asked
    for typed in ("", "777374", "7375"):
        answer = await send(sam, f"/merges/{merge['id']}/approve", values={"typed": typed})
        assert answer.status_code == 422
        assert "That is not how the identity ends. Nothing was done." in answer.text
    assert (await tenant.merge(merge["id"]))["decisions"] == []


async def test_a_merge_that_loses_nothing_asks_for_no_typing(tenant: Tenant, sam: httpx.AsyncClient) -> None:
    await asks(tenant, outcomes=["merged", "assigned"])
    await tenant.register(A)
    merge = await pending(tenant, A)
    asked = await sam.get(f"/merges/{merge['id']}/approve")
    assert 'name="typed"' not in asked.text
    await send(sam, f"/merges/{merge['id']}/approve")
    assert (await tenant.merge(merge["id"]))["outcome"] == "assigned"
    assert heading(await sam.get(f"/merges/{merge['id']}")).startswith("Contact ")


async def test_approving_needs_a_fresh_sign_in(
    store: Store, tenant: Tenant, who: Account, sam: httpx.AsyncClient
) -> None:
    merge = await held_back(tenant)
    path = f"/merges/{merge['id']}/approve"
    form = fields(await sam.get(path), path)
    await make_old(store, who)
    for answer in (await sam.get(path), await sam.post(path, data={**form, "typed": VALUE[-4:]})):
        assert (answer.status_code, answer.headers["location"]) == (303, f"/login?next={path}")
    again = await sam.get(f"/login?next={path}")
    assert heading(again) == "Show that it is still you"
    assert (await tenant.merge(merge["id"]))["decisions"] == []
    assert (await send(sam, f"/merges/{merge['id']}/reject", values={"reason": "No."})).status_code == 303


async def test_a_rejection_has_a_reason_and_can_keep_them_apart(tenant: Tenant, sam: httpx.AsyncClient) -> None:
    merge = await held_back(tenant)
    path = f"/merges/{merge['id']}/reject"
    assert "A rejection needs a reason" in (await send(sam, path, values={"reason": " \r\n "})).text
    long = await send(sam, path, values={"reason": "x" * 2001})
    assert "longer than 2000 characters" in long.text
    assert "x" * 2001 in long.text
    assert (await send(sam, path, values={"reason": "a\x00b"})).status_code == 422
    assert " checked" in (await sam.get(f"{path}?apart=1")).text
    reason = "Two people.\r\nThey share a phone\u202e."
    assert (await send(sam, path, values={"reason": reason, "apart": "1"})).status_code == 303
    text = await shown(sam, merge["id"])
    assert "Rejected by Tess Tester" in text
    assert "They share a phone<U+202E>." in text
    assert "They are kept apart" in text
    refused = await tenant.establish(A, VALUE)
    assert (refused.status_code, refused.json()["code"]) == (409, "not-same-person")


async def test_a_second_decider_is_told_who_decided_what(
    tenant: Tenant, sam: httpx.AsyncClient, sue: httpx.AsyncClient
) -> None:
    merge = await held_back(tenant)
    path = f"/merges/{merge['id']}/approve"
    late = fields(await sue.get(path), path)
    await send(sam, f"/merges/{merge['id']}/reject", values={"reason": "No."})
    answer = await sue.post(path, data={**late, "typed": VALUE[-4:]})
    assert (answer.status_code, heading(answer)) == (409, "Somebody decided before you")
    assert re.search(r"Tess Tester rejected it, \d+ \w+ 20\d\d, \d\d:\d\d UTC", words(answer))
    assert (await sue.get(path)).status_code == 409


@pytest.mark.parametrize(("kind", "values"), [("approve", {"typed": VALUE[-4:]}), ("reject", {"reason": "No."})])
async def test_a_decision_that_is_sent_twice_leads_to_what_it_did(
    tenant: Tenant, sam: httpx.AsyncClient, kind: str, values: dict[str, str]
) -> None:
    """As a double click does."""
    merge = await held_back(tenant)
    path = f"/merges/{merge['id']}/{kind}"
    form = {**fields(await sam.get(path), path), **values}
    clicks = await asyncio.gather(*(sam.post(path, data=form) for _ in range(2)))
    for answer in (*clicks, await sam.post(path, data=form), await sam.get(path)):
        assert (answer.status_code, answer.headers.get("location")) == (303, f"/merges/{merge['id']}")
    other = {"approve": "reject", "reject": "approve"}[kind]
    changed = await sam.get(path.replace(kind, other))
    assert (changed.status_code, heading(changed)) == (409, "You have decided on this before")
    if kind == "reject":
        rewritten = await sam.post(path, data={**form, "reason": "Another reason."})
        assert (rewritten.status_code, "Another reason." in rewritten.text) == (409, True)


async def test_two_who_decide_at_once_end_it_once(
    tenant: Tenant, sam: httpx.AsyncClient, sue: httpx.AsyncClient
) -> None:
    merge = await held_back(tenant)
    path = f"/merges/{merge['id']}/approve"
    forms = [fields(await one.get(path), path) for one in (sam, sue)]
    answers = await asyncio.gather(
        *(one.post(path, data={**form, "typed": VALUE[-4:]}) for one, form in zip((sam, sue), forms, strict=True))
    )
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    assert (won.status_code, won.headers["location"]) == (303, f"/merges/{merge['id']}")
    assert (lost.status_code, heading(lost)) == (409, "Somebody decided before you")
    done = await when_done(tenant, merge["id"])
    assert [one["tookEffect"] for one in done["decisions"]].count(True) == 1


async def test_whoever_saw_another_plan_is_shown_only_what_changed(tenant: Tenant, sam: httpx.AsyncClient) -> None:
    merge = await held_back(tenant)
    paths = [f"/merges/{merge['id']}/{kind}" for kind in ("approve", "reject")]
    forms = [fields(await sam.get(path), path) for path in paths]
    await tenant.patch_contact(merge["plan"]["survivor"], custom={"Favorite Food": "Salad"})
    for path, form in zip(paths, forms, strict=True):
        answer = await sam.post(path, data={**form, "typed": VALUE[-4:], "reason": "They differ."})
        assert (answer.status_code, heading(answer)) == (412, "The plan has changed since you looked")
        text = words(answer)
        assert "You saw revision 1; revision 2 stands now." in text
        assert re.search(r"Only what changed since then What Before Now Favorite Food Burger .*Salad", text)
        assert "albert@example.org" not in text
    assert "They differ." in answer.text
    assert (await tenant.merge(merge["id"]))["state"] == "pending_approval"
    review = await shown(sam, merge["id"])
    assert re.search(
        r"Revision 2: somebody decided on a plan that no longer held .*? What it changed What Before Now"
        r" Favorite Food Burger .*?Salad .*? Revision 1: it was asked for",
        review,
    )
    assert "plan changed, revision 2" in review
    assert (await approve(sam, merge["id"])).status_code == 303
    assert (await tenant.merge(merge["id"]))["outcome"] == "merged"


async def test_a_plan_that_came_back_was_seen_as_the_last_of_its_revisions(
    tenant: Tenant, sam: httpx.AsyncClient
) -> None:
    merge = await held_back(tenant)
    path, plan = f"/merges/{merge['id']}/approve", merge["plan"]
    side = "older" if plan["older"] == plan["survivor"] else "newer"
    food = next(row[side] for row in plan["fields"] if row["name"] == "Favorite Food")
    for eaten in ("Salad", food, "Soup"):
        form = {**fields(await sam.get(path), path), "typed": VALUE[-4:]}
        await tenant.patch_contact(plan["survivor"], custom={"Favorite Food": eaten})
        stale = await sam.post(path, data=form)
        assert stale.status_code == 412
    assert "You saw revision 3; revision 4 stands now." in words(stale)


async def test_a_digest_that_was_changed_in_the_form_is_refused(tenant: Tenant, sam: httpx.AsyncClient) -> None:
    merge = await held_back(tenant)
    path = f"/merges/{merge['id']}/approve"
    form = fields(await sam.get(path), path)
    for changed in ({"digest": "0" * 64}, {"form_token": "0" * 64}, {"digest": ""}):
        answer = await sam.post(path, data={**form, "typed": VALUE[-4:], **changed})
        assert answer.status_code == 403
    assert (await sam.post(path.replace("approve", "reject"), data={**form, "reason": "No."})).status_code == 403
    assert (await tenant.merge(merge["id"]))["decisions"] == []


async def test_a_digest_that_was_never_a_plans_is_told_as_such(tenant: Tenant, sam: httpx.AsyncClient) -> None:
    """No page of ours makes such a form; whoever makes one is not told of a change that never was."""
    merge = await held_back(tenant)
    path = f"/merges/{merge['id']}/reject"
    page = await sam.get(path)
    token = form_token(sam.cookies["onefold_session"], path, "0" * 64)
    form = {**fields(page, path), "reason": "No.", "digest": "0" * 64, "form_token": token}
    answer = await sam.post(path, data=form)
    assert (answer.status_code, heading(answer)) == (412, "You can’t decide on this")  # noqa: RUF001
    assert "No plan of this merge has ever had this digest." in words(answer)
    assert ">No.</textarea>" in answer.text
    assert (await tenant.merge(merge["id"]))["decisions"] == []


async def test_nothing_is_decided_by_get_or_from_another_site(
    stack: Stack, tenant: Tenant, sam: httpx.AsyncClient
) -> None:
    merge = await held_back(tenant)
    path = f"/merges/{merge['id']}/approve"
    form = {**fields(await sam.get(path), path), "typed": VALUE[-4:]}
    assert (await sam.get(path, params=form)).status_code == 200
    foreign = await sam.post(path, data=form, headers={"Sec-Fetch-Site": "cross-site"})
    assert (foreign.status_code, heading(foreign)) == (403, "The form was sent from another site. Nothing was done.")
    assert (await tenant.merge(merge["id"]))["decisions"] == []
