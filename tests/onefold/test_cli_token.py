import asyncio
from typing import Any
from uuid import uuid4

import pytest

from domain.errors import Unauthenticated
from onefold.commands.token import SCOPES
from store import tokens
from store.engine import Store
from store.tokens import Scope, Token
from tests.onefold.cli import Command
from tests.stack import LEDGER_KEYRING, Stack

MINIMAL = ("token", "create", "--service", "nightly import", "--scope", "merges:read")


def authenticate(stack: Stack, bearer: str) -> Token:
    async def ask() -> Token:
        store = Store.connect(stack.database_url, ledger_keys=LEDGER_KEYRING)
        try:
            return (await tokens.authenticate(store, bearer))[0]
        finally:
            await store.close()

    return asyncio.run(ask())


@pytest.fixture
def person(live_onefold: Command) -> str:
    """The e-mail address of somebody who is no more than there."""
    email = f"{uuid4().hex}@people.example"
    assert live_onefold("user", "add", email, "--name", "Sam Specialist").code == 0
    return email


def listed(onefold: Command, token_id: str) -> dict[str, Any]:
    return next(row for row in onefold("token", "list", "--json").json["tokens"] if row["id"] == token_id)


def test_a_token_is_printed_alone_on_standard_output_and_works(live_onefold: Command, stack: Stack) -> None:
    ended = live_onefold(*MINIMAL, "--all-databases")
    assert ended.code == 0
    token = authenticate(stack, ended.out.removesuffix("\n"))
    assert token.scopes == {None: {"merges:read"}}
    assert "This is the only time it is shown." in ended.err
    assert f"onefold token revoke {token.id}" in ended.err


def test_a_token_can_be_bound_to_databases_and_days(live_onefold: Command) -> None:
    database = live_onefold("database", "create", "tokens", "--json").json["id"]
    ended = live_onefold(*MINIMAL, "--scope", "contacts:read", "--database", database, "--days", "365", "--json")
    created, row = ended.json, listed(live_onefold, ended.json["id"])
    assert ended.err == ""
    assert created["token"].startswith(f"of_{row['id']}_")
    assert (row["databaseIds"], row["scopes"]) == ([database], ["contacts:read", "merges:read"])
    assert (row["kind"], row["service"], row["person"]) == ("service", "nightly import", None)
    assert row["expires"][:10] == created["expires"][:10]


def test_a_revoked_token_is_refused_at_once_and_cannot_be_revoked_again(live_onefold: Command, stack: Stack) -> None:
    bearer = live_onefold(*MINIMAL, "--all-databases").out.strip()
    token_id = bearer.split("_")[1]
    assert live_onefold("token", "revoke", token_id).out == f"Token {token_id} is revoked.\n"
    with pytest.raises(Unauthenticated):
        authenticate(stack, bearer)
    again = live_onefold("token", "revoke", token_id)
    assert (again.code, again.err) == (
        4,
        f"onefold: There is no valid token {token_id}: unknown, or revoked before. (token-not-found)\n",
    )


def test_a_whole_token_found_in_a_log_can_be_revoked_as_it_is(live_onefold: Command) -> None:
    bearer = live_onefold(*MINIMAL, "--all-databases").out.strip()
    ended = live_onefold("token", "revoke", bearer)
    assert ended.code == 0
    assert bearer not in ended.out


def test_the_list_says_in_words_what_a_token_is_good_for_and_shows_no_secret(live_onefold: Command) -> None:
    bearer = live_onefold(*MINIMAL, "--all-databases").out.strip()
    _, token_id, secret = bearer.split("_", 2)
    live_onefold("token", "revoke", token_id)
    ended = live_onefold("token", "list")
    assert "nightly import" in ended.line(token_id)
    assert " all revoked" in ended.line(token_id)
    assert secret not in ended.out
    assert max(map(len, ended.lines)) <= 80


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ((), "name each database, or give --all-databases instead"),
        (("--all-databases", "--database", "1"), "name each database, or give --all-databases instead"),
        (("--all-databases", "--scope", "everything"), "'everything' is none of contacts:read"),
        (("--all-databases", "--days", "366"), "less than or equal to 365"),
        (("--all-databases", "--days", "0"), "greater than or equal to 1"),
        (("--all-databases", "--service", "a\u202eb"), "must not hold control or invisible"),
    ],
)
def test_wrong_usage_is_said_before_anything_is_made(
    onefold: Command, options: tuple[str, ...], complaint: str
) -> None:
    ended = onefold(*MINIMAL, *options)
    assert (ended.code, ended.out) == (2, "")
    assert complaint in " ".join(ended.err.replace("│", " ").split())


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ((), "name the service or the person that it is for"),
        (("--scope", "admin", "--all-databases"), "name the service or the person that it is for"),
        (("--service", "x", "--all-databases"), "say what the service may do"),
        (("--person", "sam@people.example", "--scope", "admin"), "a person's token follows their roles"),
        (("--person", "sam@people.example", "--database", "1"), "a person's token follows their roles"),
        (("--person", "sam@people.example", "--all-databases"), "a person's token follows their roles"),
    ],
)
def test_a_service_says_what_it_may_and_a_person_does_not(
    onefold: Command, options: tuple[str, ...], complaint: str
) -> None:
    ended = onefold("token", "create", *options)
    assert (ended.code, ended.out) == (2, "")
    assert complaint in " ".join(ended.err.replace("│", " ").split())


def test_a_personal_token_may_what_its_person_may(live_onefold: Command, stack: Stack, person: str) -> None:
    bearer = live_onefold("token", "create", "--person", person.upper()).out.strip()
    assert authenticate(stack, bearer).scopes == {}
    live_onefold("user", "role", person, "auditor", "--all-databases")
    token = authenticate(stack, bearer)
    assert token.may(Scope.MERGES_READ, 1)
    row = listed(live_onefold, token.id)
    assert (row["kind"], row["person"]) == ("person", person)
    assert row.keys().isdisjoint({"service", "scopes", "databaseIds"})
    assert "by their roles" in " ".join(live_onefold("token", "list").line(token.id).split())


def test_a_service_can_have_somebody_who_answers_for_it(live_onefold: Command, stack: Stack, person: str) -> None:
    created = live_onefold(*MINIMAL, "--all-databases", "--person", person, "--json").json
    token = authenticate(stack, created["token"])
    assert token.owner_kind.value == "service"
    assert token.scopes == {None: {"merges:read"}}
    assert token.person_id is not None
    assert listed(live_onefold, token.id)["person"] == person
    assert (created["service"], created["person"]) == ("nightly import", person)


@pytest.mark.parametrize("options", [(), (*MINIMAL[2:], "--all-databases")], ids=["own", "service"])
def test_a_token_for_an_unknown_person_is_refused(live_onefold: Command, options: tuple[str, ...]) -> None:
    ended = live_onefold("token", "create", *options, "--person", "nobody@people.example")
    assert (ended.code, ended.out) == (4, "")
    assert ended.err == "onefold: Nobody has this e-mail address. (person-not-found)\n"


def test_a_disabled_person_gets_no_token(live_onefold: Command, person: str) -> None:
    live_onefold("user", "disable", person)
    ended = live_onefold("token", "create", "--person", person)
    assert (ended.code, ended.out) == (3, "")
    assert ended.err == f"onefold: {person} is disabled: `onefold user enable {person}` undoes it. (person-disabled)\n"


def test_no_service_gets_to_decide(live_onefold: Command) -> None:
    ended = live_onefold(*MINIMAL, "--scope", "merges:decide", "--all-databases")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err == (
        "onefold: No service gets the scope merges:decide: a person has it who has the role specialist."
        " (person-required)\n"
    )


@pytest.mark.parametrize("scope", ["merges:request", "admin"])
def test_a_service_that_requests_merges_needs_somebody_who_answers_for_it(
    live_onefold: Command, person: str, scope: str
) -> None:
    asked = ("token", "create", "--service", "shop", "--scope", scope, "--all-databases")
    ended = live_onefold(*asked)
    assert (ended.code, ended.out) == (3, "")
    assert "needs a person who answers for it" in ended.err
    assert live_onefold(*asked, "--person", person).code == 0


def test_a_token_for_no_database_is_refused(live_onefold: Command) -> None:
    ended = live_onefold(*MINIMAL, "--database", "4")
    assert (ended.code, ended.out, ended.err) == (4, "", "onefold: Database not found (database-not-found)\n")


def test_the_help_names_every_scope_that_a_service_can_have() -> None:
    of_services = [scope.value for scope in Scope if scope is not Scope.MERGES_DECIDE]
    assert [name.split()[0] for name in SCOPES.split(", ")] == of_services
