"""Which pages answer whom: each role, somebody of another database, nobody."""

import re

import pytest

from domain.roles import Role
from tests.web.looked_up import Library
from web.security import STRICT

pytestmark = pytest.mark.slow

LISTS = ["/contacts", "/merges", "/audit", "/databases", "/status", "/rules"]


async def subjects(library: Library) -> list[str]:
    """Pages of one thing of the database `here`."""
    device = (await library.here.contact(library.carl))["channels"][0]["id"]
    database = library.here.id
    contacts = [f"/contacts/{one}" for one in (library.carl, library.albert)]
    return [
        *contacts,
        f"/contacts/{library.albert}/lineage",
        f"/audit?database={database}",
        f"/devices/{device}",
        f"/databases/{database}",
        f"/merges?database={database}",
    ]


async def test_nobody_is_led_to_the_sign_in_and_back(library: Library) -> None:
    browser = library.browser()
    for path in [*LISTS, "/people", *await subjects(library)]:
        answer = await browser.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith(f"/login?next={path.split('?')[0]}")


async def test_a_form_of_nobodys_does_nothing(library: Library) -> None:
    browser = library.browser()
    actions = ["/contacts", f"/contacts/{library.carl}/reveal", "/people/roles", "/people/accounts", "/people/tokens"]
    for path in [*actions, f"/databases/{library.here.id}/policy"]:
        assert (await browser.post(path, data={"do": "disable"})).status_code == 401


@pytest.mark.parametrize("role", list(Role))
async def test_each_role_sees_the_pages_of_its_database(library: Library, role: Role) -> None:
    visitor = await library.visitor(role)
    for path in [*LISTS, *await subjects(library)]:
        assert (await visitor.http.get(path)).status_code == 200, path


async def test_every_page_of_theirs_forbids_what_it_does_not_need(library: Library) -> None:
    visitor = await library.visitor(Role.ADMIN, None)
    for path in [*LISTS, "/people", "/inbox", "/sessions", f"/merges/{library.open_merge}", *await subjects(library)]:
        answer = await visitor.http.get(path)
        policy = "; ".join(f"{directive} {sources}" for directive, sources in STRICT.items())
        assert (answer.headers["content-security-policy"], answer.headers["cache-control"]) == (policy, "no-store")
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", answer.text), path
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", answer.text)), path


@pytest.mark.parametrize("role", list(Role))
async def test_a_foreign_database_answers_like_a_missing_one(library: Library, role: Role) -> None:
    visitor = await library.visitor(role, library.elsewhere.id)
    missing = ["/contacts/999999999", "/devices/999999999", "/databases/999999999", "/merges?database=999999999"]
    told = [(await visitor.http.get(path)).text for path in [*missing, *await subjects(library)]]
    answers = {re.sub(r'<p class="printed".*?</p>', "", text) for text in told}  # address and time, on paper
    bodies = {path: (await visitor.http.get(path)).status_code for path in await subjects(library)}
    assert set(bodies.values()) == {404}
    assert len(answers) == len({"contact", "device", "database"})


async def test_lists_hold_what_the_viewer_reaches_and_nothing_else(library: Library) -> None:
    here, elsewhere = (
        await library.visitor(Role.SPECIALIST),
        await library.visitor(Role.SPECIALIST, library.elsewhere.id),
    )
    for path in ("/merges", "/databases", "/contacts", "/status"):
        assert str(library.elsewhere.id) not in await here.read(path), path
        assert str(library.here.id) not in await elsewhere.read(path), path
    assert library.open_merge in await here.read("/status")


async def test_nobody_searches_a_database_that_they_do_not_reach(library: Library) -> None:
    visitor = await library.visitor(Role.SPECIALIST)
    answer = await visitor.send(
        "/contacts", "/contacts", database=library.elsewhere.id, by="email", value="stranger@example.org"
    )
    assert answer.status_code == 404


@pytest.mark.parametrize("path", ["/contacts/0", "/contacts/x", "/contacts/99999999999999999999", "/devices/-1"])
async def test_what_is_no_id_is_no_page(library: Library, path: str) -> None:
    assert (await (await library.visitor(Role.SPECIALIST)).http.get(path)).status_code == 404


@pytest.mark.parametrize("role", [Role.REQUESTER, Role.SPECIALIST, Role.AUDITOR])
async def test_only_an_admin_sees_people_and_the_others_are_told_why(library: Library, role: Role) -> None:
    answer = await (await library.visitor(role)).http.get("/people")
    assert answer.status_code == 403
    assert "Only an admin sees who has which role and token" in answer.text
    assert "@people.example" not in answer.text
    assert 'href="/people"' not in answer.text


@pytest.mark.parametrize("database_id", [0, None])
async def test_the_menu_leads_an_admin_to_people(library: Library, database_id: int | None) -> None:
    assert 'href="/people"' in await (await library.visitor(Role.ADMIN, database_id)).read("/inbox")


@pytest.mark.parametrize("role", [Role.REQUESTER, Role.SPECIALIST, Role.AUDITOR])
async def test_only_an_admin_changes_a_policy(library: Library, role: Role) -> None:
    visitor = await library.visitor(role)
    path = f"/databases/{library.here.id}"
    assert f'href="{path}/policy"' not in await visitor.read(path)
    assert (await visitor.http.get(f"{path}/policy")).status_code == 403
