"""From the sign-in to a merge in a real browser: by mouse, by keyboard alone, without JavaScript, twice at once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from store import people, sessions
from store.engine import Store
from store.sessions import OpenSession
from store.tokens import SESSION_IDLE
from tests.scenarios.approvals import VALUE, execute, held_back, when_done
from tests.stack import Stack
from tests.tenant import Tenant
from tests.web.looks import axe_finds_nothing, sound
from tests.web.reviewing import RISKY, Account, account
from tests.web.visitors import PASSWORD

pytestmark = pytest.mark.slow


@asynccontextmanager
async def window(browser: Browser, *, width: int = 1280, javascript: bool = True) -> AsyncIterator[Page]:
    """A browser window, which at the end has complained of nothing but refusals."""
    context = await browser.new_context(viewport={"width": width, "height": 844}, java_script_enabled=javascript)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    expected = [one for one in complaints if "status of 4" in one]
    assert complaints == expected
    await context.close()


async def sign_in(page: Page, url: str, who: Account) -> None:
    """From wherever it leads, until what is behind it is loaded with its scripts."""
    await page.goto(url)
    await page.get_by_label("E-mail address").fill(who.email)
    await page.get_by_label("Password").fill(PASSWORD)
    async with page.expect_event("load"):
        await page.get_by_role("button", name="Sign in").click()


async def open_sessions(store: Store, who: Account) -> list[OpenSession]:
    return await sessions.list_open(store, (await people.find(store, who.email)).id)


async def run_out(store: Store, who: Account) -> None:
    """Their sessions end, as after a long lunch; their browsers know nothing of it."""
    old = """UPDATE sessions SET last_seen = now() - :idle - interval '1 minute'
             WHERE token_id IN (SELECT id FROM tokens WHERE owner = :email)"""
    await execute(store, old, idle=SESSION_IDLE, email=who.email)


async def decide(page: Page, merge: dict[str, Any], look: Callable[[], Awaitable[None]]) -> None:
    """From the inbox to merged; `look` is at each page on the way."""
    plan = merge["plan"]
    await look()
    await page.get_by_role("link", name=f"Merge contact {plan['absorbed']} into contact {plan['survivor']}?").click()
    await look()
    await page.get_by_role("link", name="Reject…", exact=True).click()
    await look()
    await page.get_by_role("link", name="Back, nothing is done").click()
    await page.get_by_role("link", name="Approve…").click()
    await look()
    await page.get_by_label("There is a risk").fill(VALUE[-4:])
    await page.get_by_role("button", name="Merge permanently").click()
    await expect(page.get_by_text("Approved by Tess Tester")).to_be_visible()
    await look()


async def test_every_page_on_the_way_fits_follows_the_scheme_and_axe_finds_nothing(
    browser: Browser, stack: Stack, store: Store, tenant: Tenant
) -> None:
    """One walk, seen in light and dark, on a desk and on a phone."""
    merge = await held_back(tenant, **RISKY)
    async with window(browser) as page:

        async def look() -> None:
            await sound(page)

        await page.goto(f"{stack.url}/inbox")
        await look()
        await sign_in(page, f"{stack.url}/merges/{merge['id']}/reject", await account(store, tenant))
        await page.get_by_label("The reason").fill("They differ.")
        approving = await page.context.new_page()
        await approving.goto(f"{stack.url}/merges/{merge['id']}/approve")
        await approving.get_by_label("There is a risk").fill(VALUE[-4:])
        await tenant.patch_contact(merge["plan"]["survivor"], custom={"Favorite Food": "Salad"})
        for stale, button in ((approving, "Merge permanently"), (page, "Reject")):
            await stale.get_by_role("button", name=button).click()
            await expect(stale.get_by_role("heading", level=1)).to_have_text("The plan has changed since you looked")
            await sound(stale)
        await approving.close()
        await page.goto(f"{stack.url}/inbox")
        await decide(page, merge, look)
        for path in ("/inbox?tab=mine", "/inbox?tab=decided", "/sessions"):
            await page.goto(f"{stack.url}{path}")
            await look()
    assert (await tenant.merge(merge["id"]))["outcome"] == "merged"


async def test_the_whole_way_needs_no_javascript(browser: Browser, stack: Stack, store: Store, tenant: Tenant) -> None:
    merge = await held_back(tenant)

    async def look() -> None:
        await expect(page.get_by_role("heading", level=1)).to_be_visible()

    async with window(browser, javascript=False) as page:
        await sign_in(page, f"{stack.url}/inbox", await account(store, tenant))
        await page.get_by_role("button", name="Claim the next one").click()
        await page.get_by_role("link", name="Inbox", exact=True).first.click()
        await decide(page, merge, look)
        await page.get_by_role("button", name="Sign out").click()
        await expect(page).to_have_url(f"{stack.url}/login")
    assert (await tenant.merge(merge["id"]))["outcome"] == "merged"


async def test_the_whole_way_goes_by_keyboard_alone(
    browser: Browser, stack: Stack, store: Store, tenant: Tenant
) -> None:
    merge = await held_back(tenant)
    who = await account(store, tenant)
    async with window(browser) as page:

        async def tab_to(name: str) -> None:
            focused = page.locator(":focus")
            for _ in range(60):
                await page.keyboard.press("Tab")
                told = await focused.evaluate("it => (it.labels?.[0] ?? it).textContent.trim()")
                if told.startswith(name):
                    assert await focused.evaluate("it => getComputedStyle(it).outlineStyle") == "solid"
                    return
            raise AssertionError(f"{name} was never reached")

        await page.goto(f"{stack.url}/inbox")
        for label, text in (("E-mail address", who.email), ("Password", PASSWORD)):
            await tab_to(label)
            await page.keyboard.type(text)
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(f"{stack.url}/inbox")
        review = f"{stack.url}/merges/{merge['id']}"
        for name, target in (("Merge contact", review), ("Approve", f"{review}/approve")):
            await tab_to(name)
            await page.keyboard.press("Enter")
            await expect(page).to_have_url(target)
        await tab_to("There is a risk")
        await page.keyboard.type(VALUE[-4:])
        await tab_to("Merge permanently")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Approved by Tess Tester")).to_be_visible()
    assert (await tenant.merge(merge["id"]))["outcome"] == "merged"


async def test_two_browsers_decide_at_once(browser: Browser, stack: Stack, store: Store, tenant: Tenant) -> None:
    merge = await held_back(tenant)
    async with window(browser) as first, window(browser) as second:
        for page in (first, second):
            await sign_in(page, f"{stack.url}/merges/{merge['id']}/reject", await account(store, tenant))
            await page.get_by_label("The reason").fill("I looked at both.")
        await asyncio.gather(*(page.get_by_role("button", name="Reject").click() for page in (first, second)))
        for page in (first, second):
            await expect(
                page.get_by_text("Tess Tester rejected it,").or_(page.get_by_text("Rejected by"))
            ).to_be_visible()
        late = [page for page in (first, second) if await page.get_by_text("Somebody decided before you").count()]
        for page in late:
            await axe_finds_nothing(page)
    done = await when_done(tenant, merge["id"])
    assert (done["outcome"], [one["tookEffect"] for one in done["decisions"]].count(True)) == ("rejected", 1)
    assert len(late) == 1


@pytest.mark.parametrize("javascript", [True, False])
async def test_a_session_that_ends_in_the_middle_of_a_sentence_loses_nothing(
    browser: Browser, stack: Stack, store: Store, tenant: Tenant, javascript: bool
) -> None:
    merge = await held_back(tenant)
    who = await account(store, tenant)
    review = f"{stack.url}/merges/{merge['id']}"
    async with window(browser, javascript=javascript) as page:
        await sign_in(page, review, who)
        for path, label, button in (("", "Your comment", "Comment"), ("/reject", "The reason", "Reject")):
            await page.goto(f"{review}{path}")
            await page.get_by_label(label).fill("They only share\na phone.")
            await run_out(store, who)
            await page.get_by_role("button", name=button).click()
            await expect(page.get_by_role("heading", level=1)).to_have_text("Your session has ended")
            if javascript:
                await sound(page)
            await page.get_by_label("E-mail address").fill(who.email)
            await page.get_by_label("Password").fill(PASSWORD)
            await page.get_by_role("button", name="Sign in").click()
            await expect(page.get_by_text("You are signed in again.")).to_be_visible()
            await expect(page.get_by_label(label)).to_have_value("They only share\na phone.")
            await expect(page.get_by_label(label)).to_be_focused()
            if javascript:
                await sound(page)
            assert "phone" not in page.url + str(await page.context.cookies())
            await page.get_by_role("button", name=button).click()
            await expect(page.get_by_text("They only share").first).to_be_visible()
            assert page.url.partition("#")[0] == review
    done = await tenant.merge(merge["id"])
    assert (done["outcome"], len(done["comments"])) == ("rejected", 1)


async def test_an_approval_whose_session_has_run_out_is_asked_for_again(
    browser: Browser, stack: Stack, store: Store, tenant: Tenant
) -> None:
    merge = await held_back(tenant)
    who = await account(store, tenant)
    approval = f"{stack.url}/merges/{merge['id']}/approve"
    async with window(browser) as page:
        await sign_in(page, approval, who)
        await page.get_by_label("There is a risk").fill(VALUE[-4:])
        await run_out(store, who)
        await page.get_by_role("button", name="Merge permanently").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Your session has ended")
        assert (await tenant.merge(merge["id"]))["decisions"] == []
        await page.get_by_label("E-mail address").fill(who.email)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.goto(approval)
        await page.get_by_label("There is a risk").fill(VALUE[-4:])
        await page.get_by_role("button", name="Merge permanently").click()
        await expect(page.get_by_text("Approved by Tess Tester")).to_be_visible()
    assert (await tenant.merge(merge["id"]))["outcome"] == "merged"


async def test_who_signs_in_again_in_another_tab_sends_what_the_first_one_holds(
    browser: Browser, stack: Stack, store: Store, tenant: Tenant
) -> None:
    merge = await held_back(tenant)
    who = await account(store, tenant)
    rejection = f"{stack.url}/merges/{merge['id']}/reject"
    async with window(browser) as page:
        await sign_in(page, rejection, who)
        await page.get_by_label("The reason").fill("They only share\na phone.")
        await run_out(store, who)
        await sign_in(await page.context.new_page(), f"{stack.url}/inbox", who)
        await page.get_by_role("button", name="Reject").click()
        await expect(page.get_by_text("the form was of an earlier session")).to_be_visible()
        await expect(page.get_by_label("The reason")).to_have_value("They only share\na phone.")
        await page.get_by_role("button", name="Reject").click()
        await expect(page.get_by_text("Rejected by Tess Tester")).to_be_visible()


async def test_the_inbox_says_what_is_new_and_moves_nothing(
    browser: Browser, stack: Stack, store: Store, tenant: Tenant
) -> None:
    async with window(browser) as page:
        await sign_in(page, f"{stack.url}/inbox", await account(store, tenant))
        await expect(page.get_by_text("No merge waits for a person")).to_be_visible()
        merge = await held_back(tenant)
        status = page.locator("#live [role=status]")
        await expect(status).to_have_text("1 new. Show")
        await expect(page).to_have_title("(1) Inbox · Onefold")
        await expect(page.locator("[data-merge]")).to_have_count(0)
        await axe_finds_nothing(page)
        await status.get_by_role("link").click()
        await expect(page.locator(f'[data-merge="{merge["id"]}"]')).to_be_visible()
        await expect(status).to_be_empty()
        await page.get_by_label("Live").uncheck()
        await tenant.http.post(f"/v1/merges/{merge['id']}/withdrawal", json={})
        await page.wait_for_timeout(4000)
        await expect(status).to_be_empty()
        await page.get_by_label("Live").check()
        await expect(status).to_have_text("1 no longer here. Show")


async def test_keys_move_and_never_decide_and_can_be_switched_off(
    browser: Browser, stack: Stack, store: Store, tenant: Tenant
) -> None:
    merge = await held_back(tenant)
    async with window(browser) as page:
        await sign_in(page, f"{stack.url}/inbox", await account(store, tenant))
        question = page.get_by_role("link", name="Merge contact")
        await expect(page.get_by_label("Keys")).to_be_checked()
        await page.keyboard.press("j")
        await expect(question).to_be_focused()
        await page.keyboard.press("/")
        await expect(page.get_by_label("E-mail, identity, device or merge id")).to_be_focused()
        await page.keyboard.type("jk/a")
        await expect(page.get_by_label("E-mail, identity, device or merge id")).to_have_value("jk/a")
        await page.get_by_label("Keys").uncheck()
        await page.reload()
        await expect(page.get_by_label("Keys")).not_to_be_checked()
        for key in "jkacr":
            await page.keyboard.press(key)
        await expect(question).not_to_be_focused()
        await expect(page).to_have_url(f"{stack.url}/inbox")
    assert (await tenant.merge(merge["id"]))["state"] == "pending_approval"


async def test_a_tab_that_is_left_open_keeps_nobody_signed_in(
    browser: Browser, stack: Stack, store: Store, tenant: Tenant
) -> None:
    who = await account(store, tenant)
    async with window(browser) as page:
        await sign_in(page, f"{stack.url}/inbox", who)
        await expect(page.get_by_label("Live")).to_be_visible()
        old = """UPDATE sessions SET last_seen = now() - interval '10 minutes'
                 WHERE token_id IN (SELECT id FROM tokens WHERE owner = :email)"""
        await execute(store, old, email=who.email)
        async with page.expect_response("**/inbox/events*"):
            await page.evaluate("fetch('/inbox/events').then(() => 0)")
        assert [one.last_seen.timestamp() < one.created.timestamp() for one in await open_sessions(store, who)] == [
            True
        ]
