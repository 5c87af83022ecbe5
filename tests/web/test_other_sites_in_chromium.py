"""What a page of somebody else's can't do with ours, in the browser of somebody who is signed in."""

from asyncio import StreamReader, StreamWriter, start_server
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, expect

from store.engine import Store
from tests.scenarios.approvals import VALUE, held_back
from tests.stack import Stack, free_port
from tests.tenant import Tenant
from tests.web.reviewing import account
from tests.web.test_deciding_in_chromium import sign_in

pytestmark = pytest.mark.slow


@asynccontextmanager
async def another_site(body: str) -> AsyncIterator[str]:
    """Its URL; whatever is asked of it, it answers this page."""

    async def answer(asked: StreamReader, told: StreamWriter) -> None:
        await asked.readuntil(b"\r\n\r\n")
        told.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n" + body.encode())
        await told.drain()
        told.close()

    async with await start_server(answer, "127.0.0.1", port := free_port()):
        yield f"http://127.0.0.1:{port}/"


async def test_no_other_site_frames_a_page_or_sends_a_form_of_ours(
    browser: Browser, stack: Stack, store: Store, tenant: Tenant
) -> None:
    """Another origin of the same host, to which a browser sends the cookie; and it knows all that the form holds."""
    merge = await held_back(tenant)
    who = await account(store, tenant)
    approval = f"{stack.url}/merges/{merge['id']}/approve"
    context = await browser.new_context()
    page = await context.new_page()
    await sign_in(page, approval, who)
    form = await page.locator("form", has=page.get_by_role("button", name="Merge permanently")).inner_html()
    body = f'<iframe src="{approval}"></iframe><form method="post" action="{approval}">{form}</form>'
    async with another_site(body) as theirs:
        await page.goto(theirs)
        assert [frame.url for frame in page.frames[1:]] == ["chrome-error://chromewebdata/"]
        await page.get_by_label("There is a risk").fill(VALUE[-4:])
        await page.get_by_role("button", name="Merge permanently").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(
            "The form was sent from another site. Nothing was done."
        )
    assert (await tenant.merge(merge["id"]))["decisions"] == []
    await page.goto(approval)
    await page.get_by_label("There is a risk").fill(VALUE[-4:])
    await page.get_by_role("button", name="Merge permanently").click()  # what it sent was in order but for its origin
    await expect(page.get_by_text("Approved by Tess Tester")).to_be_visible()
    await context.close()
