"""The page of a merge that is under way follows it: each step is read from the store or its run, none is made up."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import psycopg
import pytest
from playwright.async_api import Browser, Locator, Page, expect

from store import people, sessions
from store.engine import Store
from tests.scenarios.approvals import VALUE, A, asks, held_back, two_contacts, when_done
from tests.stack import Stack, free_port
from tests.tenant import Tenant
from tests.web.looks import axe_finds_nothing, sound
from tests.web.reviewing import account
from tests.web.test_deciding_in_chromium import sign_in, window

pytestmark = pytest.mark.slow

QUEUE = "nobody-polls-it-yet"


@pytest.fixture(scope="module")
def impatient(stack: Stack) -> Iterator[str]:
    """The URL of an API process that waits a moment only."""
    port = free_port()
    with stack.api("impatient-pages", {"ONEFOLD_PORT": str(port), "ONEFOLD_WAIT": "0.5"}):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def lonely(stack: Stack) -> Iterator[str]:
    """One whose task queue no worker polls."""
    port = free_port()
    env = {"ONEFOLD_PORT": str(port), "ONEFOLD_WAIT": "0.5", "ONEFOLD_TASK_QUEUE": QUEUE}
    with stack.api("lonely-pages", env, probe="/healthz"):
        yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def row_held(stack: Stack, contact_id: int) -> AsyncIterator[None]:
    """Nobody else can change this contact meanwhile, for as long as it takes: no time-out of the store's ends it."""
    async with await psycopg.AsyncConnection.connect(stack.database_url) as connection:
        await connection.execute("SELECT id FROM contacts WHERE id = %s FOR UPDATE", [contact_id])
        yield


async def approve(page: Page) -> None:
    """On the page that asks once more."""
    await page.get_by_label("There is a risk").fill(VALUE[-4:])
    await page.get_by_role("button", name="Merge permanently").click()
    await expect(page.get_by_role("heading", name="Under way")).to_be_visible()


def steps(page: Page, reached: str) -> Locator:
    return page.locator(f".steps .{reached} b")


async def test_an_approval_is_followed_step_by_step_until_it_is_recorded(
    browser: Browser, stack: Stack, impatient: str, store: Store, tenant: Tenant
) -> None:
    plan = (merge := await held_back(tenant))["plan"]
    async with window(browser) as page:
        await sign_in(page, f"{impatient}/merges/{merge['id']}/approve", await account(store, tenant))
        async with row_held(stack, plan["survivor"]):
            await approve(page)
            await expect(steps(page, "over")).to_have_text(["Asked for", "Planned", "Approved"])
            await expect(steps(page, "now")).to_have_text(["Reading both contacts again under lock, then merging"])
            await expect(steps(page, "to-come")).to_have_text(["Merged", "Recorded in the ledger"])
            await expect(page.get_by_role("link", name="Approve…")).to_have_count(0)
            await page.get_by_label("Your comment").fill("Half a sen")
            await page.get_by_text("same or empty on both sides").click()
            await page.get_by_role("link", name="newest").first.focus()
            await expect(page.get_by_text("(try 2)")).to_be_visible()  # it waits for a lock no longer than so
            await sound(page)
            await expect(page.get_by_role("link", name="newest").first).to_be_focused()
        done = f"Contact {plan['absorbed']} was merged into contact {plan['survivor']}"
        await expect(page.get_by_role("heading", level=1)).to_have_text(done)
        await expect(page.get_by_role("status")).to_have_text(done)
        await expect(page.get_by_role("link", name="newest").first).to_be_focused()  # what reads as before stays
        await expect(page.locator("details[open]", has_text="same or empty on both sides")).to_be_visible()
        await expect(page.get_by_role("heading", name="What became of them")).to_be_visible()
        told = ["Asked for", "Planned", "Approved", "Read again", "Merged", "Recorded"]
        await expect(steps(page, "over")).to_have_text(told)
        await expect(page.locator(".steps .now, .steps .to-come")).to_have_count(0)
        await expect(page.get_by_text("Nothing else waits for you")).to_be_visible()
        await expect(page.get_by_label("Your comment")).to_have_value("Half a sen")
        await sound(page)


async def test_without_javascript_a_link_looks_again(
    browser: Browser, stack: Stack, impatient: str, store: Store, tenant: Tenant
) -> None:
    merge = await held_back(tenant)
    async with window(browser, javascript=False) as page:
        await sign_in(page, f"{impatient}/merges/{merge['id']}/approve", await account(store, tenant))
        async with row_held(stack, merge["plan"]["survivor"]):
            await approve(page)
        assert (await when_done(tenant, merge["id"]))["outcome"] == "merged"
        await expect(steps(page, "now")).to_have_count(1)
        await page.get_by_role("link", name="Look again").click()
        await expect(steps(page, "over").last).to_have_text("Recorded")


async def test_a_request_without_a_plan_yet_is_followed_to_its_review(
    browser: Browser, stack: Stack, lonely: str, store: Store, tenant: Tenant
) -> None:
    await two_contacts(tenant)
    await asks(tenant)
    answer = await tenant.http.put(f"{lonely}{tenant.path(A)}", json={"identity": {"name": "userId", "value": VALUE}})
    assert (answer.status_code, answer.json()["state"]) == (202, "preparing")
    async with window(browser) as page:
        await sign_in(page, f"{lonely}/inbox", await account(store, tenant))
        await expect(page.get_by_text("no worker polls the task queue")).to_be_visible()
        await expect(page.get_by_text("No request comes here until this is mended")).to_be_visible()
        await axe_finds_nothing(page)
        await page.goto(answer.json()["page"])
        await expect(page.get_by_role("heading", level=1)).to_have_text("This merge is being prepared")
        await expect(steps(page, "now")).to_have_text(["Finding the device, reading both contacts, planning"])
        await sound(page)
        with stack.worker("late-worker", {"ONEFOLD_TASK_QUEUE": QUEUE}):
            await expect(page.get_by_role("heading", level=1)).to_contain_text("Merge contact")
            await expect(page.get_by_role("link", name="Approve…")).to_be_visible()
            gone = await tenant.http.post(f"/v1/merges/{answer.json()['mergeId']}/withdrawal", json={})
            assert gone.status_code == 200, gone.text
            await expect(page.get_by_role("status")).to_have_text("This merge has changed since you loaded it. Show")
            await expect(page.get_by_role("link", name="Approve…")).to_be_visible()  # nothing moves
            await axe_finds_nothing(page)
            await page.get_by_role("link", name="Show").click()
            await expect(steps(page, "over")).to_have_text(
                ["Asked for", "Planned", "Withdrawn", "Nothing was changed", "Recorded"]
            )


async def test_whoever_looks_at_a_merge_hears_that_another_decided(
    browser: Browser, stack: Stack, store: Store, tenant: Tenant
) -> None:
    merge = await held_back(tenant)
    async with window(browser) as page:
        await sign_in(page, f"{stack.url}/merges/{merge['id']}", await account(store, tenant))
        await expect(page.get_by_label("Live")).to_be_checked()
        await page.get_by_label("Live").uncheck()
        await tenant.http.post(f"/v1/merges/{merge['id']}/comments", json={"text": "Look at the birthday."})
        await page.wait_for_timeout(3000)
        await expect(page.get_by_role("status")).to_be_empty()
        await page.get_by_label("Live").check()
        await tenant.http.post(f"/v1/merges/{merge['id']}/withdrawal", json={})
        await expect(page.get_by_role("status")).to_have_text("This merge has changed since you loaded it. Show")


async def test_live_says_a_thing_once_and_that_it_has_stopped(
    browser: Browser, stack: Stack, store: Store, tenant: Tenant
) -> None:
    merge = await held_back(tenant)
    who = await account(store, tenant)
    async with window(browser) as page:
        await sign_in(page, f"{stack.url}/inbox", who)
        await tenant.http.post(f"/v1/merges/{merge['id']}/withdrawal", json={})
        status = page.locator("#live [role=status]")
        await expect(status).to_have_text("1 no longer here. Show")
        await status.get_by_role("link").focus()
        for _ in range(2):  # each begins with what was said already
            await page.wait_for_event("requestfinished", lambda one: "/events" in one.url)
        await expect(status.get_by_role("link")).to_be_focused()
        await sessions.end_all(store, (await people.find(store, who.email)).id)
        await expect(status).to_have_text("Live has stopped. Load again")


async def test_a_tab_that_nobody_looks_at_hears_nothing_until_somebody_does(
    browser: Browser, stack: Stack, store: Store, tenant: Tenant
) -> None:
    merge = await held_back(tenant)
    looks = "on => { Object.defineProperty(document, 'hidden', {value: !on, configurable: true});"
    looks += "document.dispatchEvent(new Event('visibilitychange')) }"
    async with window(browser) as page:
        await sign_in(page, f"{stack.url}/merges/{merge['id']}", await account(store, tenant))
        await expect(page.get_by_label("Live")).to_be_visible()
        await page.evaluate(looks, False)
        await tenant.http.post(f"/v1/merges/{merge['id']}/withdrawal", json={})
        await page.wait_for_timeout(5000)
        await expect(page.get_by_role("status")).to_be_empty()
        await page.evaluate(looks, True)
        await expect(page.get_by_role("status")).to_have_text("This merge has changed since you loaded it. Show")
