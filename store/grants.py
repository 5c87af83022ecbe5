"""What the application's role may do: read and write the tables, and only add to those that are append-only.

Two guards, since each holds where the other fails. The role owns nothing, so that it can neither take a trigger away
nor grant itself more; and a trigger refuses changes to whoever does own the tables. A superuser gets past both: that is
not prevented but found out, by what has left the database before.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, Engine, text

from store.tables import metadata

APPEND_ONLY = frozenset(
    (
        *("ledger_entries", "ledger_payloads", "ledger_events", "ledger_seals"),
        *("ledger_checkpoints", "ledger_tiles", "histories"),
    )
)

_WHO = text("SELECT current_user")
_FUNCTION = text("""
    CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'the table % is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege'; END
    $$
""")
_OPEN_TO_US = text("""
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relname = ANY(:tables)
      AND (has_table_privilege(oid, 'UPDATE, DELETE, TRUNCATE') OR pg_has_role(relowner, 'MEMBER'))
    ORDER BY relname
""")


def role_of(engine: Engine) -> str:
    """Who a connection of this engine is."""
    with engine.connect() as connection:
        return str(connection.execute(_WHO).scalar_one())


def protect(connection: Connection, role: str) -> None:
    """Gives the application's role what it needs and takes all else away. Where it is the owner, the triggers stay."""
    connection.execute(_FUNCTION)
    for table in sorted(APPEND_ONLY):
        connection.exec_driver_sql(
            f"CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    if role != connection.execute(_WHO).scalar_one():
        _grant(connection, connection.dialect.identifier_preparer.quote(role))


def _grant(connection: Connection, role: str) -> None:
    ordinary = metadata.tables.keys() - APPEND_ONLY
    for statement in (
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
        f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {_listed(ordinary)} TO {role}",
        f"GRANT SELECT, INSERT ON {_listed(APPEND_ONLY)} TO {role}",
        f"GRANT SELECT ON alembic_version TO {role}",
        f"GRANT UPDATE ON SEQUENCE databases_id_seq TO {role}",  # an id that somebody chose lifts it
    ):
        connection.exec_driver_sql(statement)


def changeable(connection: Connection) -> list[str]:
    """The append-only tables that whoever is connected could change, or take the guards from."""
    return list(connection.execute(_OPEN_TO_US, {"tables": sorted(APPEND_ONLY)}).scalars())


def _listed(tables: Iterable[str]) -> str:
    return ", ".join(sorted(tables))
