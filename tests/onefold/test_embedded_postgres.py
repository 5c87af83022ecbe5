import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import psycopg
import pytest

from onefold.children import ChildFailed, Task, running
from onefold.embedded.postgres import Postgres
from onefold.processes import started_at, titled

Connection: TypeAlias = "psycopg.Connection[tuple[Any, ...]]"


@pytest.fixture
def postgres(tmp_path: Path, free_port: Callable[[], int]) -> Postgres:
    return Postgres(tmp_path / "data", free_port())


@pytest.fixture
def connection(postgres: Postgres) -> Iterator[Connection]:
    with running(postgres.child()), psycopg.connect(postgres.url) as connection:
        yield connection


def setting(connection: Connection, name: str) -> str:
    row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row is not None
    return str(row[0])


def test_it_is_durable_listens_on_this_machine_only_and_has_no_socket_file(
    connection: Connection,
) -> None:
    assert setting(connection, "fsync") == "on"
    assert setting(connection, "synchronous_commit") == "on"
    assert setting(connection, "listen_addresses") == "127.0.0.1"
    assert setting(connection, "server_encoding") == "UTF8"
    with psycopg.connect(str(connection.info.dsn), password=connection.info.password) as same:
        assert same.info.dbname == "onefold"


def test_the_role_of_the_application_is_no_superuser(connection: Connection) -> None:
    row = connection.execute("SELECT rolname, rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user")
    assert row.fetchone() == ("onefold", False, False)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT pg_read_file('/etc/passwd')")


def test_the_role_that_owns_the_tables_is_another_and_no_superuser_either(
    connection: Connection, postgres: Postgres
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("CREATE TABLE mine ()")
    with psycopg.connect(postgres.owner_url) as owner:
        owner.execute("CREATE TABLE mine ()")
        row = owner.execute("SELECT rolname, rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user")
        assert row.fetchone() == ("onefold_owner", False, False)


def test_a_folder_from_before_there_were_two_roles_is_given_to_the_owner(postgres: Postgres) -> None:
    with running(postgres.child()), psycopg.connect(postgres.admin_url, autocommit=True) as admin:
        admin.execute("ALTER DATABASE onefold OWNER TO onefold")
        admin.execute("CREATE TABLE old (); ALTER TABLE old OWNER TO onefold")
    with running(postgres.child()), psycopg.connect(postgres.owner_url) as owner:
        assert owner.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'old'").fetchone() == (
            "onefold_owner",
        )
        owner.execute("CREATE TABLE new ()")


def test_a_wrong_password_is_refused(connection: Connection, postgres: Postgres) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(f"postgresql://onefold:guess@127.0.0.1:{postgres.port}/onefold").close()


def test_neither_values_nor_passwords_reach_its_log(connection: Connection, postgres: Postgres) -> None:
    with psycopg.connect(postgres.owner_url) as owner:
        owner.execute("CREATE TABLE person (email text PRIMARY KEY); GRANT INSERT ON person TO onefold")
    for _ in range(2):
        with suppress(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO person VALUES (%s)", ["albert.b.jerm@gmail.com"])
    log = postgres.log.read_text()
    assert "duplicate key value" in log
    assert "albert" not in log
    for path in postgres.data.glob("*.password"):
        assert path.read_text().strip() not in log


def test_a_password_file_that_was_lost_is_made_anew(postgres: Postgres) -> None:
    with running(postgres.child()):
        pass
    (postgres.data / "postgres-onefold.password").unlink()
    with running(postgres.child()), psycopg.connect(postgres.url) as connection:
        assert connection.info.user == "onefold"


def test_an_interrupted_initialisation_is_begun_again(postgres: Postgres) -> None:
    half = postgres.data / "postgres.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with running(postgres.child()), psycopg.connect(postgres.url):
        assert not half.exists()


def test_it_starts_again_while_a_backend_of_a_killed_one_still_hangs(postgres: Postgres) -> None:
    child = postgres.child()
    with running(child) as process, psycopg.connect(postgres.admin_url, autocommit=True) as busy:
        backend = busy.info.backend_pid
        os.kill(backend, signal.SIGSTOP)
        process.kill()
        process.wait()
        assert backend in titled(f"postgres: {postgres.title_prefix}:")
        try:
            with running(child), psycopg.connect(postgres.url) as connection:
                assert connection.info.dbname == "onefold"
                assert started_at(backend) is None
        finally:
            with suppress(ProcessLookupError):
                os.kill(backend, signal.SIGKILL)


def test_it_starts_though_a_stranger_has_the_pid_of_a_killed_one(postgres: Postgres) -> None:
    child = postgres.child()
    with running(child) as process:
        process.kill()
    stranger = Task(
        name="stranger", title="", argv=("/bin/sleep", "60"), env={}, log=postgres.data / "x.log", account=child.account
    ).start()
    lock = postgres.files / "postmaster.pid"
    lock.write_text(lock.read_text().replace(str(process.pid), str(stranger.pid), 1))
    with stranger, running(child), psycopg.connect(postgres.url) as connection:
        stranger.kill()
        assert connection.info.dbname == "onefold"


def test_a_server_that_somebody_else_started_on_the_same_files_is_left_alone(
    postgres: Postgres, free_port: Callable[[], int]
) -> None:
    with running(postgres.child()) as process, psycopg.connect(postgres.url, autocommit=True) as connection:
        second = replace(postgres, port=free_port()).child()
        with pytest.raises(ChildFailed, match=r'lock file "postmaster.pid" already exists'), running(second):
            pass
        assert process.poll() is None
        connection.execute("SELECT 1")
