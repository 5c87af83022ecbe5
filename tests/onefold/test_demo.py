"""The demo's people and tokens, in a database of their own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import update

from domain.approval import Ask
from domain.policy_change import PolicyChange
from domain.roles import Role
from onefold.demo import DATABASES, load_demo
from onefold.demo_secrets import DEMO, secrets_of
from store import passwords, people, policies, tokens
from store.engine import Store
from store.people import GivenRole
from store.tables import tokens as tokens_table
from store.tokens import Scope, Token
from tests.stack import LEDGER_KEYRING, Stack, new_database
from tests.tenant import token_for

EVERYBODY = {
    "rob@onefold.example": Role.REQUESTER,
    "sam@onefold.example": Role.SPECIALIST,
    "sue@onefold.example": Role.SPECIALIST,
    "alex@onefold.example": Role.AUDITOR,
}
PERSONAL = {
    "ONEFOLD_SPECIALIST_TOKEN": "sam@onefold.example",
    "ONEFOLD_SECOND_SPECIALIST_TOKEN": "sue@onefold.example",
    "ONEFOLD_AUDITOR_TOKEN": "alex@onefold.example",
    "ONEFOLD_ADMIN_TOKEN": "ada@onefold.example",
}


@pytest.fixture
async def empty(stack: Stack, tmp_path: Path) -> AsyncIterator[Store]:
    store = Store.connect(new_database(stack, f"demo_{tmp_path.name}"), pool_size=2, ledger_keys=LEDGER_KEYRING)
    yield store
    await store.close()


@pytest.fixture
def bearers(tmp_path: Path) -> dict[str, str]:
    return {name: secrets_of(tmp_path)[name] for name in DEMO}


async def found(store: Store, bearer: str) -> Token:
    return (await tokens.authenticate(store, bearer))[0]


async def test_everybody_has_a_role_in_the_demos_databases_and_the_admin_everywhere(
    empty: Store, bearers: dict[str, str]
) -> None:
    await load_demo(empty, bearers)

    roles = {person.email: set(person.roles) for person in await people.list_all(empty)}

    everywhere = {"ada@onefold.example": {GivenRole(Role.ADMIN, None)}}
    in_each = {email: {GivenRole(role, one) for one in DATABASES} for email, role in EVERYBODY.items()}
    assert roles == everywhere | in_each


async def test_the_tokens_are_the_peoples_own_and_one_the_services(empty: Store, bearers: dict[str, str]) -> None:
    await load_demo(empty, bearers)

    for variable, email in PERSONAL.items():
        token = await found(empty, bearers[variable])
        assert (token.owner_kind, token.person_id) == ("person", (await people.find(empty, email)).id)
    service = await found(empty, bearers["ONEFOLD_TOKEN"])
    assert (service.owner_kind, service.person_id) == ("service", (await people.find(empty, "rob@onefold.example")).id)
    assert service.reach(Scope.MERGES_REQUEST) == sorted(DATABASES)
    assert service.reach(Scope.MERGES_DECIDE) == service.reach(Scope.DATABASES_WRITE) == []


async def test_loading_it_again_does_not_give_back_what_was_taken_away(empty: Store, bearers: dict[str, str]) -> None:
    await load_demo(empty, bearers)
    sam = await people.find(empty, "sam@onefold.example")
    assert await people.take_role(empty, sam.id, Role.SPECIALIST, 99999)

    await load_demo(empty, bearers)

    token = await found(empty, bearers["ONEFOLD_SPECIALIST_TOKEN"])
    assert token.reach(Scope.MERGES_DECIDE) == sorted(set(DATABASES) - {99999})


async def test_the_tokens_of_an_older_data_folder_become_those_of_people(empty: Store, bearers: dict[str, str]) -> None:
    """They were nobody's: a folder from before there were people keeps them in its secrets.env."""
    older = {**bearers, **{name: await token_for(empty, None, [Scope.ADMIN]) for name in PERSONAL}}
    older["ONEFOLD_TOKEN"] = await token_for(empty, sorted(DATABASES), [Scope.MERGES_REQUEST])
    async with empty.transaction() as connection:
        await connection.execute(update(tokens_table).values(person_id=None))

    await load_demo(empty, older)

    assert (await found(empty, older["ONEFOLD_SPECIALIST_TOKEN"])).reach(Scope.MERGES_DECIDE) == sorted(DATABASES)
    assert (await found(empty, older["ONEFOLD_AUDITOR_TOKEN"])).reach(Scope.ADMIN) == []
    service = await found(empty, older["ONEFOLD_TOKEN"])
    assert (service.owner_kind, service.reach(Scope.MERGES_REQUEST)) == ("service", sorted(DATABASES))
    assert service.person_id == (await people.find(empty, "rob@onefold.example")).id


async def test_everybody_signs_in_with_the_password_that_the_sign_in_page_tells(
    empty: Store, bearers: dict[str, str]
) -> None:
    await load_demo(empty, bearers)

    for email in (*EVERYBODY, "ada@onefold.example"):
        person = await people.find(empty, email)
        assert await passwords.check_password(empty, email, bearers["ONEFOLD_DEMO_PASSWORD"]) == person.id


async def test_only_the_database_that_waits_for_people_asks_and_a_changed_policy_stays(
    empty: Store, bearers: dict[str, str]
) -> None:
    for _ in range(2):
        await load_demo(empty, bearers)

    standing = {one: await policies.get(empty, one) for one in DATABASES}
    assert {one: approval.ask for one, (_, approval) in standing.items()} == {
        99999: Ask.ALWAYS,
        10000: Ask.NEVER,
        20000: Ask.NEVER,
    }
    assert {one: policy.version for one, (policy, _) in standing.items()} == {99999: 2, 10000: 1, 20000: 1}

    await policies.change(empty, 99999, PolicyChange(approval={"ask": Ask.NEVER}))
    await load_demo(empty, bearers)
    assert (await policies.get(empty, 99999))[1].ask is Ask.NEVER
