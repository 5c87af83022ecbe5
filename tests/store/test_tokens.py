"""What a token may, as the store sees it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import pytest
from sqlalchemy import event, text

from domain.errors import DatabaseKeyed, NameTaken, PersonRequired, ScopeMissing, Unauthenticated
from domain.roles import Role
from store import databases, people, tokens
from store.engine import Store
from store.tokens import OwnerKind, Scope, Token, new_token
from tests.tenant import person_token, token_for

MakeToken: TypeAlias = Callable[[Store, int], Awaitable[str]]


def token(scopes: dict[int | None, frozenset[str]]) -> Token:
    return Token("abcdefgh", OwnerKind.PERSON, 1, scopes)


async def may_request(store: Store, bearer: str, database_id: int) -> bool:
    async with store.statements() as connection:
        try:
            await tokens.demand_requester(connection, bearer.split("_")[1], database_id)
        except ScopeMissing:
            return False
    return True


async def by_hand(store: Store, change: str, bearer: str) -> None:
    async with store.transaction() as connection:
        changed = await connection.execute(text(f"UPDATE tokens SET {change} WHERE id = :id"), {"id": _id(bearer)})
        assert changed.rowcount == 1


def _id(bearer: str) -> str:
    return bearer.split("_")[1]


@pytest.mark.parametrize("where", [None, 1])
def test_admin_includes_every_scope_but_deciding(where: int | None) -> None:
    admin = token({where: frozenset({"admin"})})
    assert {scope for scope in Scope if admin.may(scope, 1)} == set(Scope) - {Scope.MERGES_DECIDE}
    assert [scope for scope in Scope if admin.reach(scope) == []] == [Scope.MERGES_DECIDE]


def test_scopes_of_one_database_are_not_those_of_another() -> None:
    both = token({1: frozenset({"contacts:read"}), 2: frozenset({"merges:decide", "merges:read"})})
    assert (both.may(Scope.CONTACTS_READ, 1), both.may(Scope.CONTACTS_READ, 2)) == (True, False)
    assert (both.reaches(1), both.reaches(2), both.reaches(3)) == (True, True, False)
    assert (both.reach(Scope.MERGES_DECIDE), both.reach(Scope.CONTACTS_WRITE)) == ([2], [])


def test_scopes_of_every_database_add_to_those_of_one() -> None:
    both = token({None: frozenset({"merges:read"}), 2: frozenset({"merges:decide"})})
    assert (both.may(Scope.MERGES_READ, 2), both.may(Scope.MERGES_DECIDE, 2), both.may(Scope.MERGES_DECIDE, 1)) == (
        True,
        True,
        False,
    )
    assert (both.reaches(3), both.reach(Scope.MERGES_READ), both.reach(Scope.MERGES_DECIDE)) == (True, None, [2])


async def test_authenticating_is_one_statement(store: Store) -> None:
    database_id = await databases.create(store, "here")
    bearers = [
        await person_token(store, [database_id], Role.SPECIALIST),
        await token_for(store, [database_id], [Scope.ADMIN]),
    ]
    sent: list[str] = []

    def count(*arguments: Any) -> None:
        sent.append(arguments[2])

    event.listen(store.autocommit.sync_engine, "before_cursor_execute", count)
    for bearer in bearers:
        await tokens.authenticate(store, bearer, database_id)
    event.remove(store.autocommit.sync_engine, "before_cursor_execute", count)

    assert len(sent) == len(bearers)


async def test_no_service_is_given_the_scope_to_decide(store: Store) -> None:
    with pytest.raises(PersonRequired):
        await token_for(store, None, [Scope.MERGES_READ, Scope.MERGES_DECIDE])


async def test_a_tokens_id_is_taken_once(store: Store) -> None:
    bearer, expires = new_token(), datetime.now(UTC) + timedelta(hours=1)
    await person_token(store, [], Role.AUDITOR, "twice@people.example")
    person = await people.find(store, "twice@people.example")
    await tokens.create_for_person(store, bearer, person, expires)
    with pytest.raises(NameTaken):
        await tokens.create_for_service(
            store, bearer, service="other", scopes=[Scope.MERGES_READ], database_ids=None, expires=expires
        )
    assert (await tokens.authenticate(store, bearer))[0].person_id == person.id


async def test_a_persons_token_without_a_person_is_not_valid(store: Store) -> None:
    bearer = await token_for(store, None, [Scope.ADMIN])
    await by_hand(store, "owner_kind = 'person', person_id = NULL", bearer)
    with pytest.raises(Unauthenticated):
        await tokens.authenticate(store, bearer)
    assert not await may_request(store, bearer, await databases.create(store, "here"))


async def test_a_persons_token_has_no_scopes_of_its_own(store: Store) -> None:
    database_id = await databases.create(store, "here")
    bearer = await person_token(store, [database_id], Role.AUDITOR)
    await by_hand(store, "scopes = '{admin}'", bearer)
    found, _ = await tokens.authenticate(store, bearer)
    assert not found.may(Scope.ADMIN, database_id)
    assert not await may_request(store, bearer, database_id)


async def test_two_roles_in_one_database_add_up(store: Store) -> None:
    here = await databases.create(store, "here")
    bearers = [await person_token(store, [here], role, "two.roles@people.example") for role in reversed(Role)]
    found, _ = await tokens.authenticate(store, bearers[0])
    assert {scope for scope in Scope if found.may(scope, here)} == set(Scope)
    assert found.scopes == {here: {*Scope}}


async def test_a_service_has_no_roles(store: Store) -> None:
    database_id = await databases.create(store, "here")
    await person_token(store, None, Role.ADMIN, "answers@people.example")
    person = await people.find(store, "answers@people.example")
    bearer = await token_for(store, [database_id], [Scope.MERGES_READ], person.id)
    found, _ = await tokens.authenticate(store, bearer)
    assert found.scopes == {database_id: {"merges:read"}}
    assert not await may_request(store, bearer, database_id)


@pytest.mark.parametrize(
    ("make", "may"),
    [
        (lambda store, here: token_for(store, [here], [Scope.MERGES_REQUEST]), True),
        (lambda store, here: token_for(store, None, [Scope.ADMIN]), True),
        (lambda store, here: token_for(store, [here], [Scope.MERGES_READ]), False),
        (lambda store, here: token_for(store, [here + 1], [Scope.MERGES_REQUEST]), False),
        (lambda store, here: person_token(store, [here], Role.REQUESTER), True),
        (lambda store, here: person_token(store, None, Role.REQUESTER), True),
        (lambda store, here: person_token(store, [here], Role.ADMIN), True),
        (lambda store, here: person_token(store, [here], Role.SPECIALIST), False),
        (lambda store, here: person_token(store, [here], Role.AUDITOR), False),
        (lambda store, here: person_token(store, [], Role.REQUESTER), False),
    ],
)
async def test_who_may_ask_for_a_merge(store: Store, make: MakeToken, may: bool) -> None:
    here = await databases.create(store, "here")
    assert await may_request(store, await make(store, here), here) == may


async def test_a_requester_elsewhere_may_not_ask_here(store: Store) -> None:
    here, elsewhere = await databases.create(store, "here"), await databases.create(store, "elsewhere")
    bearer = await person_token(store, [elsewhere], Role.REQUESTER)
    assert (await may_request(store, bearer, elsewhere), await may_request(store, bearer, here)) == (True, False)


@pytest.mark.parametrize("scope", [Scope.MERGES_REQUEST, Scope.ADMIN])
async def test_a_service_that_requests_merges_has_somebody_who_answers_for_it(store: Store, scope: Scope) -> None:
    here, expires = await databases.create(store, "here"), datetime.now(UTC) + timedelta(hours=1)
    with pytest.raises(PersonRequired):
        await tokens.create_for_service(
            store, new_token(), service="other", scopes=[scope], database_ids=None, expires=expires
        )

    bearer = await token_for(store, None, [scope])
    assert await may_request(store, bearer, here)
    await by_hand(store, "person_id = NULL", bearer)

    assert not await may_request(store, bearer, here)
    found, _ = await tokens.authenticate(store, bearer)
    assert (found.may(Scope.MERGES_REQUEST, here), found.reach(Scope.MERGES_REQUEST)) == (False, [])


@pytest.mark.parametrize("change", ["revoked = now()", "expires = now()"])
@pytest.mark.parametrize(
    "make",
    [
        lambda store, here: token_for(store, [here], [Scope.MERGES_REQUEST]),
        lambda store, here: person_token(store, [here], Role.REQUESTER),
    ],
    ids=["service", "person"],
)
async def test_a_token_that_is_no_longer_valid_may_not_ask(store: Store, make: MakeToken, change: str) -> None:
    here = await databases.create(store, "here")
    bearer = await make(store, here)
    await by_hand(store, change, bearer)
    assert not await may_request(store, bearer, here)
    with pytest.raises(Unauthenticated):
        await tokens.authenticate(store, bearer)


async def test_a_disabled_person_may_not_ask_and_their_service_may(store: Store) -> None:
    here = await databases.create(store, "here")
    own = await person_token(store, [here], Role.REQUESTER, "rob.disabled@people.example")
    rob = await people.find(store, "rob.disabled@people.example")
    of_service = await token_for(store, [here], [Scope.MERGES_REQUEST], rob.id)
    await people.disable(store, rob.id)
    assert (await may_request(store, own, here), await may_request(store, of_service, here)) == (False, True)


async def test_nobody_asks_in_a_keyed_database(store: Store) -> None:
    keyed = await databases.create(store, "keyed", keyed=True)
    with pytest.raises(DatabaseKeyed):
        await may_request(store, await person_token(store, [keyed], Role.REQUESTER), keyed)


async def test_only_a_token_that_is_nobodys_is_adopted(store: Store) -> None:
    await person_token(store, None, Role.AUDITOR, "adopts@people.example")
    person = await people.find(store, "adopts@people.example")
    as_own, as_service = [await token_for(store, [1], [Scope.ADMIN]) for _ in range(2)]
    for bearer in (as_own, as_service):
        await by_hand(store, "person_id = NULL", bearer)
    taken = await person_token(store, None, Role.ADMIN)

    await tokens.adopt(store, as_own, person, OwnerKind.PERSON)
    await tokens.adopt(store, as_service, person, OwnerKind.SERVICE)
    await tokens.adopt(store, taken, person, OwnerKind.PERSON)

    own, service, other = [(await tokens.authenticate(store, one))[0] for one in (as_own, as_service, taken)]
    assert (own.person_id, list(own.scopes)) == (person.id, [None])
    assert not own.may(Scope.ADMIN, 1)
    assert (service.person_id, service.owner_kind, service.may(Scope.ADMIN, 1)) == (person.id, "service", True)
    assert other.person_id != person.id
