"""Values of other people's that attack whoever decides: in each place of a merge that holds any."""

import pytest
from playwright.async_api import Browser, expect

from store.engine import Store
from tests.scenarios.approvals import A, B, asks, execute, pending
from tests.stack import Stack
from tests.tenant import Tenant
from tests.web.looks import fits_and_follows
from tests.web.reviewing import account, signed_in
from tests.web.test_deciding_in_chromium import sign_in, window
from tests.web.visitors import send

pytestmark = pytest.mark.slow

SCRIPT = "<script>document.title='run'</script>"
IMAGE = "<img src=x onerror=\"document.title='run'\">"
QUOTED = f'">{IMAGE}'
LINK = "javascript:document.title='run'"
TEMPLATE = "{{ 7*7*1009 }}{% for a in b %}"
HIDDEN = "\u202eevil\u2066\u200b\u00ad"
STRUCK = "k\u0336e\u0336p\u0336t"
LONG = "a" * 250
HEBREW, ARABIC = "\u05d3\u05e0\u05d4", "\u0632\u064a\u0646"
IDENTITY = f"{HEBREW} {IMAGE} {STRUCK}"


async def a_hostile_merge(tenant: Tenant) -> str:
    """Two contacts whose names, columns and values are all meant to be taken for something else."""
    column = {"name": IMAGE, "type": "selection", "selections": [SCRIPT, QUOTED + LONG[:100]]}
    for path, body in (("columns", column), ("appkeys", {"name": QUOTED})):
        answer = await tenant.http.post(f"/v1/databases/{tenant.id}/{path}", json=body)
        assert answer.status_code == 201, answer.text
    await tenant.register(
        B, custom={"userId": IDENTITY, "Favorite Food": SCRIPT, "Loyalty Card": HIDDEN, IMAGE: SCRIPT}
    )
    device = {
        "channelType": "PUSH",
        "qualifier": QUOTED,
        "destination": A,
        "attributes": {SCRIPT: IMAGE, TEMPLATE: LONG},
    }
    fields = {"Alias Id": ARABIC, "Favorite Food": STRUCK, "Loyalty Card": LONG, IMAGE: QUOTED + LONG[:100]}
    custom = [{"name": name, "value": value} for name, value in fields.items()]
    contact = {"leadSource": LINK, "customFields": custom}
    answer = await tenant.patch("contactbychannel", {"channel": device, "contact": contact})
    assert answer.status_code == 201, answer.text
    await asks(tenant)
    asked = {**tenant.specification(A, IDENTITY), "qualifier": QUOTED}
    answer = await tenant.http.post("/v1/merges", json=asked)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["mergeId"])


async def test_hostile_values_run_nothing_and_show_their_code_points(
    browser: Browser, stack: Stack, store: Store, tenant: Tenant
) -> None:
    merge_id = await a_hostile_merge(tenant)
    who = await account(store, tenant)
    name = SCRIPT + HIDDEN
    await execute(store, "UPDATE people SET name = :name WHERE email = :email", name=name, email=who.email)
    await execute(store, "UPDATE databases SET name = :name WHERE id = :id", name=QUOTED + TEMPLATE, id=tenant.id)
    review = f"/merges/{merge_id}"
    device = (await tenant.http.get(f"/v1/merges/{merge_id}")).json()["plan"]["devices"][0]
    contact = f"/contacts/{device['contact']}"
    belong = """WITH list AS (INSERT INTO contact_lists (database_id, name) VALUES (:id, :name) RETURNING id)
                INSERT INTO contact_list_members (list_id, contact_id) SELECT id, :contact FROM list"""
    await execute(store, belong, id=tenant.id, name=name, contact=device["contact"])
    async with window(browser, width=390) as page:

        async def nothing_runs(path: str) -> None:
            await page.goto(f"{stack.url}{path}")
            await fits_and_follows(page, "light", 390)
            assert "run" not in await page.title()
            assert await page.locator("main script, main img").count() == 0, path
            text = await page.locator("body").inner_text()
            assert not {"\u202e", "\u0336"} & set(text), path
            assert str(7 * 7 * 1009) not in text, path

        await sign_in(page, f"{stack.url}{review}", who)
        await page.get_by_label("Your comment").fill(TEMPLATE + SCRIPT)
        await page.get_by_role("button", name="Comment").click()
        of_it = [f"{review}{part}" for part in ("", "/approve", "/reject", "/story", "/history")]
        for path in ("/inbox", *of_it, contact, "/merges", "/sessions"):
            await nothing_runs(path)
        await page.goto(f"{stack.url}{review}")
        await expect(page.get_by_role("row", name="Contact lists")).to_contain_text(f"{SCRIPT}<U+202E>evil")
        await expect(page.get_by_text("<U+202E>evil<U+2066><U+200B><U+00AD>").first).to_be_visible()
        await expect(page.get_by_text("k<U+0336>e<U+0336>p<U+0336>t").first).to_be_visible()
        async with signed_in(stack.url, who) as sam:
            assert (await send(sam, f"{review}/reject", values={"reason": SCRIPT + TEMPLATE})).status_code == 303
        for path in (review, f"{review}/story", "/inbox?tab=decided"):
            await nothing_runs(path)


async def test_values_that_are_read_from_right_to_left_keep_their_order(
    browser: Browser, stack: Stack, store: Store, tenant: Tenant
) -> None:
    """Side by side they would be one run of text, and be drawn the other way round."""
    await tenant.register(B, custom={"userId": HEBREW})
    await tenant.register(A)
    await asks(tenant)
    await pending(tenant, A, HEBREW)
    await execute(store, "UPDATE databases SET name = :name WHERE id = :id", name=ARABIC, id=tenant.id)
    async with window(browser) as page:
        await sign_in(page, f"{stack.url}/inbox", await account(store, tenant))
        line = page.locator(".what .aside")
        await expect(line).to_have_text(f"userId {HEBREW} \u00b7 {ARABIC}")
        boxes = [await line.get_by_text(name, exact=True).bounding_box() for name in (HEBREW, ARABIC)]
        assert boxes[0] and boxes[1] and boxes[0]["x"] < boxes[1]["x"]
