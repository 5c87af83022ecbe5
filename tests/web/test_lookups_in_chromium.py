"""The pages where people look things up, in a real browser: both schemes, both widths, and values that attack."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, expect

from domain.roles import Role
from tests.web.looked_up import HOSTILE, Library, Visitor
from tests.web.looks import Scheme, axe_finds_nothing, sound
from tests.web.visitors import COOKIE

pytestmark = pytest.mark.slow


@asynccontextmanager
async def signed_in(
    browser: Browser,
    library: Library,
    visitor: Visitor,
    scheme: Scheme = "light",
    width: int = 1280,
    *,
    javascript: bool = True,
) -> AsyncIterator[Page]:
    """A page that at the end has complained of nothing, opened no dialog, and asked nobody but its own origin."""
    context = await browser.new_context(
        base_url=library.url,
        color_scheme=scheme,
        viewport={"width": width, "height": 844},
        java_script_enabled=javascript,
    )
    await context.add_cookies([{"name": COOKIE, "value": visitor.secret, "url": library.url}])
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.on("request", lambda request: None if request.url.startswith(library.url) else complaints.append(request.url))
    yield page
    assert complaints == []
    await context.close()


async def paths_for_a_specialist(library: Library) -> list[str]:
    device = (await library.here.contact(library.carl))["channels"][0]["id"]
    return [
        "/contacts",
        f"/contacts/{library.carl}",
        f"/contacts/{library.hostile}",
        f"/contacts/{library.albert}",
        f"/devices/{device}",
        "/merges",
        f"/merges/{library.open_merge}/history",
        f"/audit?contact={library.albert}",
        f"/contacts/{library.albert}/lineage",
        "/databases",
        f"/databases/{library.here.id}",
        "/status",
        "/rules",
    ]


async def sound_at(page: Page, path: str) -> None:
    answer = await page.goto(path)
    assert answer and answer.status == 200, path
    await sound(page)


async def test_axe_finds_nothing_and_every_page_fits_its_window(browser: Browser, library: Library) -> None:
    async with signed_in(browser, library, await library.visitor(Role.SPECIALIST)) as page:
        for path in await paths_for_a_specialist(library):
            await sound_at(page, path)


async def test_so_it_is_on_a_story_with_all_that_it_opens_to(browser: Browser, library: Library) -> None:
    async with signed_in(browser, library, await library.visitor(Role.SPECIALIST)) as page:
        await page.goto(f"/merges/{library.second_merge}/story")
        await page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        await expect(page.locator("pre").first).to_be_visible()
        await expect(page.get_by_text("of its workflow from then on").first).to_be_visible()
        await sound(page)


async def test_so_it_is_on_an_admins_pages(browser: Browser, library: Library) -> None:
    async with signed_in(browser, library, await library.visitor(Role.ADMIN, None)) as page:
        for path in (f"/contacts/{library.carl}", f"/databases/{library.here.id}/policy", "/people"):
            await sound_at(page, path)
    async with signed_in(browser, library, await library.visitor(Role.ADMIN), width=390) as page:
        await sound_at(page, "/people")


async def test_hostile_values_run_nothing_and_show_their_code_points(browser: Browser, library: Library) -> None:
    specialist = await library.visitor(Role.SPECIALIST)
    async with signed_in(browser, library, specialist, "light", 390) as page:
        await page.goto(f"/contacts/{library.hostile}")
        shown = await page.locator("main").inner_text()
        assert "<script>alert(1)</script>" in shown
        assert "<U+202E>gnp.exe<U+200B>" in shown
        assert "\u202e" not in await page.content()
        assert await page.locator("main script, main img").count() == 0
        assert await page.evaluate("document.documentElement.scrollWidth") == 390


async def test_what_was_searched_for_is_shown_again_and_never_runs(browser: Browser, library: Library) -> None:
    specialist = await library.visitor(Role.SPECIALIST)
    async with signed_in(browser, library, specialist, "dark", 390) as page:
        await page.goto("/contacts")
        await page.get_by_label("Search by").select_option("email")
        await page.get_by_label("Value", exact=True).fill(HOSTILE[:100])
        await page.get_by_role("button", name="Find").click()
        await expect(page.get_by_role("status")).to_have_text("No contact found")
        assert page.url == f"{library.url}/contacts"
        await axe_finds_nothing(page)


async def test_an_auditor_finds_and_reveals_a_contact_without_javascript(browser: Browser, library: Library) -> None:
    auditor = await library.visitor(Role.AUDITOR)
    async with signed_in(browser, library, auditor, "light", 1280, javascript=False) as page:
        await page.goto("/contacts")
        await page.get_by_label("Database").select_option(str(library.here.id))
        await page.get_by_label("Search by").select_option("identity")
        await page.get_by_label("Value", exact=True).fill("777374")
        await page.get_by_role("button", name="Find").click()
        assert page.url == f"{library.url}/contacts/{library.carl}"
        await expect(page.get_by_text("a•••@gmail.com")).to_be_visible()
        await page.get_by_role("button", name="Reveal values").click()
        await expect(page.get_by_text("albert.b.jerm@gmail.com")).to_be_visible()
        assert page.url == f"{library.url}/contacts/{library.carl}"
