"""Whoever asked for a merge takes it back on its page, and is told why they can't decide on it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from playwright.async_api import Browser

from domain.roles import Role
from store import people
from store.engine import Store
from store.tokens import Scope
from tests.scenarios.approvals import asks, pending, two_contacts
from tests.stack import Stack
from tests.tenant import Tenant, client, token_for
from tests.web.looks import sound
from tests.web.reviewing import account, signed_in
from tests.web.visitors import COOKIE, fields, heading, send, shown, words

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Asked:
    """A merge that waits, and the browser of the person who answers for the service that asked for it."""

    id: str
    rob: httpx.AsyncClient

    @property
    def page(self) -> str:
        return f"/merges/{self.id}"


@pytest.fixture
async def asked(stack: Stack, store: Store, tenant: Tenant) -> AsyncIterator[Asked]:
    who = await account(store, tenant, Role.REQUESTER)
    person = await people.find(store, who.email)
    bearer = await token_for(store, [tenant.id], [Scope.MERGES_REQUEST, Scope.MERGES_READ], person.id)
    await two_contacts(tenant)
    await asks(tenant)
    async with client(stack.url, bearer) as service, signed_in(stack.url, who) as rob:
        merge = await pending(Tenant(tenant.id, service))
        yield Asked(merge["id"], rob)


async def test_who_asked_withdraws_it_on_its_page(tenant: Tenant, asked: Asked) -> None:
    page = await asked.rob.get(asked.page)
    assert f'href="{asked.page}/withdraw"' in page.text
    assert heading(await asked.rob.get(f"{asked.page}/withdraw")) == "Withdraw the request?"
    answer = await send(asked.rob, f"{asked.page}/withdraw", values={"reason": "Asked by mistake."})
    assert (answer.status_code, answer.headers["location"]) == (303, asked.page)
    done = await tenant.merge(asked.id)
    assert (done["outcome"], done["decisions"][0]["reason"]) == ("withdrawn", "Asked by mistake.")
    text = await shown(asked.rob, asked.id)
    assert "Withdrawn by Tess Tester" in text
    assert "was not merged into" in text


async def test_the_page_that_asks_once_more_is_sound(stack: Stack, browser: Browser, asked: Asked) -> None:
    context = await browser.new_context(base_url=stack.url)
    await context.add_cookies([{"name": COOKIE, "value": asked.rob.cookies[COOKIE], "url": stack.url}])
    page = await context.new_page()
    await page.goto(asked.page)
    await page.get_by_role("link", name="Withdraw the request…").click()
    await sound(page)
    await context.close()


async def test_who_asked_and_has_no_role_is_told_that_they_could_not_decide_with_one(asked: Asked) -> None:
    assert "nobody decides on a request of their own" in await shown(asked.rob, asked.id)
    refused = await asked.rob.get(f"{asked.page}/approve")
    assert (refused.status_code, heading(refused)) == (403, "You can’t decide on this")  # noqa: RUF001
    assert "Nobody decides on a request of their own." in words(refused)


async def test_nobody_else_withdraws_it(tenant: Tenant, asked: Asked, sam: httpx.AsyncClient) -> None:
    assert "withdraw" not in (await sam.get(asked.page)).text.lower()
    refused = await sam.get(f"{asked.page}/withdraw")
    assert (refused.status_code, heading(refused)) == (403, "You can’t withdraw this")  # noqa: RUF001
    form = fields(await asked.rob.get(f"{asked.page}/withdraw"), f"{asked.page}/withdraw")
    assert (await sam.post(f"{asked.page}/withdraw", data=form)).status_code == 403
    assert (await tenant.merge(asked.id))["state"] == "pending_approval"


async def test_only_its_own_form_withdraws_it(tenant: Tenant, asked: Asked) -> None:
    path = f"{asked.page}/withdraw"
    form = fields(await asked.rob.get(path), path)
    assert set(form) == {"form_token", "digest", "author", "back"}
    for changed in ({"digest": "0" * 64}, {"form_token": "0" * 64}):
        assert (await asked.rob.post(path, data={**form, **changed})).status_code == 403
    foreign = await asked.rob.post(path, data=form, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403
    assert (await asked.rob.get(path, params=form)).status_code == 200
    long = await asked.rob.post(path, data={**form, "reason": "x" * 2001})
    assert (long.status_code, "longer than 2000 characters" in long.text, "x" * 2001 in long.text) == (422, True, True)
    assert (await tenant.merge(asked.id))["decisions"] == []


async def test_a_plan_that_has_changed_since_is_withdrawn_all_the_same(tenant: Tenant, asked: Asked) -> None:
    path = f"{asked.page}/withdraw"
    form = fields(await asked.rob.get(path), path)
    survivor = (await tenant.merge(asked.id))["plan"]["survivor"]
    await tenant.patch_contact(survivor, custom={"Favorite Food": "Salad"})
    assert (await asked.rob.post(path, data=form)).status_code == 303
    assert (await tenant.merge(asked.id))["outcome"] == "withdrawn"
    again = await asked.rob.post(path, data=form)
    assert (again.status_code, again.headers["location"]) == (303, asked.page), "as a double click does"
