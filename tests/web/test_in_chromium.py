"""The pages on a whole stack, in a real browser."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, expect

from tests.stack import CODEC_ORIGIN, Stack
from tests.web.looks import LOOKS, Scheme, examined, sound

pytestmark = pytest.mark.slow

OUR_PAGES = ["/", "/problems", "/problems/device-not-found"]


@asynccontextmanager
async def visit(
    browser: Browser, url: str, scheme: Scheme = "light", width: int = 1280, *, javascript: bool = True
) -> AsyncIterator[Page]:
    """A page, which at the end has complained of nothing and asked nobody but its own origin."""
    context = await browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 844}, java_script_enabled=javascript
    )
    page = await context.new_page()
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(url)
    yield page
    origin = "/".join(url.split("/")[:3]) + "/"
    assert complaints == []
    assert [one for one in asked if not one.startswith((origin, "data:"))] == []
    await context.close()


@pytest.mark.parametrize("path", OUR_PAGES)
async def test_a_page_fits_its_window_follows_the_scheme_and_axe_finds_nothing(
    browser: Browser, stack: Stack, path: str
) -> None:
    async with visit(browser, stack.url + path) as page:
        await sound(page)


async def test_so_it_is_on_the_page_of_an_unknown_code(browser: Browser, stack: Stack) -> None:
    page = await browser.new_page()
    await page.goto(f"{stack.url}/problems/no-such-code")
    await sound(page)
    await page.close()


async def test_the_first_page_of_a_running_stack_is_ready_and_knows_temporals_ui(
    browser: Browser, stack: Stack
) -> None:
    async with visit(browser, stack.url) as page:
        await expect(page.get_by_text("Ready", exact=True)).to_be_visible()
        await expect(page.locator(".parts dd")).to_have_text(["ok", "ok"])
        await expect(page.get_by_role("link", name="web UI")).to_have_attribute("href", CODEC_ORIGIN)


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
async def test_the_reference_lists_the_operations_under_the_same_strict_policy(
    browser: Browser, stack: Stack, scheme: Scheme, width: int
) -> None:
    async with visit(browser, f"{stack.url}/docs", scheme, width) as page:
        operation = page.locator("#operations-Establish_identity-establishIdentity")
        await expect(operation).to_be_visible()
        assert await page.locator(".opblock").count() > 20
        await examined(page, scheme, width)
        await operation.locator(".opblock-summary-control").click()
        await operation.locator(".try-out__btn").click()
        await expect(operation.locator("textarea")).to_have_value(re.compile("777374"))
        await examined(page, scheme, width)
        await page.get_by_role("link", name="Overview").click()
        await expect(page).to_have_url(f"{stack.url}/")


async def test_a_request_can_be_sent_from_the_reference(browser: Browser, stack: Stack) -> None:
    async with visit(browser, f"{stack.url}/docs") as page:
        operation = page.locator("#operations-Health-getReadiness")
        await operation.locator(".opblock-summary-control").click()
        await operation.locator(".try-out__btn").click()
        await operation.locator(".execute").click()
        await expect(operation.locator(".live-responses-table .response .response-col_status")).to_contain_text("200")


async def test_the_reference_needs_no_javascript(browser: Browser, stack: Stack) -> None:
    async with visit(browser, f"{stack.url}/docs", javascript=False) as page:
        await expect(page.get_by_role("row")).not_to_have_count(0)
        await expect(page.get_by_role("rowheader", name="POST /v1/merges/preview")).to_be_visible()


async def test_the_keyboard_skips_to_the_content_with_a_focus_that_is_seen(browser: Browser, stack: Stack) -> None:
    async with visit(browser, stack.url) as page:
        await page.keyboard.press("Tab")
        skip = page.get_by_role("link", name="Skip to content")
        await expect(skip).to_be_focused()
        await expect(skip).to_be_in_viewport()
        assert await skip.evaluate("link => getComputedStyle(link).outlineStyle") == "solid"
        await page.keyboard.press("Enter")
        await expect(page.locator("#content")).to_be_focused()
