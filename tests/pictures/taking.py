"""Pictures of the pages as the demo shows them, from Chromium and a Onefold of their own."""

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, Page

from domain import worked_example
from onefold import demo
from onefold.demo_secrets import DEMO, PASSWORD, password, token
from store.engine import Store
from tests.stack import LEDGER_KEYRING, servers
from tests.tenant import client
from tests.web.chromium import chromium

SIZE = (1280, 860)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# Others that wait beside the example: a list of one shows no list.
_OTHERS = (("BothMuidB1|chanBotB", "contactA1234"), ("AsgnMuid01|chanAsg1", "identity1234"))
_EXAMPLE = (worked_example.DESTINATION, worked_example.IDENTITY.value)


def names() -> list[str]:
    return [f"{page}-{scheme}.png" for page in ("inbox", "review", "confirm") for scheme in SCHEMES]


async def take(stack_folder: Path, pictures: Path) -> None:
    """Writes all of `names` into the folder `pictures`."""
    async with demo_with_requests(stack_folder) as (url, secrets), chromium() as browser:
        for scheme in SCHEMES:
            page = await _signed_in(browser, url, secrets[PASSWORD], scheme)
            await _walk(page, pictures, scheme)
            await page.context.close()


async def _walk(page: Page, pictures: Path, scheme: str) -> None:
    """From the inbox over the example's plan to the page that asks once more."""
    await page.screenshot(path=pictures / f"inbox-{scheme}.png")
    await page.locator(".items tr", has_text=worked_example.IDENTITY.value).get_by_role("link").click()
    await page.screenshot(path=pictures / f"review-{scheme}.png")
    await page.get_by_role("link", name="Approve…").click()
    await page.screenshot(path=pictures / f"confirm-{scheme}.png")


async def _signed_in(browser: Browser, url: str, secret: str, scheme: Literal["light", "dark"]) -> Page:
    width, height = SIZE
    context = await browser.new_context(color_scheme=scheme, viewport={"width": width, "height": height})
    page = await context.new_page()
    await page.goto(f"{url}/inbox")
    await page.get_by_label("E-mail address").fill("sam@onefold.example")
    await page.get_by_label("Password").fill(secret)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(f"{url}/inbox")
    return page


@asynccontextmanager
async def demo_with_requests(folder: Path) -> AsyncIterator[tuple[str, dict[str, str]]]:
    """The demo with its requests waiting: its URL and its people's secrets."""
    secrets = {name: token() for name in DEMO} | {PASSWORD: password()}
    with ExitStack() as held:
        stack = held.enter_context(servers(folder))
        store = Store.connect(stack.database_url, ledger_keys=LEDGER_KEYRING)
        await demo.load_demo(store, secrets)
        await store.close()
        held.enter_context(stack.worker())
        held.enter_context(stack.api(env=secrets))
        async with client(stack.url, secrets["ONEFOLD_TOKEN"]) as http:
            for destination, value in (*_OTHERS, _EXAMPLE):
                path = f"/databases/{demo.ASKING}/establishidentity/PUSH-{demo.APP_KEY}/{destination}"
                answer = await http.put(path, json={"identity": {"name": "userId", "value": value}})
                assert answer.status_code == 202, answer.text
        yield stack.url, secrets
