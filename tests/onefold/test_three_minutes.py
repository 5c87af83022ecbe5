"""What the README says of the first three minutes, done as it is written: from `make run` to a merge, in a browser."""

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.onefold.test_up import ROOT, Stack, shell
from tests.web.chromium import chromium

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

README = (ROOT / "README.md").read_text(encoding="utf-8")
PATH = README[README.index("## In three minutes") : README.index("## The tour")]
COMMANDS = re.findall(r"```sh\n(.*?)```", PATH, re.DOTALL)
SIGN_IN, APPROVE, MERGE, *STEPS = re.findall(r"\*\*(.+?)\*\*", PATH)
WHO, TYPED = re.findall(r"`(sam@[a-z.]+|7374)`", PATH)


async def test_the_three_minutes_of_the_readme(
    tmp_path: Path, free_port: Callable[[], int], eventually: Callable[..., None]
) -> None:
    stack = Stack(tmp_path, free_port, eventually)
    try:
        process = stack.start_and_wait()
        (script,) = COMMANDS
        # It is typed in the repository's folder, with the data folder's default name.
        answer = json.loads(shell(script.replace(".onefold/", shlex.quote(str(stack.data)) + "/", 1)))
        await _decide(answer["page"])
        status = f'. {shlex.quote(str(stack.data / "demo.env"))}; curl -sS -H "Authorization: Bearer $ONEFOLD_TOKEN"'
        merge = json.loads(shell(f'{status} "$ONEFOLD_URL/v1/merges/{answer["mergeId"]}"'))
        assert (merge["outcome"], merge["decisions"][0]["decision"]) == ("merged", "approve")
        stack.stop(process)
    finally:
        stack.clean_up()


async def _decide(page_address: str) -> None:
    """By the words that the README prints bold: what is pressed, and what is seen at the end."""
    async with chromium() as browser:
        page = await browser.new_page()
        await page.goto(page_address)
        password = await page.locator("#demo + p code").inner_text()
        await page.get_by_label("E-mail address").fill(WHO)
        await page.get_by_label("Password").fill(password)
        await page.get_by_role("button", name=SIGN_IN).click()
        await expect(page).to_have_url(page_address)
        await page.get_by_role("link", name="requested").click()
        await expect(page.locator("#requested")).to_be_in_viewport()
        await page.go_back()
        await page.get_by_role("link", name=APPROVE).click()
        await page.get_by_label("There is a risk").fill(TYPED)
        await page.get_by_role("button", name=MERGE).click()
        for step in STEPS:
            await expect(page.locator(".steps .over b", has_text=step)).to_be_visible()
