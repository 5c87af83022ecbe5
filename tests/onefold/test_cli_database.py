import pytest

from tests.onefold.cli import Command
from tests.stack import Stack, new_database


@pytest.fixture
def database(live_onefold: Command) -> int:
    return int(live_onefold("database", "create", "Loyalty club", "--json").json["id"])


def test_a_new_database_can_be_shown(live_onefold: Command, database: int) -> None:
    ended = live_onefold("database", "show", database)
    assert ended.code == 0
    assert ended.line("Name") == "Name Loyalty club"
    assert ended.line("Live contacts") == "Live contacts 0"
    assert ended.line("Policy") == "Policy version 1; device-contact survives"
    assert ended.lines[-1] == f"It has no columns: `onefold database column add {database} NAME` adds one."


def test_a_database_can_have_an_id_of_choice_once(live_onefold: Command) -> None:
    assert live_onefold("database", "create", "Mine", "--id", "7777777", "--keyed").out == (
        "Created database 7777777: Mine\n"
    )
    assert live_onefold("database", "show", "7777777", "--json").json["keyed"] is True
    again = live_onefold("database", "create", "Mine", "--id", "7777777")
    assert (again.code, again.err) == (3, "onefold: A database with this id exists. (name-taken)\n")


def test_columns_keys_and_qualifiers_are_added_and_shown(live_onefold: Command, database: int) -> None:
    sizes = ("--type", "selection", "--selection", "S", "--selection", "M", "--required")
    added = live_onefold("database", "column", "add", database, "Size", *sizes)
    assert added.out == f"Added required selection column Size to database {database}.\n"
    live_onefold("database", "column", "add", database, "Alias Id")
    put = live_onefold("database", "lookup-key", "put", database, "Alias Id")
    assert put.out == f"Lookup key Alias Id of database {database} is ACTIVE.\n"
    for _ in range(2):
        assert live_onefold("database", "app-key", "add", database, "ap1").code == 0
    assert live_onefold("database", "campaign", "add", database, "spring").code == 0
    ended = live_onefold("database", "show", database)
    assert ended.line("App keys") == "App keys ap1"
    assert ended.line("SMS campaigns") == "SMS campaigns spring"
    assert ended.line("Alias Id") == "Alias Id text no ACTIVE"
    assert ended.line("Size") == "Size selection: S, M yes no"


def test_json_is_what_the_api_shows_and_the_number_of_live_contacts(live_onefold: Command, database: int) -> None:
    live_onefold("database", "column", "add", database, "Visits", "--type", "number")
    shown = live_onefold("database", "show", database, "--json").json
    assert (shown["id"], shown["liveContacts"]) == (database, 0)
    assert shown["columns"] == [{"name": "Visits", "type": "number", "required": False, "selections": []}]
    put = live_onefold("database", "lookup-key", "put", database, "Visits", "--json").json
    assert put == {
        "databaseId": database,
        "field": "Visits",
        "status": "ACTIVE",
        "duplicateValues": 0,
        "invalidValues": 0,
    }


def test_the_list_names_every_database(live_onefold: Command, database: int) -> None:
    assert live_onefold("database", "list").line(str(database)) == f"{database} Loyalty club no"
    assert {"id": database, "name": "Loyalty club", "keyed": False} in live_onefold("database", "list", "--json").json[
        "databases"
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("column", "add", "{}", "email"), "email is an attribute that every contact has. (value-invalid)"),
        (("column", "add", "{}", " x"), "name must not begin or end with a space. (value-invalid)"),
        (("column", "add", "{}", "x", "--type", "selection"), "no other column has them. (value-invalid)"),
        (
            ("column", "add", "{}", "x", "--type", "selection", "--selection", ""),
            "selections: a selection must not be empty. (value-invalid)",
        ),
        (("column", "add", "4", "x"), "Database not found (database-not-found)"),
        (("lookup-key", "put", "{}", "x"), "The database has no such column. (column-not-found)"),
        (("lookup-key", "put", "4", "x"), "Database not found (database-not-found)"),
        (("app-key", "add", "{}", "a\u200bb"), "must not hold control or invisible characters. (value-invalid)"),
        (("app-key", "add", "4", "x"), "Database not found (database-not-found)"),
        (("campaign", "add", "{}", ""), "name must not be empty. (value-invalid)"),
        (("create", "x\n"), "must not hold control or invisible characters. (value-invalid)"),
        (("show", "4"), "Database not found (database-not-found)"),
    ],
)
def test_what_a_rule_refuses_exits_with_3_and_what_is_not_there_with_4(
    live_onefold: Command, database: int, arguments: tuple[str, ...], sentence: str
) -> None:
    ended = live_onefold("database", *(argument.format(database) for argument in arguments))
    assert (ended.code, ended.out) == (4 if "-not-found)" in sentence else 3, "")
    assert ended.err.endswith(f"{sentence}\n")


def test_a_column_of_the_same_name_is_refused(live_onefold: Command, database: int) -> None:
    live_onefold("database", "column", "add", database, "Visits")
    again = live_onefold("database", "column", "add", database, "Visits")
    assert (again.code, again.err) == (3, "onefold: The database has a column Visits. (name-taken)\n")


def test_where_there_is_nothing_yet_the_first_step_is_named(
    live_onefold: Command, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", new_database(stack, "nothing_yet"))
    assert "`onefold database create NAME` makes one" in live_onefold("database", "list").out
    assert "`onefold token create --help` says how" in live_onefold("token", "list").out
