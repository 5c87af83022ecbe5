import pytest

from domain.roles import Role
from tests.web.looked_up import Library, Visitor, text_of

pytestmark = pytest.mark.slow


@pytest.fixture
async def specialist(library: Library) -> Visitor:
    return await library.visitor(Role.SPECIALIST)


@pytest.mark.parametrize(
    ("by", "value"),
    [
        ("identity", "777374"),
        ("email", "ALBERT.B.JERM@gmail.com"),
        ("device", "Sksd03jdJKK|H892hH"),
        ("device", "Sksd03jdJKK"),
        ("device", "+4366412345678"),
        ("device", "4366412345678"),
    ],
)
async def test_a_contact_is_found_by_what_people_know(
    library: Library, specialist: Visitor, by: str, value: str
) -> None:
    answer = await specialist.send("/contacts", "/contacts", database=library.here.id, by=by, value=value)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/contacts/{library.carl}")


async def test_an_absorbed_contact_is_found_by_its_id_only(library: Library, specialist: Visitor) -> None:
    by_id = await specialist.send("/contacts", "/contacts", database=library.here.id, by="id", value=library.albert)
    assert by_id.headers["location"] == f"/contacts/{library.albert}"
    by_email = await specialist.send(
        "/contacts", "/contacts", database=library.here.id, by="email", value="bertrand.jerm@gmail.com"
    )
    assert by_email.status_code == 200
    assert "No contact found" in by_email.text


@pytest.mark.parametrize("value", ["nobody@example.org", "", "0", "9" * 40, "\u202e", "' OR 1=1 --"])
@pytest.mark.parametrize("by", ["id", "identity", "email", "device", "anything"])
async def test_who_is_not_there_is_not_found_and_says_why(
    library: Library, specialist: Visitor, by: str, value: str
) -> None:
    answer = await specialist.send("/contacts", "/contacts", database=library.here.id, by=by, value=value)
    assert answer.status_code == 200
    assert "An absorbed contact is found by its id only." in answer.text


async def test_several_contacts_with_one_address_are_listed(library: Library, specialist: Visitor) -> None:
    ids = [await library.here.create(email="twins@example.org") for _ in range(2)]
    answer = await specialist.send(
        "/contacts", "/contacts", database=library.here.id, by="email", value="twins@example.org"
    )
    assert "2 contacts found" in answer.text
    assert all(f'href="/contacts/{one}"' in answer.text for one in ids)


async def test_each_value_says_which_merge_and_rule_chose_it(library: Library, specialist: Visitor) -> None:
    page = await specialist.read(f"/contacts/{library.carl}")
    text = text_of(page)
    bertrand, albert = library.bertrand, library.albert
    first, second = library.first_merge[:8], library.second_merge[:8]
    assert (
        f"email albert.b.jerm@gmail.com only-value : the older contact {bertrand} 's, merge {second}"
        f" before that oldest : the older contact {albert} 's, merge {first}"
    ) in text
    assert (
        f"Favorite Food Burger only-value : the older contact {bertrand} 's, merge {second} before that newest" in text
    )
    assert 'href="/rules#only-value"' in page
    assert f'href="/merges/{library.first_merge}"' in page


async def test_a_value_that_was_written_after_the_merge_says_so(library: Library, specialist: Visitor) -> None:
    await library.here.register("a1|b1", created="2020-01-01", custom={"Alias Id": "later", "Loyalty Card": "old"})
    contact = await library.here.register("a2|b2", created="2020-02-01", custom={"Loyalty Card": "new"})
    await library.here.put_policy({"approval": {"ask": "never"}})
    await library.here.established("a2|b2", "later", "Alias Id")
    await library.here.put_policy({"approval": {"ask": "always"}})
    await library.here.patch_contact(contact, custom={"Loyalty Card": "newest"}, leadSource="shop Wien")
    text = text_of(await specialist.read(f"/contacts/{contact}"))
    assert "Loyalty Card newest written after merge" in text
    assert "leadSource shop Wien written after merge" in text


async def test_a_contact_shows_its_devices_lineage_requests_and_pairs(library: Library, specialist: Visitor) -> None:
    page = await specialist.read(f"/contacts/{library.carl}")
    text = text_of(page)
    assert "+4366412345678 SMS, campaign spring opted in" in text
    assert f"{library.albert} {library.bertrand} {library.first_merge[:8]}" in text
    assert f"{library.bertrand} {library.carl} {library.second_merge[:8]}" in text
    assert f'href="/merges/{library.open_merge}"' in page
    assert f"{library.dora} Tess Tester Looked at both." in text
    assert "app-opened" in text and f"contact {library.albert} none" in text
    assert "Welcome" in text and "Dear Carl, your order 4711 left." in text
    assert "Without a value:" in text


async def test_an_absorbed_id_tells_what_became_of_it_and_stays_readable(library: Library, specialist: Visitor) -> None:
    text = text_of(await specialist.read(f"/contacts/{library.albert}"))
    assert f"This contact was absorbed by contact {library.bertrand} on" in text
    assert f"in merge {library.first_merge[:8]}" in text
    assert f"the id {library.albert} leads to contact {library.carl} for ever" in text
    assert "Favorite Food Pizza this contact's own" in text
    assert "ZMjue73FFG|Zujdd9d" in text


async def test_a_device_leads_to_its_contact(library: Library, specialist: Visitor) -> None:
    device = (await library.here.contact(library.carl))["channels"][0]
    page = await specialist.read(f"/devices/{device['id']}")
    assert device["destination"] in page
    assert f'href="/contacts/{library.carl}"' in page


async def test_who_has_no_role_is_told_that_there_is_nothing_to_search(library: Library) -> None:
    nobody = await library.visitor()
    assert "you have a role in no database" in await nobody.read("/contacts")
    assert "You have a role in no database" in await nobody.read("/databases")
    assert "Nobody has asked for a merge yet" in await nobody.read("/merges")
