import re

import httpx
import pytest
from playwright.async_api import Browser

from domain.roles import Role
from tests.scenarios.approvals import held_back
from tests.tenant import Tenant
from tests.web.looked_up import Library
from tests.web.looks import sound
from tests.web.test_lookups_in_chromium import signed_in
from tests.web.visitors import fields, form_token, send

pytestmark = pytest.mark.slow


async def test_everybody_there_sees_who_is_kept_apart_and_only_a_specialist_lifts_it(library: Library) -> None:
    path = f"/databases/{library.here.id}/kept-apart"
    for role in (Role.AUDITOR, Role.ADMIN, Role.REQUESTER):
        visitor = await library.visitor(role)
        page = await visitor.read(path)
        assert {str(library.carl), str(library.dora)} <= set(re.findall(r'href="/contacts/(\d+)"', page))
        assert "Lift" not in page
        sent = {"form_token": form_token(visitor.secret, path), "pair": "1"}
        assert (await visitor.http.post(path, data=sent)).status_code == 403
    foreigner = await library.visitor(Role.SPECIALIST, library.elsewhere.id)
    assert (await foreigner.http.get(path)).status_code == 404
    sent = {"form_token": form_token(foreigner.secret, path), "pair": "1"}
    assert (await foreigner.http.post(path, data=sent)).status_code == 404


async def test_the_page_fits_its_window_and_axe_finds_nothing(library: Library, browser: Browser) -> None:
    async with signed_in(browser, library, await library.visitor(Role.SPECIALIST)) as page:
        await page.goto(f"/databases/{library.here.id}/kept-apart")
        await sound(page)


async def test_a_lifted_pair_is_gone_and_a_form_of_nobodys_lifts_none(tenant: Tenant, sam: httpx.AsyncClient) -> None:
    merge = await held_back(tenant)
    await send(sam, f"/merges/{merge['id']}/reject", values={"reason": "Two people.", "apart": "1"})
    path = f"/databases/{tenant.id}/kept-apart"
    form = fields(await sam.get(path), path)
    assert (await sam.post(path, data={**form, "form_token": "0" * 64})).status_code == 403
    for wrong in ("", "x", "999999"):
        assert (await sam.post(path, data={**form, "pair": wrong})).status_code == 404
    assert fields(await sam.get(path), path) == form
    answer = await sam.post(path, data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    assert "No two are kept apart." in (await sam.get(path)).text
