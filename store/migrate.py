"""Brings the schema up to date. Forward only: a merge can't be undone, and neither can its table."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from ledger.keyring import Keyring
from store.grants import protect
from store.wrapping_keys import wrap_anew

_LOCK = 0x0E_F01D  # two processes that start together migrate one after the other


def upgrade(engine: Engine, ledger_keys: Keyring, application_role: str) -> str:
    """Runs what is missing, wraps data keys by the current key and grants the application its rights.

    All in one transaction. Returns the revision.
    """
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        config = _config(connection)
        config.attributes["ledger_keys"] = ledger_keys
        command.upgrade(config, "head")
        wrap_anew(connection, ledger_keys)
        protect(connection, application_role)
    return head()


def head() -> str:
    """The revision that this code needs."""
    revision = ScriptDirectory.from_config(_config(None)).get_current_head()
    assert revision is not None  # noqa: S101 - the first migration is part of the package
    return revision


def knows(revision: str) -> bool:
    """Whether this code has the migration that leads to the revision."""
    return any(script.revision == revision for script in ScriptDirectory.from_config(_config(None)).walk_revisions())


def current(connection: Connection) -> str | None:
    """The revision that the database is at; None where it holds no schema."""
    return MigrationContext.configure(connection).get_current_revision()


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
