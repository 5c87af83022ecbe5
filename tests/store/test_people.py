"""People and their roles, and what the merge asks of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import uuid4

import pytest

from domain.errors import DatabaseNotFound, EmailInvalid, NameTaken, PersonNotFound, RoleMissing
from domain.roles import Role
from store import databases, people
from store.engine import Store
from store.people import GivenRole, Person

MISSING = 4_000_000_000


@pytest.fixture
async def sam(store: Store) -> Person:
    return await added(store)


@pytest.fixture
async def here(store: Store) -> AsyncIterator[int]:
    yield await databases.create(store, "here")


async def added(store: Store) -> Person:
    email = f"{uuid4().hex}@people.example"
    await people.add(store, email, "Sam Specialist")
    return await people.find(store, email)


async def has_role(store: Store, person: Person, database_id: int, role: Role) -> bool:
    async with store.transaction() as connection:
        try:
            await people.demand_role(connection, person.id, database_id, role)
        except RoleMissing:
            return False
    return True


async def test_an_address_is_kept_in_lower_case_and_found_in_any(store: Store) -> None:
    address = f"Sam.{uuid4().hex}@People.Example"
    person_id = await people.add(store, address, "Sam Specialist")

    found = await people.find(store, address.upper())

    assert (found.id, found.email, found.name) == (person_id, address.lower(), "Sam Specialist")
    assert (found.disabled, found.roles) == (None, ())


async def test_a_known_address_is_refused_in_any_case(store: Store, sam: Person) -> None:
    with pytest.raises(NameTaken):
        await people.add(store, sam.email.upper(), "Another")
    assert await people.find(store, sam.email) == sam


@pytest.mark.parametrize(
    "email", ["", "sam", "sam@example", "sam @example.com", "s\u200bam@example.com", "a" * 250 + "@b.cc"]
)
async def test_what_is_no_address_is_refused(store: Store, email: str) -> None:
    with pytest.raises(EmailInvalid):
        await people.add(store, email, "Sam")


async def test_nobody_is_found_by_an_unknown_address(store: Store) -> None:
    with pytest.raises(PersonNotFound):
        await people.find(store, "nobody@people.example")


async def test_everybody_is_listed_with_their_roles(store: Store, sam: Person, here: int) -> None:
    await people.give_role(store, sam.id, Role.SPECIALIST, here)
    await people.give_role(store, sam.id, Role.AUDITOR, None)
    disabled = await added(store)
    await people.disable(store, disabled.id)

    listed = {person.id: person for person in await people.list_all(store)}

    assert listed[sam.id].roles == (GivenRole(Role.AUDITOR, None), GivenRole(Role.SPECIALIST, here))
    assert listed[disabled.id].disabled is not None
    assert [person.email for person in listed.values()] == sorted(person.email for person in listed.values())


@pytest.mark.parametrize("where", ["here", "everywhere"])
async def test_a_role_given_twice_is_one_and_is_taken_once(store: Store, sam: Person, here: int, where: str) -> None:
    database_id = here if where == "here" else None
    for _ in range(2):
        await people.give_role(store, sam.id, Role.AUDITOR, database_id)
    assert (await people.find(store, sam.email)).roles == (GivenRole(Role.AUDITOR, database_id),)

    assert await people.take_role(store, sam.id, Role.AUDITOR, database_id)
    assert not await people.take_role(store, sam.id, Role.AUDITOR, database_id)


async def test_exactly_what_was_given_is_taken(store: Store, sam: Person, here: int) -> None:
    other, elsewhere = await added(store), await databases.create(store, "elsewhere")
    kept = [
        (sam.id, Role.AUDITOR, None),
        (sam.id, Role.SPECIALIST, here),
        (sam.id, Role.AUDITOR, elsewhere),
        (other.id, Role.AUDITOR, here),
    ]
    for given in (*kept, (sam.id, Role.AUDITOR, here)):
        await people.give_role(store, *given)

    assert await people.take_role(store, sam.id, Role.AUDITOR, here)

    assert set((await people.find(store, sam.email)).roles) == {GivenRole(role, where) for _, role, where in kept[:3]}
    assert (await people.find(store, other.email)).roles == (GivenRole(Role.AUDITOR, here),)


async def test_no_role_is_given_for_a_database_that_does_not_exist(store: Store, sam: Person) -> None:
    with pytest.raises(DatabaseNotFound):
        await people.give_role(store, sam.id, Role.AUDITOR, MISSING)


async def test_disabling_again_does_not_move_the_time(store: Store, sam: Person) -> None:
    await people.disable(store, sam.id)
    before = await people.find(store, sam.email)
    await people.disable(store, sam.id)
    assert await people.find(store, sam.email) == before

    await people.enable(store, sam.id)
    assert (await people.find(store, sam.email)).disabled is None


async def test_a_role_holds_for_its_person_its_database_and_nothing_else(store: Store, sam: Person, here: int) -> None:
    other, elsewhere = await added(store), await databases.create(store, "elsewhere")
    await people.give_role(store, sam.id, Role.SPECIALIST, here)

    assert await has_role(store, sam, here, Role.SPECIALIST)
    assert not await has_role(store, sam, elsewhere, Role.SPECIALIST)
    assert not await has_role(store, sam, here, Role.AUDITOR)
    assert not await has_role(store, other, here, Role.SPECIALIST)


async def test_a_role_for_every_database_holds_in_each(store: Store, sam: Person, here: int) -> None:
    await people.give_role(store, sam.id, Role.SPECIALIST, None)
    assert await has_role(store, sam, here, Role.SPECIALIST)


async def test_an_admin_is_no_specialist(store: Store, sam: Person, here: int) -> None:
    await people.give_role(store, sam.id, Role.ADMIN, None)
    assert not await has_role(store, sam, here, Role.SPECIALIST)


async def test_a_role_rests_while_the_person_is_disabled(store: Store, sam: Person, here: int) -> None:
    await people.give_role(store, sam.id, Role.SPECIALIST, here)
    await people.disable(store, sam.id)
    assert not await has_role(store, sam, here, Role.SPECIALIST)
    await people.enable(store, sam.id)
    assert await has_role(store, sam, here, Role.SPECIALIST)


@pytest.mark.parametrize(
    "end",
    [
        lambda store, sam, here: people.take_role(store, sam, Role.SPECIALIST, here),
        lambda store, sam, _: people.disable(store, sam),
    ],
    ids=["role taken", "person disabled"],
)
async def test_what_was_begun_in_a_role_ends_before_the_role_does(
    store: Store, sam: Person, here: int, end: Callable[[Store, int, int], Awaitable[object]]
) -> None:
    await people.give_role(store, sam.id, Role.SPECIALIST, here)

    async with store.transaction() as connection:
        await people.demand_role(connection, sam.id, here, Role.SPECIALIST)
        ending = asyncio.ensure_future(end(store, sam.id, here))
        await asyncio.sleep(0.3)
        assert not ending.done(), "it was answered before what it forbids was over"
    await ending

    assert not await has_role(store, sam, here, Role.SPECIALIST)
