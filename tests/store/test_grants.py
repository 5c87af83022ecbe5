"""Tables that are append-only: to the application's role, to their owner, and not to a superuser."""

from collections.abc import Iterator
from typing import Any, TypeAlias

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import create_engine, make_url

from store.grants import APPEND_ONLY, changeable
from store.tables import metadata
from tests.store.scratch import Scratch
from tests.store.world import HERE

Connection: TypeAlias = "psycopg.Connection[tuple[Any, ...]]"
TABLES = sorted(APPEND_ONLY)
CHANGES = ("UPDATE {} SET {column} = {column}", "DELETE FROM {}", "TRUNCATE {} CASCADE")
WAYS_ROUND = (
    "ALTER TABLE {} DISABLE TRIGGER {}_append_only",
    "DROP TRIGGER {}_append_only ON {}",
    "ALTER TABLE {} OWNER TO onefold",
    "DROP TABLE {} CASCADE",
    "CREATE RULE ignored AS ON INSERT TO {} DO INSTEAD NOTHING",
    "SELECT FROM {} FOR UPDATE",
)
ELSEWHERE = (
    "SET session_replication_role = replica",
    "SET ROLE onefold_owner",
    "TRUNCATE contacts CASCADE",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "CREATE TABLE mine ()",
)


def about(table: str, statement: str) -> bytes:
    column = metadata.tables[table].columns[0].name
    return statement.replace("{}", table).replace("{column}", column).encode()


@pytest.fixture
def application(scratch: Scratch) -> Iterator[Connection]:
    with psycopg.connect(scratch.url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def owner(scratch: Scratch) -> Iterator[Connection]:
    with psycopg.connect(scratch.owner_url, autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize("table", TABLES)
def test_the_application_can_neither_change_them_nor_take_the_guards_away(application: Connection, table: str) -> None:
    application.execute(f"GRANT ALL ON {table} TO onefold")  # PostgreSQL warns that nothing was granted
    for statement in (*CHANGES, *WAYS_ROUND):
        with pytest.raises(InsufficientPrivilege):
            application.execute(about(table, statement))


def test_nor_is_there_another_way_round(application: Connection) -> None:
    for statement in ELSEWHERE:
        with pytest.raises(InsufficientPrivilege):
            application.execute(statement.encode())


@pytest.mark.parametrize("table", TABLES)
def test_their_owner_is_refused_by_a_trigger(owner: Connection, table: str) -> None:
    for statement in CHANGES:
        with pytest.raises(InsufficientPrivilege, match="is append-only"):
            owner.execute(about(table, statement))
    with pytest.raises(InsufficientPrivilege):
        owner.execute(b"SET session_replication_role = replica")


def test_a_superuser_is_not_held_back_which_is_why_checkpoints_leave_the_database(scratch: Scratch) -> None:
    scratch.break_by_hand(b"DELETE FROM ledger_payloads WHERE database_id = %(here)s AND seq = 1", {"here": HERE})


def test_who_could_change_them_is_told(scratch: Scratch) -> None:
    for url, tables in (
        (scratch.url, []),
        (scratch.owner_url, TABLES),
        (scratch.admin_url, TABLES),
    ):
        engine = create_engine(url)
        with engine.connect() as connection:
            assert changeable(connection) == tables
        engine.dispose()


def test_who_could_become_their_owner_is_told(scratch: Scratch) -> None:
    with psycopg.connect(scratch.admin_url, autocommit=True) as admin:
        admin.execute("CREATE ROLE heir LOGIN NOINHERIT PASSWORD 'x'")
        try:
            admin.execute("GRANT onefold_owner TO heir")
            engine = create_engine(make_url(scratch.url).set(username="heir", password="x"))
            with engine.connect() as connection:
                assert changeable(connection) == TABLES
            engine.dispose()
        finally:
            admin.execute("DROP ROLE heir")


def test_who_was_given_one_right_too_many_is_told_of_it(scratch: Scratch) -> None:
    with psycopg.connect(scratch.admin_url, autocommit=True) as admin:
        admin.execute("GRANT DELETE ON ledger_payloads TO onefold")
    engine = create_engine(scratch.url)
    with engine.connect() as connection:
        assert changeable(connection) == ["ledger_payloads"]
    engine.dispose()
