"""Weaknesses of other products' screens that no other test shows to be absent here: see docs/screens.md."""

import re

import httpx
import pytest
from playwright.async_api import Browser, expect
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client

from domain.ruleset import RULESET
from store.engine import Store
from tests.scenarios.approvals import VALUE, A, B, asks, held_back, pending
from tests.stack import CODEC_ORIGIN, Stack
from tests.tenant import Tenant
from tests.web.looks import sound
from tests.web.reviewing import account
from tests.web.test_deciding_in_chromium import sign_in, window
from tests.web.visitors import send, shown, words

pytestmark = pytest.mark.slow


async def approve(browser: httpx.AsyncClient, merge_id: str) -> None:
    answer = await send(browser, f"/merges/{merge_id}/approve", values={"typed": VALUE[-4:]})
    assert answer.status_code == 303, answer.text


async def test_every_field_is_shown_with_its_rule_also_where_both_are_empty(
    tenant: Tenant, sam: httpx.AsyncClient
) -> None:
    merge = await held_back(tenant)
    page = (await sam.get(f"/merges/{merge['id']}")).text
    fields = merge["plan"]["fields"] + merge["plan"]["identities"]
    assert {"emailType", "crmSyncId", "visitorKey"} < {row["name"] for row in fields if row["result"] is None}
    for row in fields:
        assert re.search(
            rf'<th scope="row" role="rowheader">{row["name"]}</th>.*?href="/rules#{row["rule"]}"', page, re.DOTALL
        ), row


async def test_a_merge_of_the_past_names_its_rules_and_its_policy(tenant: Tenant, sam: httpx.AsyncClient) -> None:
    merge = await held_back(tenant)
    version = merge["plan"]["policy"]["version"]
    await approve(sam, merge["id"])
    await tenant.keep("older")
    assert f"revision 1, {RULESET}, policy version {version}, as JSON" in await shown(sam, merge["id"])


async def test_what_was_lost_is_still_shown_after_the_merge(tenant: Tenant, sam: httpx.AsyncClient) -> None:
    merge = await held_back(tenant)
    await approve(sam, merge["id"])
    text = await shown(sam, merge["id"])
    for row in merge["plan"]["fields"]:
        for value in row["lost"] if row["name"] not in {"created", "lastModified"} else ():
            assert re.search(rf"What can.t be undone.*{row['name']} {re.escape(value)} was lost", text), row


async def test_the_comparison_is_a_table_and_keeps_its_headings_on_a_phone(
    browser: Browser, stack: Stack, store: Store, tenant: Tenant
) -> None:
    merge = await held_back(tenant)
    async with window(browser) as page:
        await sign_in(page, f"{stack.url}/merges/{merge['id']}", await account(store, tenant))
        table = page.get_by_role("table", name=re.compile("^Field by field"))
        for name in ("Field", "Older", "Newer", "Result", "Rule"):
            await expect(table.get_by_role("columnheader", name=name)).to_have_count(1)
        await expect(table.get_by_role("rowheader", name=re.compile("^Conflicts"))).to_have_count(1)
        row = table.get_by_role("row", name=re.compile("^email"))
        cells = ["albert@example.org", "bertrand@example.org lost", "albert@example.org", "oldest"]
        await expect(row.get_by_role("cell")).to_have_text(cells)
        await page.set_viewport_size({"width": 390, "height": 844})
        headings = "cells => cells.map(cell => getComputedStyle(cell, '::before').content)"
        assert await row.locator("td").evaluate_all(headings) == ['"Older"', '"Newer"', '"Result"', '"Rule"']
        assert await row.locator("td").first.is_visible()


async def test_a_long_value_widens_no_page(browser: Browser, stack: Stack, store: Store, tenant: Tenant) -> None:
    """Also where it stands beside the table, among what is lost."""
    await tenant.register(B, email=f"{'b' * 60}@example.org", custom={"userId": VALUE, "Favorite Food": "W" * 900})
    await tenant.register(A, email=f"{'a' * 60}@example.org", custom={"Favorite Food": "Soup " * 99})
    await asks(tenant)
    merge = await pending(tenant)
    async with window(browser) as page:
        await sign_in(page, f"{stack.url}/inbox", await account(store, tenant))
        for path in ("/inbox", f"/merges/{merge['id']}", f"/merges/{merge['id']}/approve"):
            await page.goto(f"{stack.url}{path}")
            await sound(page)


async def test_the_page_outlives_temporals_history(
    stack: Stack, store: Store, tenant: Tenant, sam: httpx.AsyncClient
) -> None:
    merge = await held_back(tenant)
    await approve(sam, merge["id"])
    before = timeless(await shown(sam, merge["id"]))
    assert "Approved by Tess Tester" in before
    story = f"/merges/{merge['id']}/story"
    in_temporal = f'href="{CODEC_ORIGIN}/namespaces/default/workflows/'
    assert in_temporal in (await sam.get(story)).text
    client = await Client.connect(stack.temporal.address)
    query = f"MergeId = '{merge['id']}'"
    async for run in client.list_workflows(query):
        gone = DeleteWorkflowExecutionRequest(
            namespace="default", workflow_execution=WorkflowExecution(workflow_id=run.id, run_id=run.run_id)
        )
        await client.workflow_service.delete_workflow_execution(gone)
    while (await client.count_workflows(query)).count:
        pass
    assert timeless(await shown(sam, merge["id"])) == before
    told = await sam.get(story)
    assert "Approved by Tess Tester" in words(told)
    assert in_temporal not in told.text


def timeless(text: str) -> str:
    """Without how long ago things were, and as of when the page is."""
    return re.sub(r", as of .*|just now|\d+ min ago", "", text)
