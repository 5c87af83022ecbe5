"""What every page owes whoever looks at it: light or dark, on a desk or on a phone."""

from itertools import product
from typing import Literal

from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Page

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
LOOKS = list(product(SCHEMES, (1280, 390)))
# Between them both schemes and both widths: colours do not depend on the width, nor sizes on the scheme.
_EXAMINED = {("light", 1280), ("dark", 390)}


async def sound(page: Page) -> None:
    """The page that is there fits its window, follows the scheme, and axe finds nothing on it."""
    await page.wait_for_load_state()
    for scheme, width in LOOKS:
        await page.emulate_media(color_scheme=scheme)
        await page.set_viewport_size({"width": width, "height": 844})
        await examined(page, scheme, width)


async def examined(page: Page, scheme: Scheme, width: int) -> None:
    """The same of a page that is in this look already."""
    await fits_and_follows(page, scheme, width)
    if (scheme, width) in _EXAMINED:
        await axe_finds_nothing(page)


async def fits_and_follows(page: Page, scheme: Scheme, width: int) -> None:
    assert await page.evaluate("document.documentElement.scrollWidth") == width, (page.url, width)
    red = await page.evaluate("parseInt(getComputedStyle(document.body).backgroundColor.match(/[0-9]+/)[0])")
    assert red > 200 if scheme == "light" else red < 60, (page.url, scheme)


async def axe_finds_nothing(page: Page) -> None:
    """Also what it leaves out unless asked: whatever is pressed measures 24 pixels, or has that much room."""
    found = await Axe().run(page, options={"rules": {"target-size": {"enabled": True}}})
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"
