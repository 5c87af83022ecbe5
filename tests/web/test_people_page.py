import pytest

from domain.roles import Role
from store import people, tokens
from store.people import GivenRole, Person
from tests.tenant import person_token
from tests.web.looked_up import Library, Visitor

pytestmark = pytest.mark.slow


async def stored(library: Library, visitor: Visitor) -> Person:
    return await people.find(library.store, visitor.email)


async def test_an_admin_gives_and_takes_a_role(library: Library) -> None:
    admin, other = await library.visitor(Role.ADMIN, None), await library.visitor()
    where = {"person": other.person_id, "role": "auditor", "database": library.here.id}
    answer = await admin.send("/people", "/people/roles", do="give", **where)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/people#person-{other.person_id}")
    assert (await stored(library, other)).roles == (GivenRole(Role.AUDITOR, library.here.id),)
    assert f"Take auditor in database {library.here.id} from" in await admin.read("/people")
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
    await admin.send(
        "/people", "/people/roles", do="give", person=other.person_id, role="auditor", database=library.here.id
    )
    assert len((await stored(library, other)).roles) == 2


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
