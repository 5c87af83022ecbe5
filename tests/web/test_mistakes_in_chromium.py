"""What goes wrong is told as well as the rest: found by keyboard and by ear, on a phone, in the dark."""

from dataclasses import replace

import pytest
from playwright.async_api import Browser, Page, expect

from domain.roles import Role
from store.engine import Store
from tests.scenarios.approvals import VALUE, held_back
from tests.stack import Stack
from tests.tenant import Tenant
from tests.web.looks import sound
from tests.web.reviewing import account
from tests.web.test_deciding_in_chromium import sign_in, window

pytestmark = pytest.mark.slow


async def press(page: Page, button: str) -> None:
    """Past what the browser itself would ask for."""
    await page.locator("form").evaluate_all("forms => forms.forEach(form => form.noValidate = true)")
    await page.get_by_role("button", name=button, exact=True).click()


async def faulty(page: Page, label: str) -> None:
    """The field has the focus, says that it is wrong, and why."""
    field = page.get_by_label(label)
    await expect(field).to_be_focused()
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(field).to_have_accessible_description(await page.get_by_role("alert").inner_text())
    assert (await page.title()).startswith("Error: ")
    await sound(page)


async def test_a_specialists_mistakes(browser: Browser, stack: Stack, store: Store, tenant: Tenant) -> None:
    merge = await held_back(tenant)
    review = f"{stack.url}/merges/{merge['id']}"
    who = await account(store, tenant)
    async with window(browser) as page:
        await sign_in(page, f"{stack.url}/inbox", replace(who, email=who.email + "x"))
        await faulty(page, "Password")
        await sign_in(page, f"{review}/reject", who)
        await press(page, "Reject")
        await faulty(page, "The reason")
        await page.goto(f"{review}/approve")
        await page.get_by_label("There is a risk").fill("wrong")
        await press(page, "Merge permanently")
        await faulty(page, "There is a risk")
        await page.get_by_label("There is a risk").fill(VALUE[-4:])
        await tenant.patch_contact(merge["plan"]["survivor"], custom={"Favorite Food": "Salad"})
        await press(page, "Merge permanently")
        await expect(page.get_by_role("heading", level=1)).to_have_text("The plan has changed since you looked")
        await sound(page)
        await page.goto(f"{stack.url}/merges/{'0' * 8}-0000-4000-8000-{'0' * 12}")
        await sound(page)


async def test_several_rejected_at_once(browser: Browser, stack: Stack, store: Store, tenant: Tenant) -> None:
    merge = await held_back(tenant)
    async with window(browser) as page:
        await sign_in(page, f"{stack.url}/inbox", await account(store, tenant))
        await page.get_by_label("E-mail, identity").fill("nobody@example.org")
        await press(page, "Search")
        await sound(page)
        await page.goto(f"{stack.url}/inbox")
        await page.get_by_role("checkbox", name="Choose Merge contact").check()
        await press(page, "Reject the chosen…")
        await sound(page)
        await press(page, "Reject 1")
        await faulty(page, "The reason")
        await page.get_by_label("The reason").fill("I looked at both.")
        await press(page, "Reject 1")
        await expect(page.get_by_role("heading", level=1)).to_have_text("1 of 1 rejected")
        await sound(page)
    assert (await tenant.merge(merge["id"]))["outcome"] == "rejected"


async def test_what_an_auditor_and_an_admin_meet(browser: Browser, stack: Stack, store: Store, tenant: Tenant) -> None:
    merge = await held_back(tenant)
    async with window(browser) as page:
        await sign_in(page, f"{stack.url}/merges/{merge['id']}", await account(store, tenant, Role.AUDITOR))
        await expect(page.get_by_text("Personal values are masked.")).to_be_visible()
        assert VALUE not in await page.locator("body").inner_text()
        await sound(page)
        for path, status in ((f"/merges/{merge['id']}/approve", 403), ("/people", 403)):
            answer = await page.goto(f"{stack.url}{path}")
            assert answer and answer.status == status
            await sound(page)
    async with window(browser) as page:
        await sign_in(page, f"{stack.url}/databases/{tenant.id}/policy", await account(store, tenant, Role.ADMIN))
        await page.get_by_label("Time to decide").fill("soon")
        await press(page, "Make it version 3")
        await expect(page.get_by_role("alert")).to_be_focused()
        assert (await page.title()).startswith("Error: ")
        await sound(page)
