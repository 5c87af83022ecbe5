"""Is PostgreSQL there, new enough, and at the schema that this program needs."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from onefold.checks.check import Check, Status, ok, problem, warning
from onefold.checks.ledger import check_ledger
from onefold.checks.local_run import LocalRun
from onefold.settings import DatabaseSettings, SettingsError, read
from onefold.typed import typed
from store.migrate import current, head, knows

OLDEST = 15
LARGEST_SKEW = 2.0
_FACTS = text("""
    SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int / 10000 AS major,
      current_database() AS name, clock_timestamp() AS clock
""")


def check_database(run: LocalRun) -> list[Check]:
    try:
        url = read(DatabaseSettings).database_url.get_secret_value()
    except SettingsError:
        return [problem("database", "not looked at: DATABASE_URL is missing or wrong", "set DATABASE_URL")]
    engine = create_engine(url, hide_parameters=True, connect_args={"connect_timeout": 5})
    try:
        with engine.connect() as connection:
            return _checks(connection)
    except DBAPIError as error:
        return [problem("database", f"cannot be used: {_reason(error)}", _fix(run, engine))]
    finally:
        engine.dispose()


def _checks(connection: Connection) -> list[Check]:
    before = datetime.now(UTC)
    facts = connection.execute(_FACTS).one()
    after = datetime.now(UTC)
    schema = _schema(connection)
    ledger = check_ledger(connection) if schema.status is Status.OK else []
    return [_version(connection, facts), schema, *ledger, clock(before, facts.clock, after)]


def _version(connection: Connection, facts: Any) -> Check:
    url = connection.engine.url
    where = f"PostgreSQL {facts.version}, database {facts.name} on {url.host}:{url.port or 5432}"
    if facts.major < OLDEST:
        return problem("database", where, f"move to PostgreSQL {OLDEST} or newer")
    return ok("database", where)


def _schema(connection: Connection) -> Check:
    revision = current(connection)
    if revision == head():
        return ok("schema", f"revision {revision}")
    if revision is None:
        return problem("schema", "the database holds no schema yet", f"run `{typed('db upgrade')}`")
    if not knows(revision):
        return problem("schema", f"revision {revision} is newer than this program", "install the newer version")
    return problem("schema", f"revision {revision}, where {head()} is needed", f"run `{typed('db upgrade')}`")


def clock(before: datetime, theirs: datetime, after: datetime) -> Check:
    """Their clock was read between two looks at ours: only what lies outside is a difference."""
    ahead = (theirs - after).total_seconds()
    behind = (before - theirs).total_seconds()
    skew = max(ahead, behind, 0.0)
    if skew > LARGEST_SKEW:
        return warning(
            "clock",
            f"PostgreSQL's is {skew:.1f} s {'ahead of' if ahead > behind else 'behind'} this machine's",
            "let both machines keep their time by NTP",
        )
    return ok("clock", "agrees with PostgreSQL's")


def _reason(error: DBAPIError) -> str:
    return " ".join(str(error.orig).split()).partition(" Is the server running")[0]


def _fix(run: LocalRun, engine: Engine) -> str:
    if str(engine.url.render_as_string(hide_password=False)) == run.settings.get("DATABASE_URL"):
        return "start it with everything else: `make run`"
    return "start that server, or correct DATABASE_URL (postgresql://user:password@host:port/name)"
