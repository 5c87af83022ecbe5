import re

import pytest

from domain.roles import Role
from store import people, tokens
from store.people import GivenRole, Person
from tests.tenant import person_token
from tests.web.looked_up import Library, Visitor, text_of

pytestmark = pytest.mark.slow


async def stored(library: Library, visitor: Visitor) -> Person:
    return await people.find(library.store, visitor.email)


async def test_an_admin_gives_and_takes_a_role(library: Library) -> None:
    admin, other = await library.visitor(Role.ADMIN, None), await library.visitor()
    where = {"person": other.person_id, "role": "auditor", "database": library.here.id}
    answer = await admin.send("/people", "/people/roles", do="give", **where)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/people#person-{other.person_id}")
    assert (await stored(library, other)).roles == (GivenRole(Role.AUDITOR, library.here.id),)
    assert f"Remove role auditor in database {library.here.id} of" in text_of(await admin.read("/people"))
    await admin.send("/people", "/people/roles", do="take", **where)
    assert (await stored(library, other)).roles == ()


async def test_a_role_may_be_for_every_database(library: Library) -> None:
    admin, other = await library.visitor(Role.ADMIN, None), await library.visitor()
    await admin.send("/people", "/people/roles", do="give", person=other.person_id, role="auditor", database="every")
    assert (await stored(library, other)).roles == (GivenRole(Role.AUDITOR, None),)


async def test_who_is_disabled_is_signed_out_until_enabled(library: Library) -> None:
    admin, other = await library.visitor(Role.ADMIN, None), await library.visitor(Role.AUDITOR)
    await admin.send("/people", "/people/accounts", person=other.person_id, do="disable")
    assert (await other.http.get("/status")).status_code == 303
    await admin.send("/people", "/people/accounts", person=other.person_id, do="enable")
    assert (await other.http.get("/status")).status_code == 200


async def test_a_revoked_token_is_refused_from_then_on(library: Library) -> None:
    admin = await library.visitor(Role.ADMIN, None)
    bearer = await person_token(library.store, [library.here.id], Role.AUDITOR)
    token_id = tokens.id_of(bearer)
    assert f"Revoke {token_id}" in await admin.read("/people")
    await admin.send("/people", "/people/tokens", token=token_id)
    assert f"Revoke {token_id}" not in await admin.read("/people")
    answer = await library.browser().get("/v1/databases", headers={"Authorization": f"Bearer {bearer}"})
    assert answer.status_code == 401


async def test_nobody_changes_their_own_account(library: Library) -> None:
    admin = await library.visitor(Role.ADMIN, None)
    for action, fields in (
        ("/people/roles", {"role": "admin", "database": "every", "do": "take"}),
        ("/people/accounts", {"do": "disable"}),
    ):
        answer = await admin.send("/people", action, person=admin.person_id, **fields)
        assert answer.status_code == 403
        assert "own-account" in answer.text
    assert (await stored(library, admin)).roles == (GivenRole(Role.ADMIN, None),)


async def test_an_admin_of_one_database_reaches_no_further(library: Library) -> None:
    admin, other = await library.visitor(Role.ADMIN), await library.visitor(Role.AUDITOR, library.elsewhere.id)
    page = await admin.read("/people")
    assert f"database {library.elsewhere.id}" not in page
    assert "only an admin of every database sees and revokes them" in page
    for database in ("every", library.elsewhere.id):
        answer = await admin.send(
            "/people", "/people/roles", do="give", person=other.person_id, role="admin", database=database
        )
        assert answer.status_code == 403
    assert (await stored(library, other)).roles == (GivenRole(Role.AUDITOR, library.elsewhere.id),)


async def test_an_admin_of_one_database_sees_who_has_a_role_there_and_names_others_by_their_address(
    library: Library,
) -> None:
    admin, stranger = await library.visitor(Role.ADMIN), await library.visitor(Role.AUDITOR, library.elsewhere.id)
    everywhere, here = await library.visitor(Role.AUDITOR, None), await library.visitor(Role.AUDITOR)
    page = await admin.read("/people")
    assert stranger.email not in page
    assert all(one.email in page for one in (admin, everywhere, here))
    give = {"do": "give", "role": "auditor", "database": library.here.id}
    by_id = await admin.send("/people", "/people/roles", person=stranger.person_id, **give)
    assert (by_id.status_code, stranger.email in by_id.text) == (404, False)
    assert (await admin.send("/people", "/people/roles", email="x@people.example", **give)).status_code == 404
    own = await admin.send("/people", "/people/roles", email=admin.email, **give)
    assert (own.status_code, "own-account" in own.text) == (403, True)
    by_address = await admin.send("/people", "/people/roles", email=stranger.email.upper(), **give)
    assert by_address.headers["location"] == f"/people#person-{stranger.person_id}"
    assert len((await stored(library, stranger)).roles) == 2
    assert stranger.email in await admin.read("/people")


async def test_no_role_and_no_place_is_chosen_before_somebody_chooses_it(library: Library) -> None:
    for admin in (await library.visitor(Role.ADMIN, None), await library.visitor(Role.ADMIN)):
        page = await admin.read("/people")
        first = re.findall(r'<select name="(?:role|database)"[^>]* required><option value="">', page)
        assert len(first) == len(re.findall("<select", page)) > 1
        assert "selected" not in page


@pytest.mark.parametrize(
    "wrong",
    [{"role": "owner"}, {"database": "all"}, {"database": ""}, {"person": "0"}, {"person": "999999999"}],
)
async def test_a_form_that_no_page_of_ours_sends_changes_nothing(library: Library, wrong: dict[str, str]) -> None:
    admin, other = await library.visitor(Role.ADMIN, None), await library.visitor()
    fields = {"person": str(other.person_id), "role": "admin", "database": "every", "do": "give", **wrong}
    answer = await admin.send("/people", "/people/roles", **fields)
    assert answer.status_code in {403, 404}
    assert (await stored(library, other)).roles == ()
