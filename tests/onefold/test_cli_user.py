import asyncio
import io
import sys
from typing import Any
from uuid import uuid4

import pytest

from store import passwords, people, sessions
from store.engine import Store
from tests.onefold.cli import Command
from tests.stack import Stack, new_database

SAM = "sam@people.example"


@pytest.fixture
def email(live_onefold: Command) -> str:
    """Of somebody without a role."""
    address = f"{uuid4().hex}@people.example"
    assert live_onefold("user", "add", address, "--name", "Sam Specialist").code == 0
    return address


@pytest.fixture
def database(live_onefold: Command) -> int:
    return int(live_onefold("database", "create", "roles", "--json").json["id"])


def listed(onefold: Command, email: str) -> dict[str, Any]:
    return next(row for row in onefold("user", "list", "--json").json["people"] if row["email"] == email)


def test_a_person_is_added_and_the_next_step_is_said(live_onefold: Command) -> None:
    address = f"Ada.{uuid4().hex}@People.example"
    ended = live_onefold("user", "add", address, "--name", "Ada Admin")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == f"Added Ada Admin. To give them a role: onefold user role {address} ROLE --database N\n"
    row = listed(live_onefold, address.lower())
    assert (row["name"], row["roles"], row["disabled"]) == ("Ada Admin", [], None)


def test_the_id_is_given_to_scripts(live_onefold: Command) -> None:
    address = f"{uuid4().hex}@people.example"
    created = live_onefold("user", "add", address, "--name", "Ada Admin", "--json").json
    assert created == {"id": listed(live_onefold, address)["id"]}


def test_an_address_is_taken_once(live_onefold: Command, email: str) -> None:
    ended = live_onefold("user", "add", email.upper(), "--name", "Another")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err == "onefold: A person with this e-mail address exists. (name-taken)\n"


def test_what_is_no_address_is_refused(live_onefold: Command) -> None:
    ended = live_onefold("user", "add", "sam", "--name", "Sam Specialist")
    assert (ended.code, ended.err) == (3, "onefold: Argument was not a valid email (email-invalid)\n")


@pytest.mark.parametrize("name", ["", "a\u202eb", " Sam", "x" * 256])
def test_a_name_that_would_mislead_is_refused_before_anything_is_stored(onefold: Command, name: str) -> None:
    ended = onefold("user", "add", SAM, "--name", name)
    assert (ended.code, ended.out) == (2, "")
    assert "the name must not" in " ".join(ended.err.replace("│", " ").split())


def test_a_role_is_given_in_one_database_and_taken_away(live_onefold: Command, email: str, database: int) -> None:
    given = live_onefold("user", "role", email, "specialist", "--database", database)
    assert (given.code, given.out) == (0, f"{email} is specialist in database {database}.\n")
    assert listed(live_onefold, email)["roles"] == [{"role": "specialist", "databaseId": database}]

    taken = live_onefold("user", "role", email, "specialist", "--database", database, "--remove")
    assert (taken.code, taken.out) == (0, f"{email} is no longer specialist in database {database}.\n")
    assert listed(live_onefold, email)["roles"] == []


def test_a_role_is_given_in_every_database(live_onefold: Command, email: str) -> None:
    given = live_onefold("user", "role", email, "auditor", "--all-databases")
    assert (given.code, given.out) == (0, f"{email} is auditor in every database.\n")
    assert listed(live_onefold, email)["roles"] == [{"role": "auditor", "databaseId": None}]


def test_taking_what_was_not_given_is_said(live_onefold: Command, email: str, database: int) -> None:
    live_onefold("user", "role", email, "auditor", "--all-databases")
    ended = live_onefold("user", "role", email, "auditor", "--database", database, "--remove")
    assert (ended.code, ended.out) == (4, "")
    assert ended.err == (
        f"onefold: {email} was not given the role auditor for database {database}: see `onefold user list`."
        " (role-not-given)\n"
    )
    assert listed(live_onefold, email)["roles"] == [{"role": "auditor", "databaseId": None}]


def test_a_role_in_no_database_is_refused(live_onefold: Command, email: str) -> None:
    ended = live_onefold("user", "role", email, "auditor", "--database", "4")
    assert (ended.code, ended.err) == (4, "onefold: Database not found (database-not-found)\n")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("auditor",), "name a database, or give --all-databases instead"),
        (("auditor", "--database", "1", "--all-databases"), "name a database, or give --all-databases instead"),
        (("king", "--all-databases"), "'king' is not one of 'requester', 'specialist', 'auditor', 'admin'"),
    ],
)
def test_wrong_usage_is_said_before_anything_is_done(
    onefold: Command, arguments: tuple[str, ...], complaint: str
) -> None:
    ended = onefold("user", "role", SAM, *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert complaint in " ".join(ended.err.replace("│", " ").split())


@pytest.mark.parametrize("arguments", [("disable",), ("enable",), ("role",), ("role", "--remove")])
def test_nobody_is_said_to_be_nobody(live_onefold: Command, arguments: tuple[str, ...]) -> None:
    name, *options = arguments
    role = ("auditor", "--all-databases") if name == "role" else ()
    ended = live_onefold("user", name, "nobody@people.example", *role, *options)
    assert (ended.code, ended.out) == (4, "")
    assert ended.err == "onefold: Nobody has this e-mail address. (person-not-found)\n"


def test_a_person_is_disabled_and_enabled(live_onefold: Command, email: str) -> None:
    disabled = live_onefold("user", "disable", email.upper())
    assert (disabled.code, disabled.err) == (0, "")
    assert disabled.out == f"{email.upper()} is disabled. To undo it: onefold user enable {email.upper()}\n"
    assert listed(live_onefold, email)["disabled"] is not None
    assert live_onefold("user", "enable", email).out == f"{email} is enabled.\n"
    assert listed(live_onefold, email)["disabled"] is None


def test_the_list_says_in_words_who_may_what_where(
    live_onefold: Command, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", new_database(stack, "people_to_list"))
    assert "`onefold user add EMAIL --name NAME` adds a person" in live_onefold("user", "list").out
    live_onefold("user", "add", SAM, "--name", "Sam Specialist")
    live_onefold("user", "add", "ada@people.example", "--name", "Ada Admin")
    for database in (10000, 20000):
        live_onefold("database", "create", "roles", "--id", database)
        live_onefold("user", "role", SAM, "specialist", "--database", database)
    live_onefold("user", "role", SAM, "auditor", "--all-databases")
    live_onefold("user", "disable", SAM)

    told = live_onefold("user", "list")

    assert told.line("ada@") == "ada@people.example Ada Admin none enabled"
    assert told.line("sam@") == f"{SAM} Sam Specialist specialist in 10000 and 20000 disabled"
    assert told.lines[-1].strip() == "auditor in all"
    assert max(map(len, told.lines)) <= 80


async def test_a_password_comes_from_standard_input_and_ends_open_sessions(
    live_onefold: Command, store: Store, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await people.find(store, email)
    await sessions.start(store, person, "a browser")
    monkeypatch.setattr(sys, "stdin", io.StringIO("correct horse battery\n"))
    ended = await asyncio.to_thread(live_onefold, "user", "password", email)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == f"{email} has a new password. Sessions that were open have ended.\n"
    assert await passwords.check_password(store, email, "correct horse battery") == person.id
    assert await sessions.list_open(store, person.id) == []


def test_a_short_password_is_refused(live_onefold: Command, email: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("short\n"))
    ended = live_onefold("user", "password", email)
    assert (ended.code, ended.err) == (3, "onefold: A password has 12 to 256 characters. (password-weak)\n")
