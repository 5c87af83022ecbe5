"""What somebody wrote when their session was over comes back into its form, to them and to nobody else."""

import re
from collections.abc import Mapping
from html import unescape
from urllib.parse import urlencode
from uuid import uuid4

import httpx
import pytest

from domain.roles import Role
from store import people as people_store
from store import policies
from store.engine import Store
from tests.scenarios.approvals import VALUE, asks, held_back
from tests.stack import Stack
from tests.tenant import Tenant
from tests.web.reviewing import Account, account, signed_in
from tests.web.visitors import PASSWORD, fields, heading, send, visitor, words
from web.forms import LARGEST

pytestmark = pytest.mark.slow

TEXT = "They <share> a phone,\nnot a name: \u00e4."
KEPT = "You are signed in again. Nothing was sent yet"


def comment(merge_id: str) -> tuple[str, str, dict[str, str]]:
    page = f"/merges/{merge_id}"
    return page, f"{page}/comments", {"text": TEXT}


def rejection(merge_id: str) -> tuple[str, str, dict[str, str]]:
    page = f"/merges/{merge_id}/reject"
    return page, page, {"reason": TEXT, "apart": "1"}


FORMS = {"comment": comment, "rejection": rejection}


async def lost(browser: httpx.AsyncClient, page: str, action: str, values: Mapping[str, str]) -> httpx.Response:
    """What is told of a form that is sent when the session is over."""
    form = fields(await browser.get(page), action)
    browser.cookies.clear()
    return await browser.post(action, data={**form, **values})


async def sign_in_again(
    browser: httpx.AsyncClient, told: httpx.Response, who: Account, password: str = PASSWORD
) -> httpx.Response:
    return await browser.post("/login", data={**fields(told, "/login"), "email": who.email, "password": password})


def filled_in(page: httpx.Response, action: str) -> dict[str, str]:
    """The form of a page as a browser would send it."""
    markup = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', page.text, re.DOTALL)
    assert markup, page.text
    texts = re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', markup[0], re.DOTALL)
    inputs = re.findall(r'<input(?=[^>]*name="([^"]*)")(?=[^>]*value="([^"]*)")([^>]*)>', markup[0])
    sent = {name: unescape(value) for name, value, rest in inputs if "checkbox" not in rest or " checked" in rest}
    return {**sent, **{name: unescape(value) for name, value in texts}}


@pytest.mark.parametrize("name", FORMS)
async def test_what_was_written_is_in_its_form_after_signing_in_again(
    tenant: Tenant, who: Account, sam: httpx.AsyncClient, name: str
) -> None:
    merge = await held_back(tenant)
    page, action, values = FORMS[name](merge["id"])
    told = await lost(sam, page, action, values)
    assert (told.status_code, heading(told)) == (401, "Your session has ended")
    assert "They &lt;share&gt; a phone" in told.text
    back = await sign_in_again(sam, told, who)
    assert (back.status_code, back.headers["cache-control"]) == (200, "no-store")
    assert KEPT in words(back)
    assert "share" not in back.headers["set-cookie"]
    form = filled_in(back, action)
    assert {name: form[name] for name in values} == values
    before = await tenant.merge(merge["id"])
    assert (before["comments"], before["decisions"]) == ([], [])
    assert (await sam.post(action, data=form)).status_code == 303
    after = await tenant.merge(merge["id"])
    assert TEXT in (*(one["text"] for one in after["comments"]), *(one["reason"] for one in after["decisions"]))


async def test_a_reason_for_several_comes_back_with_what_was_chosen(
    tenant: Tenant, who: Account, sam: httpx.AsyncClient
) -> None:
    merge = await held_back(tenant)
    asked = await send(sam, "/inbox", "/inbox/selected", {f"chosen:{merge['id']}": merge["plan"]["digest"]})
    form = {**fields(asked, "/inbox/rejections"), "reason": TEXT}
    sam.cookies.clear()
    back = await sign_in_again(sam, await sam.post("/inbox/rejections", data=form), who)
    assert heading(back) == "Reject 1 merge?"
    done = await sam.post("/inbox/rejections", data=filled_in(back, "/inbox/rejections"))
    assert heading(done) == "1 of 1 rejected"
    assert (await tenant.merge(merge["id"]))["decisions"][0]["reason"] == TEXT


@pytest.fixture
async def ada(stack: Stack, store: Store, tenant: Tenant) -> tuple[Account, httpx.AsyncClient]:
    """An admin of the tenant, with the form of its policy filled in when the session was over."""
    return await account(store, tenant, Role.ADMIN), visitor(stack.url)


async def lost_policy(browser: httpx.AsyncClient, who: Account, path: str) -> httpx.Response:
    await browser.post("/login", data={"email": who.email, "password": PASSWORD, "next": "/"})
    form = filled_in(await browser.get(path), path)
    browser.cookies.clear()
    changed = {**form, "survivor": "newer", "ask": "never", "unit": "days", "blocked_values": "nobody\nguest"}
    changed.pop("outcome_merged")
    return await browser.post(path, data={**changed, "outcome_assigned": "yes"})


async def test_a_policys_form_comes_back_as_it_was_left(
    store: Store, tenant: Tenant, ada: tuple[Account, httpx.AsyncClient]
) -> None:
    who, browser = ada
    path = f"/databases/{tenant.id}/policy"
    back = await sign_in_again(browser, await lost_policy(browser, who, path), who)
    form = re.findall(r'id="([^"]+)"[^>]* checked', back.text)
    assert form == ["survivor-newer", "ask-never", "outcome_assigned-yes"]
    assert "nobody\nguest</textarea>" in back.text
    assert (await policies.get(store, tenant.id))[0].version == 1
    await browser.aclose()


async def test_a_policy_that_was_changed_meanwhile_is_told(
    tenant: Tenant, ada: tuple[Account, httpx.AsyncClient]
) -> None:
    who, browser = ada
    told = await lost_policy(browser, who, f"/databases/{tenant.id}/policy")
    await asks(tenant)
    back = await sign_in_again(browser, told, who)
    assert "You filled this in beside version 1; version 2 stands now." in words(back)
    await browser.aclose()


async def test_another_person_gets_nothing_of_it(
    stack: Stack, store: Store, tenant: Tenant, sam: httpx.AsyncClient
) -> None:
    merge = await held_back(tenant)
    page, action, values = rejection(merge["id"])
    told = await lost(sam, page, action, values)
    back = await sign_in_again(sam, told, await account(store, tenant))
    assert (back.status_code, back.headers["location"], back.text) == (303, page, "")
    assert "share" not in (await sam.get(page)).text


async def test_a_wrong_password_keeps_it(tenant: Tenant, who: Account, sam: httpx.AsyncClient) -> None:
    merge = await held_back(tenant)
    page, action, values = rejection(merge["id"])
    wrong = await sign_in_again(sam, await lost(sam, page, action, values), who, "another password")
    assert (wrong.status_code, "What you wrote is kept" in wrong.text) == (401, True)
    assert filled_in(await sign_in_again(sam, wrong, who), action)["reason"] == TEXT


async def test_who_signed_in_again_elsewhere_loses_nothing_either(
    stack: Stack, store: Store, tenant: Tenant, who: Account, sam: httpx.AsyncClient
) -> None:
    """Their form is of the session before; another's form is refused as ever."""
    merge = await held_back(tenant)
    page, action, values = rejection(merge["id"])
    form = {**fields(await sam.get(page), action), **values}
    async with signed_in(stack.url, who) as again, signed_in(stack.url, await account(store, tenant)) as other:
        late = await again.post(action, data=form)
        assert late.status_code == 403
        assert "Nothing was done: the form was of an earlier session" in words(late)
        foreign = await other.post(action, data=form)
        assert (foreign.status_code, "share" in foreign.text) == (403, False)
        assert (await tenant.merge(merge["id"]))["decisions"] == []
        assert (await again.post(action, data=filled_in(late, action))).status_code == 303


async def test_a_reason_that_comes_back_is_still_about_the_plan_that_was_seen(
    tenant: Tenant, who: Account, sam: httpx.AsyncClient, sue: httpx.AsyncClient
) -> None:
    merge = await held_back(tenant)
    page, action, values = rejection(merge["id"])
    told = await lost(sam, page, action, values)
    await tenant.patch_contact(merge["plan"]["survivor"], custom={"Favorite Food": "Salad"})
    stale = await send(sue, f"/merges/{merge['id']}/approve", values={"typed": VALUE[-4:]})
    assert stale.status_code == 412
    back = await sign_in_again(sam, told, who)
    late = await sam.post(action, data=filled_in(back, action))
    assert (late.status_code, heading(late)) == (412, "The plan has changed since you looked")
    form = filled_in(late, action)
    assert {name: form[name] for name in values} == values
    assert [one["decision"] for one in (await tenant.merge(merge["id"]))["decisions"]] == ["approve"]
    assert (await sam.post(action, data=form)).status_code == 303
    decision = (await tenant.merge(merge["id"]))["decisions"][-1]
    assert (decision["revision"], decision["reason"], decision["notSamePerson"]) == (2, TEXT, True)


async def test_a_reason_for_what_was_decided_meanwhile_is_shown(
    tenant: Tenant, who: Account, sam: httpx.AsyncClient, sue: httpx.AsyncClient
) -> None:
    merge = await held_back(tenant)
    page, action, values = rejection(merge["id"])
    told = await lost(sam, page, action, values)
    await send(sue, page, values={"reason": "No."})
    back = await sign_in_again(sam, told, who)
    assert (back.status_code, heading(back)) == (409, "Somebody decided before you")
    assert "They &lt;share&gt; a phone" in back.text
    assert (await sam.get("/sessions")).status_code == 200


async def test_a_long_text_comes_back_whole_and_stands_in_no_log(
    stack: Stack, tenant: Tenant, who: Account, sam: httpx.AsyncClient
) -> None:
    merge = await held_back(tenant)
    page, action, _ = comment(merge["id"])
    rest = len(urlencode({**fields(await sam.get(page), action), "text": ""}))
    long = "Zwetschken" + "x" * (LARGEST - rest - 10)
    back = await sign_in_again(sam, await lost(sam, page, action, {"text": long}), who)
    assert filled_in(back, action)["text"] == long
    refused = await sam.post(action, data=filled_in(back, action))
    assert (refused.status_code, filled_in(refused, action)["text"]) == (422, long)
    assert "Zwetschken" not in stack.log("serve").read_text(encoding="utf-8")


async def test_a_form_that_nobody_wrote_in_leads_to_the_sign_in_alone(tenant: Tenant, sam: httpx.AsyncClient) -> None:
    merge = await held_back(tenant)
    told = await lost(sam, f"/merges/{merge['id']}", f"/merges/{merge['id']}/claim", {})
    assert fields(told, "/login") == {"next": f"/merges/{merge['id']}"}
    foreign = await sam.post(
        f"/merges/{merge['id']}/reject", data={"reason": TEXT}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert foreign.status_code == 403


async def test_another_site_puts_no_text_into_anybodys_form(
    tenant: Tenant, who: Account, sam: httpx.AsyncClient
) -> None:
    merge = await held_back(tenant)
    page, action, values = rejection(merge["id"])
    told = await lost(sam, page, action, values)
    data = {**fields(told, "/login"), "email": who.email, "password": PASSWORD}
    answer = await sam.post("/login", data=data, headers={"Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)


async def test_where_temporal_does_not_answer_a_rejection_stays_in_its_form(
    tenant: Tenant, stranded: httpx.AsyncClient
) -> None:
    merge = await held_back(tenant)
    page, action, values = rejection(merge["id"])
    late = await send(stranded, page, action, values)
    assert late.status_code == 503
    assert "does not answer. Try again shortly. The form is as you left it." in words(late)
    form = filled_in(late, action)
    assert {name: form[name] for name in values} == values
    assert (await stranded.post(action, data=form)).status_code == 503


async def test_where_nothing_answers_what_was_written_is_shown_to_its_sender(people: httpx.AsyncClient) -> None:
    path = f"/merges/{uuid4()}/reject"
    data = {"author": "1", "reason": TEXT}
    cookie = f"onefold_session=of_abcdefgh_{'x' * 43}"
    told = await people.post(path, data=data, headers={"Cookie": cookie})
    assert (told.status_code, "They &lt;share&gt; a phone" in told.text) == (503, True)
    foreign = await people.post(path, data=data, headers={"Sec-Fetch-Site": "cross-site"})
    assert (foreign.status_code, "a phone" in foreign.text) == (403, False)


async def test_who_lost_their_role_meanwhile_still_has_what_they_wrote(
    store: Store, tenant: Tenant, who: Account, sam: httpx.AsyncClient
) -> None:
    merge = await held_back(tenant)
    page, action, values = comment(merge["id"])
    form = {**fields(await sam.get(page), action), **values}
    await people_store.take_role(store, (await people_store.find(store, who.email)).id, Role.SPECIALIST, tenant.id)
    told = await sam.post(action, data=form)
    assert (told.status_code, heading(told)) == (404, "No merge has this id.")
    assert "They &lt;share&gt; a phone" in told.text
