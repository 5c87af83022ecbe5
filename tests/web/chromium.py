"""Debian's Chromium: the one that Playwright would download is not needed.

Its headless shell is the same engine without the windows around it, and takes a quarter of the CPU: 2.3 s for 25 pages
in contexts of their own, where the whole browser took 9.3 s.
"""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright, expect

expect.set_options(timeout=20_000)  # the machine may be busy

_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    executable = shutil.which("chromium-headless-shell")
    assert executable, "the pages' tests need it: apt-get install chromium-headless-shell"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=_ARGUMENTS)
        yield browser
        await browser.close()
