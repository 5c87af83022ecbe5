import asyncio
from typing import Any

import pytest

from domain.errors import Unauthenticated
from onefold.commands.token import SCOPES
from store import tokens
from store.engine import Store
from store.tokens import Scope, Token
from tests.onefold.cli import Command
from tests.stack import Stack

MINIMAL = ("token", "create", "--owner", "nightly import", "--kind", "service", "--scope", "merges:read")


def authenticate(stack: Stack, bearer: str) -> Token:
    async def ask() -> Token:
        store = Store.connect(stack.database_url)
        try:
            return (await tokens.authenticate(store, bearer))[0]
        finally:
            await store.close()

    return asyncio.run(ask())


def listed(onefold: Command, token_id: str) -> dict[str, Any]:
    return next(row for row in onefold("token", "list", "--json").json["tokens"] if row["id"] == token_id)


def test_a_token_is_printed_alone_on_standard_output_and_works(live_onefold: Command, stack: Stack) -> None:
    ended = live_onefold(*MINIMAL, "--all-databases")
    assert ended.code == 0
    token = authenticate(stack, ended.out.removesuffix("\n"))
    assert (set(token.scopes), token.reach) == (
        {"merges:read"},
        None,
    )
    assert "This is the only time it is shown." in ended.err
    assert f"onefold token revoke {token.id}" in ended.err


def test_a_token_can_be_bound_to_databases_and_days(live_onefold: Command) -> None:
    database = live_onefold("database", "create", "tokens", "--json").json["id"]
    ended = live_onefold(*MINIMAL, "--scope", "contacts:read", "--database", database, "--days", "365", "--json")
    created, row = ended.json, listed(live_onefold, ended.json["id"])
    assert ended.err == ""
    assert created["token"].startswith(f"of_{row['id']}_")
    assert (row["databaseIds"], row["scopes"]) == ([database], ["contacts:read", "merges:read"])
    assert row["expires"][:10] == created["expires"][:10]


def test_a_revoked_token_is_refused_at_once_and_cannot_be_revoked_again(live_onefold: Command, stack: Stack) -> None:
    bearer = live_onefold(*MINIMAL, "--all-databases").out.strip()
    token_id = bearer.split("_")[1]
    assert live_onefold("token", "revoke", token_id).out == f"Token {token_id} is revoked.\n"
    with pytest.raises(Unauthenticated):
        authenticate(stack, bearer)
    again = live_onefold("token", "revoke", token_id)
    assert (again.code, again.err) == (
        1,
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
        (("--all-databases", "--owner", "a\u202eb"), "must not hold control or invisible"),
    ],
)
def test_wrong_usage_is_said_before_anything_is_made(
    onefold: Command, options: tuple[str, ...], complaint: str
) -> None:
    ended = onefold(*MINIMAL, *options)
    assert (ended.code, ended.out) == (2, "")
    assert complaint in " ".join(ended.err.replace("│", " ").split())


def test_a_token_for_no_database_is_refused(live_onefold: Command) -> None:
    ended = live_onefold(*MINIMAL, "--database", "4")
    assert (ended.code, ended.out, ended.err) == (3, "", "onefold: Database not found (database-not-found)\n")


def test_the_help_names_every_scope() -> None:
    assert [name.split()[0] for name in SCOPES.split(", ")] == [scope.value for scope in Scope]
