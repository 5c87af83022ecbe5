"""A database from which somebody has taken a table: what nobody foresaw is a page for who looks."""

import re
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import psycopg
import pytest
from playwright.async_api import Browser

from domain.roles import Role
from store import people, sessions
from store.engine import Store
from tests.stack import LEDGER_KEYRING, Stack, named, new_database
from tests.web.looks import sound
from tests.web.served import pages_on
from tests.web.test_pages import BROWSER, POLICY
from tests.web.visitors import COOKIE, heading, words
from web import rendering

pytestmark = pytest.mark.slow


@pytest.fixture
async def broken(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who is signed in there."""
    name = f"broken_{uuid4().hex}"
    url = new_database(stack, name)
    store = Store.connect(url, ledger_keys=LEDGER_KEYRING, pool_size=2)
    person_id = await people.add(store, "sam@people.example", "Sam Seer")
    await people.give_role(store, person_id, Role.SPECIALIST, None)
    secret = await sessions.start(store, await people.find(store, "sam@people.example"), "Firefox")
    with psycopg.connect(named(stack.postgres.owner_url, name), autocommit=True) as by_hand:
        by_hand.execute("ALTER TABLE merges RENAME TO gone")
    async with pages_on(store) as browser:
        browser.cookies.set(COOKIE, secret)
        yield browser
    await store.close()


async def test_a_browser_gets_a_page_and_a_program_the_document(broken: httpx.AsyncClient) -> None:
    shown = await broken.get("/inbox", headers=BROWSER)
    assert (shown.status_code, heading(shown)) == (500, "Something failed that should not have")
    assert "Sam Seer" in words(shown)
    assert not re.search(r"StoreError|UndefinedTable|relation", shown.text)
    assert (shown.headers["content-security-policy"], shown.headers["cache-control"]) == (POLICY, "no-store")
    called = await broken.get("/inbox", headers={"Accept": "*/*"})
    assert (called.status_code, called.headers["content-type"]) == (500, "application/problem+json")
    assert called.json()["code"] == "internal-error"


async def test_the_page_fits_its_window_and_axe_finds_nothing(
    broken: httpx.AsyncClient, stack: Stack, browser: Browser
) -> None:
    shown = await broken.get("/inbox", headers=BROWSER)
    page = await browser.new_page()
    await page.route(
        f"{stack.url}/inbox", lambda route: route.fulfill(status=500, body=shown.text, content_type="text/html")
    )
    await page.goto(f"{stack.url}/inbox")
    await sound(page)
    await page.close()


async def test_where_the_page_fails_too_there_is_the_document(
    broken: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after an upgrade that lost a file."""
    monkeypatch.delitem(rendering._templates.filters, "clock")
    shown = await broken.get("/inbox", headers=BROWSER)
    assert (shown.status_code, shown.json()["code"]) == (500, "internal-error")
