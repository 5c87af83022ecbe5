"""Who does not see values by their role sees them for ten minutes, of one subject, and leaves a row."""

from typing import Any

import pytest
from sqlalchemy import Row, text

from domain.roles import Role
from store import tokens
from store.engine import Store
from tests.stack import Stack
from tests.web.looked_up import Library, Visitor
from tests.web.visitors import form_token

pytestmark = pytest.mark.slow

VALUES = ("albert.b.jerm@gmail.com", "+4366412345678", "Sksd03jdJKK|H892hH", "777374", "order 4711", "shop Graz")


async def rows(store: Store, visitor: Visitor) -> list[Row[Any]]:
    async with store.statements() as connection:
        asked = text("SELECT database_id, subject, token_id FROM reveals WHERE person_id = :person_id ORDER BY id")
        return list(await connection.execute(asked, {"person_id": visitor.person_id}))


async def test_a_specialist_sees_values_and_has_nothing_to_reveal(library: Library) -> None:
    page = await (await library.visitor(Role.SPECIALIST)).read(f"/contacts/{library.carl}")
    assert all(value in page for value in VALUES)
    assert "Reveal" not in page


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMIN, Role.REQUESTER])
async def test_other_roles_see_masks(library: Library, role: Role) -> None:
    page = await (await library.visitor(role)).read(f"/contacts/{library.carl}")
    assert not any(value in page for value in VALUES)
    assert "a•••@gmail.com" in page
    assert "Personal values are masked." in page


async def test_a_reveal_leaves_a_row_and_shows_this_one_contact(library: Library) -> None:
    auditor = await library.visitor(Role.AUDITOR)
    path = f"/contacts/{library.carl}"
    answer = await auditor.send(path, f"{path}/reveal")
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    page = await auditor.read(path)
    assert all(value in page for value in VALUES)
    assert "The reveal is on record with your name." in page
    assert "albert.b.jerm@gmail.com" not in await auditor.read(f"/contacts/{library.albert}")
    (row,) = await rows(library.store, auditor)
    assert (row.database_id, row.subject) == (library.here.id, f"contact {library.carl}")
    assert row.token_id in auditor.secret


async def test_a_reveal_is_one_persons_own(library: Library) -> None:
    auditor, other = await library.visitor(Role.AUDITOR), await library.visitor(Role.AUDITOR)
    await auditor.send(f"/contacts/{library.carl}", f"/contacts/{library.carl}/reveal")
    assert "albert.b.jerm@gmail.com" not in await other.read(f"/contacts/{library.carl}")


async def test_a_search_for_masked_values_is_on_record_and_one_by_id_is_not(library: Library) -> None:
    auditor, specialist = await library.visitor(Role.AUDITOR), await library.visitor(Role.SPECIALIST)
    asked = {"database": library.here.id, "value": "dora@example.org"}
    for visitor in (auditor, specialist):
        assert (await visitor.send("/contacts", "/contacts", by="email", **asked)).status_code == 303
        await visitor.send("/contacts", "/contacts", by="id", **asked)
        page = await visitor.send("/inbox", "/inbox/search", sought="nobody@example.org")
        assert ("that you searched is on record" in page.text) is (visitor is auditor)
    found = [(row.database_id, row.subject) for row in await rows(library.store, auditor)]
    assert found == [(library.here.id, "search")] * 2
    assert await rows(library.store, specialist) == []
    told = "that you searched by one is on record"
    assert [told in await one.read("/contacts") for one in (auditor, specialist)] == [True, False]


async def test_whose_role_masks_values_does_not_try_them_without_end(library: Library) -> None:
    auditor = await library.visitor(Role.AUDITOR)
    token_id = tokens.id_of(auditor.secret)
    tried = text("""
        INSERT INTO reveals (person_id, token_id, database_id, subject, at)
        SELECT :person_id, :token_id, :database_id, 'search', now() - n * interval '59 seconds'
        FROM generate_series(1, 59) n
    """)
    who = {"person_id": auditor.person_id, "token_id": token_id, "database_id": library.here.id}
    async with library.store.statements() as connection:
        await connection.execute(tried, who)
    asked = {"database": library.here.id, "by": "email", "value": "dora@example.org"}
    assert (await auditor.send("/contacts", "/contacts", **asked)).status_code == 303
    for page, action, fields in (("/contacts", "/contacts", asked), ("/inbox", "/inbox/search", {"sought": "dora"})):
        refused = await auditor.send(page, action, **fields)
        assert (refused.status_code, "Too many searches" in refused.text) == (429, True)
    assert (await auditor.send("/contacts", "/contacts", **{**asked, "by": "id"})).status_code == 200
    async with library.store.statements() as connection:
        await connection.execute(text("UPDATE reveals SET at = at - interval '2 minutes' WHERE subject = 'search'"))
    assert (await auditor.send("/contacts", "/contacts", **asked)).status_code == 303


async def test_after_ten_minutes_values_are_masked_again(library: Library) -> None:
    auditor = await library.visitor(Role.AUDITOR)
    await auditor.send(f"/contacts/{library.carl}", f"/contacts/{library.carl}/reveal")
    async with library.store.statements() as connection:
        earlier = text("UPDATE reveals SET at = at - interval '10 minutes' WHERE person_id = :id")
        await connection.execute(earlier, {"id": auditor.person_id})
    assert "albert.b.jerm@gmail.com" not in await auditor.read(f"/contacts/{library.carl}")


async def test_a_device_is_revealed_with_its_contact(library: Library) -> None:
    auditor = await library.visitor(Role.AUDITOR)
    device = (await library.here.contact(library.carl))["channels"][0]["id"]
    answer = await auditor.send(f"/devices/{device}", f"/devices/{device}/reveal")
    assert answer.headers["location"] == f"/devices/{device}"
    assert "ZMjue73FFG|Zujdd9d" in await auditor.read(f"/devices/{device}")
    assert [row.subject for row in await rows(library.store, auditor)] == [f"contact {library.carl}"]


async def test_a_merge_is_revealed_by_itself(library: Library) -> None:
    auditor, foreigner = await library.visitor(Role.AUDITOR), await library.visitor(Role.AUDITOR, library.elsewhere.id)
    path = f"/merges/{library.open_merge}/reveal"
    answer = await auditor.send(f"/merges/{library.open_merge}", path)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/merges/{library.open_merge}")
    assert [row.subject for row in await rows(library.store, auditor)] == [f"merge {library.open_merge}"]
    assert "albert.b.jerm@gmail.com" not in await auditor.read(f"/contacts/{library.carl}")
    answer = await foreigner.http.post(path, data={"form_token": form_token(foreigner.secret, path)})
    assert answer.status_code == 404
    assert await rows(library.store, foreigner) == []


async def test_a_reveal_needs_the_form_of_its_own_page(library: Library) -> None:
    auditor = await library.visitor(Role.AUDITOR)
    for path in (f"/contacts/{library.carl}/reveal", f"/merges/{library.open_merge}/reveal"):
        assert (await auditor.http.post(path, data={"form_token": "0" * 64})).status_code == 403
        assert (await auditor.http.get(path)).status_code in {404, 405}
    assert await rows(library.store, auditor) == []


async def test_nobody_reveals_what_they_do_not_reach(library: Library) -> None:
    auditor = await library.visitor(Role.AUDITOR, library.elsewhere.id)
    path = f"/contacts/{library.carl}"
    assert (await auditor.http.get(path)).status_code == 404
    sent = {"form_token": form_token(auditor.secret, f"{path}/reveal")}
    assert (await auditor.http.post(f"{path}/reveal", data=sent)).status_code == 404
    assert await rows(library.store, auditor) == []


async def test_no_value_that_was_looked_for_or_looked_at_is_in_a_url_or_a_log(library: Library, stack: Stack) -> None:
    auditor = await library.visitor(Role.AUDITOR)
    answer = await auditor.send(
        "/contacts", "/contacts", database=library.here.id, by="email", value="albert.b.jerm@gmail.com"
    )
    assert answer.headers["location"] == f"/contacts/{library.carl}"
    assert str(answer.request.url) == f"{library.url}/contacts"
    await auditor.send(f"/contacts/{library.carl}", f"/contacts/{library.carl}/reveal")
    await auditor.read(f"/contacts/{library.carl}")
    log = stack.log("library").read_text(encoding="utf-8")
    assert "/contacts/{contact_id}" in log
    assert not any(value in log for value in VALUES)
