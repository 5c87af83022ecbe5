"""Migrations make the tables that the code knows, on the oldest PostgreSQL too, and once however many start."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, create_engine, text

from ledger.encryption import decrypt_payload
from ledger.entry import Payload
from onefold.children import running
from onefold.embedded import postgres as embedded
from onefold.embedded.postgres import NAME, OWNER, Postgres
from store import migrate, tokens
from store.contact_keys import read_data_keys
from store.engine import Store
from store.invariants import check
from store.migrate import current, head, knows, upgrade
from store.tables import metadata
from tests.stack import LEDGER_KEYRING, Stack, free_port, named, new_database
from tests.store.world import make_world

_MIGRATIONS = Path(migrate.__file__).parent / "migrations"
_TOKEN = text("""
    INSERT INTO tokens (id, secret_hash, owner, owner_kind, scopes, database_ids, expires)
    VALUES ('before00', :hash, 'a specialist', 'person', '{databases:read}', '{1}', now() + interval '1 hour')
""")
_CONTACT = text("""
    INSERT INTO contacts (id, database_id, created, last_modified) OVERRIDING SYSTEM VALUE VALUES (:id, 1, now(), now())
""")
_SETTLED = text("""
    INSERT INTO merges (id, database_id, state, outcome, settled, requester, workflow_id, run_id, channel, qualifier,
      destination, identity_name, identity_value, use_crm_contact_as_winner, merge_events, plan, plan_digest,
      survivor_id)
    VALUES (gen_random_uuid(), 1, 'done', :outcome, make_timestamptz(2026, 1, :day, 0, 0, 0, 'UTC'), 'before00', 'w',
      'r', 'PUSH', 'app', 'm|c', 'userId', 'v', false, true, '{}', 'digest', :contact)
""")
_ENTRY = text("""
    INSERT INTO ledger_entries (database_id, seq, id, kind, at, canonical, entry_hash)
    VALUES (:database_id, :seq, gen_random_uuid(), 'merge.executed', now(), '', '')
""")
_PAYLOAD = text("""
    INSERT INTO ledger_payloads (database_id, seq, part, contact_id, salt, content)
    VALUES (:database_id, :seq, :part, :contact_id, 'salt',
            jsonb_build_object('request', jsonb_build_object('part', CAST(:part AS int), 'email', 'a@b.example')))
""")
_DEBIANS = Path("/usr/lib/postgresql")  # `make test` installs Debian's own, which is older than the embedded one

# What PostgreSQL itself says of a schema: alembic's comparison leaves out CHECK constraints, for one.
_CATALOGUE = """
    SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' '
      || CASE WHEN a.attnotnull THEN 'NOT NULL ' ELSE '' END || a.attidentity::text || ' '
      || coalesce(pg_get_expr(d.adbin, d.adrelid), '') || ' ' || coalesce(col_description(c.oid, a.attnum), '') AS what
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'alembic_version'
    UNION SELECT conrelid::regclass::text || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
      WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version'
    UNION SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    UNION SELECT c.relname || ' is ' || obj_description(c.oid) FROM pg_class c
      WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND obj_description(c.oid) IS NOT NULL
    UNION SELECT sequencename || ' from ' || start_value FROM pg_sequences WHERE schemaname = 'public'
"""


@pytest.fixture
def fresh(stack: Stack) -> Iterator[Engine]:
    """An empty database."""
    name = f"fresh_{uuid4().hex}"
    with psycopg.connect(stack.postgres.admin_url, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}" OWNER {OWNER}')
        engine = create_engine(named(stack.postgres.owner_url, name))
        yield engine
        engine.dispose()
        admin.execute(f'DROP DATABASE "{name}"')


def catalogue(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return {row.what for row in connection.execute(text(_CATALOGUE))}


def test_a_migrated_database_has_the_tables_that_the_code_knows(stack: Stack) -> None:
    engine = create_engine(new_database(stack, "migrated"))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_and_to_the_last_constraint_those_that_it_would_create(stack: Stack, fresh: Engine) -> None:
    migrated = create_engine(stack.database_url)
    metadata.create_all(fresh)
    assert catalogue(migrated) == catalogue(fresh)
    assert len(catalogue(fresh)) > 100
    migrated.dispose()


def test_migrating_again_changes_nothing(fresh: Engine) -> None:
    assert upgrade(fresh, LEDGER_KEYRING, NAME) == head()
    before = catalogue(fresh)
    assert upgrade(fresh, LEDGER_KEYRING, NAME) == head()
    assert catalogue(fresh) == before
    with fresh.connect() as connection:
        assert current(connection) == head()


def test_a_database_without_a_schema_is_at_no_revision(fresh: Engine) -> None:
    with fresh.connect() as connection:
        assert current(connection) is None
    assert knows(head())
    assert not knows("9999")


def test_processes_that_migrate_at_once_wait_for_each_other(stack: Stack, fresh: Engine) -> None:
    env = {
        **stack.env,
        "DATABASE_URL": named(stack.postgres.url, str(fresh.url.database)),
        "ONEFOLD_OWNER_DATABASE_URL": fresh.url.render_as_string(hide_password=False),
    }
    argv = [sys.executable, "-m", "onefold", "db", "upgrade"]
    started = [subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
    ended = [(*process.communicate(timeout=120), process.returncode) for process in started]
    assert ended == [(f"The schema is at revision {head()}.\n".encode(), b"", 0)] * 3
    with fresh.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [head()]


@contextmanager
def at_revision(engine: Engine, revision: str) -> Iterator[Connection]:
    """What an older version of this software left."""
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        yield connection


def test_requests_from_before_are_known_to_have_changed_identities(fresh: Engine) -> None:
    """Those that changed something, of the contact that survived them, the last of them."""
    with at_revision(fresh, "0004") as connection:
        connection.execute(_TOKEN, {"hash": b""})
        connection.execute(text("INSERT INTO databases (id, name) VALUES (1, 'before')"))
        for contact in (1, 2, 3):
            connection.execute(_CONTACT, {"id": contact})
        for contact, outcome, day in ((1, "assigned", 1), (1, "merged", 2), (1, "unchanged", 3), (2, "unchanged", 4)):
            connection.execute(_SETTLED, {"contact": contact, "outcome": outcome, "day": day})
    upgrade(fresh, LEDGER_KEYRING, NAME)

    with fresh.connect() as connection:
        rows = connection.execute(text("SELECT id, extract(day FROM identities_changed) FROM contacts ORDER BY id"))
        assert [tuple(row) for row in rows] == [(1, 2), (2, None), (3, None)]


async def test_a_persons_token_from_before_there_were_people_is_a_services(fresh: Engine) -> None:
    """It keeps what it may, and never decides."""
    secret = "x" * 43
    with at_revision(fresh, "0001") as connection:
        connection.execute(_TOKEN, {"hash": sha256(secret.encode()).digest()})
    upgrade(fresh, LEDGER_KEYRING, NAME)

    store = Store.connect(fresh.url.render_as_string(hide_password=False), pool_size=1, ledger_keys=LEDGER_KEYRING)
    token, _ = await tokens.authenticate(store, f"of_before00_{secret}")
    await store.close()

    assert (token.owner_kind.value, token.person_id) == ("service", None)
    assert token.scopes == {1: {"databases:read"}}


async def test_values_from_before_they_were_encrypted_are_and_stay_what_they_were(fresh: Engine) -> None:
    """Values of two databases, of a contact and of nobody known."""
    with at_revision(fresh, "0009") as connection:
        for database_id in (1, 2):
            connection.execute(text("INSERT INTO databases (id, name) VALUES (:id, 'before')"), {"id": database_id})
        connection.execute(_CONTACT, {"id": 7})
        for database_id, seq in ((1, 1), (1, 2), (2, 1)):
            connection.execute(_ENTRY, {"database_id": database_id, "seq": seq})
        for database_id, seq, part, contact_id in ((1, 1, 0, None), (1, 1, 1, 7), (1, 2, 0, 7), (2, 1, 0, None)):
            connection.execute(
                _PAYLOAD, {"database_id": database_id, "seq": seq, "part": part, "contact_id": contact_id}
            )
    upgrade(fresh, LEDGER_KEYRING, NAME)

    store = Store.connect(fresh.url.render_as_string(hide_password=False), pool_size=1, ledger_keys=LEDGER_KEYRING)
    async with store.transaction() as connection:
        rows = (await connection.execute(text("SELECT * FROM ledger_payloads ORDER BY database_id, seq, part"))).all()
        keys = {one: await read_data_keys(connection, LEDGER_KEYRING, one, [7, None]) for one in (1, 2)}
    await store.close()
    assert [keys[one].keys() for one in (1, 2)] == [{7, None}, {None}]
    assert [
        decrypt_payload(
            keys[row.database_id][row.contact_id], row.database_id, row.seq, row.part, row.contact_id, row.encrypted
        )
        for row in rows
    ] == [
        Payload(contact_id, b"salt", {"request": {"part": str(part), "email": "a@b.example"}})
        for part, contact_id in ((0, None), (1, 7), (0, 7), (0, None))
    ]


@pytest.fixture
def oldest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Postgres]:
    """A server of the oldest PostgreSQL that Debian gave us, 15 on Debian 12."""
    found = sorted(_DEBIANS.glob("*/bin/postgres"), key=lambda server: int(server.parts[-3]))
    assert found, "this test needs Debian's PostgreSQL: apt-get install postgresql"
    monkeypatch.setattr(embedded, "binary", lambda name: found[0].parent / name)
    server = Postgres(tmp_path, free_port())
    with running(server.child()):
        yield server


async def test_the_oldest_postgresql_runs_migrations_every_outcome_and_every_invariant(
    oldest: Postgres,
) -> None:
    engine = create_engine(oldest.owner_url)
    assert upgrade(engine, LEDGER_KEYRING, NAME) == head()
    with engine.connect() as connection:
        assert int(connection.execute(text("SHOW server_version_num")).scalar_one()) >= 150_000
    engine.dispose()
    store = Store.connect(oldest.url, pool_size=2, ledger_keys=LEDGER_KEYRING)
    await make_world(store)
    report = await check(store)
    await store.close()
    assert (report.violations, report.checked["entries"]) == ([], 14)
