"""What a page of somebody else's can't do with ours, in the browser of somebody who is signed in."""

import pytest
from playwright.async_api import Browser, expect

from store.engine import Store
from tests.scenarios.approvals import VALUE, held_back
from tests.stack import Stack, free_port
from tests.tenant import Tenant
from tests.web.reviewing import account
from tests.web.test_deciding_in_chromium import sign_in

pytestmark = pytest.mark.slow


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
    theirs = f"http://127.0.0.1:{free_port()}/"
    body = f'<iframe src="{approval}"></iframe><form method="post" action="{approval}">{form}</form>'
    await page.route(theirs, lambda route: route.fulfill(body=body, content_type="text/html"))
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
