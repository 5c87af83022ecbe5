"""What a page is on paper: nothing to press, nothing folded or cut, black on white, and where and when it was so."""

import re

import pytest
from playwright.async_api import Browser, Page, expect

from domain.roles import Role
from tests.web.looked_up import Library
from tests.web.test_lookups_in_chromium import signed_in

pytestmark = pytest.mark.slow

PAPER = 718  # what an A4 sheet has between its margins, in CSS pixels
_SEEN = """selector => [...document.querySelectorAll(selector)]
  .filter(one => one.checkVisibility({visibilityProperty: true})).map(one => one.outerHTML)"""
_COLOURED = """() => [...document.querySelectorAll("body, body *")].flatMap(one => {
  if (!one.checkVisibility()) return [];
  const look = getComputedStyle(one);
  return [look.color, look.backgroundColor].filter(colour => {
    const [red, green, blue] = colour.match(/[0-9.]+/g).map(Number);
    return red !== green || green !== blue;
  }).map(colour => `${one.tagName}.${one.className} ${colour}`);
})"""
_CUT = """() => [...document.querySelectorAll("main *")]
  .filter(one => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth + 1)
  .map(one => one.outerHTML)"""


async def printed(page: Page, path: str) -> None:
    await page.goto(path)
    await page.emulate_media(media="print")
    await page.set_viewport_size({"width": PAPER, "height": 1000})


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_on_paper_is_what_was_shown_and_nothing_to_press(browser: Browser, library: Library, scheme: str) -> None:
    specialist = await library.visitor(Role.SPECIALIST)
    paths = [f"/merges/{library.open_merge}", "/merges", f"/contacts/{library.carl}", "/inbox"]
    paths += [f"/merges/{library.first_merge}/story", "/audit", f"/contacts/{library.albert}/lineage"]
    async with signed_in(browser, library, specialist, "light" if scheme == "light" else "dark") as page:
        for path in paths:
            await printed(page, path)
            for selector in ("nav", "form", "button", ".button", "input", "textarea", "select", ".skip"):
                assert await page.evaluate(_SEEN, selector) == [], (path, selector)
            assert await page.evaluate(_COLOURED) == [], path
            assert await page.evaluate(_CUT) == [], path
            await expect(page.locator("table").first).to_have_css("display", "table")
            assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


async def test_every_fold_is_open(browser: Browser, library: Library) -> None:
    async with signed_in(browser, library, await library.visitor(Role.SPECIALIST)) as page:
        await printed(page, f"/merges/{library.open_merge}")
        folded = page.locator("details:not([open]) td")
        assert await folded.count() > 0
        for cell in await folded.all():
            await expect(cell).to_be_visible()
        await page.emulate_media(media="screen")
        await expect(folded.first).to_be_hidden()


@pytest.mark.parametrize("javascript", [True, False])
async def test_where_and_when_it_was_so_stands_on_paper_alone(
    browser: Browser, library: Library, javascript: bool
) -> None:
    async with signed_in(browser, library, await library.visitor(Role.AUDITOR), javascript=javascript) as page:
        await page.goto(f"/contacts/{library.carl}")
        line = page.locator("#printed")
        await expect(line).to_be_hidden()
        await printed(page, f"/contacts/{library.carl}")
        moment = r"\d{1,2} [A-Z][a-z]+ 20\d\d, \d\d:\d\d UTC"
        await expect(line).to_have_text(re.compile(rf"^{library.url}/contacts/{library.carl}, as of {moment}$"))


async def test_the_time_on_paper_is_that_of_printing(browser: Browser, library: Library) -> None:
    async with signed_in(browser, library, await library.visitor(Role.AUDITOR)) as page:
        await page.clock.set_fixed_time("2027-03-04T05:06:07Z")
        await page.goto("/merges")
        await page.evaluate("dispatchEvent(new Event('beforeprint'))")
        await expect(page.locator("#printed-at")).to_have_text(", printed 4 Mar 2027, 05:06 UTC")
