"""The `onefold` command."""

import gc
import io
import os
import sys
from collections.abc import Callable
from functools import cache

import typer
from typer.main import get_command

from onefold.commands import (
    audit,
    database,
    decide,
    doctor,
    invariants,
    kept_apart,
    merge,
    plan,
    policy,
    reconcile,
    simulate,
    token,
    user,
)
from onefold.commands.failures import UNREACHABLE, CommandFailed, tell
from onefold.commands.running import in_store, run, settings, worker_settings
from onefold.typed import own_name

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Merges two contact records into one, durably and auditably. It can't be undone.",
)
db = typer.Typer(no_args_is_help=True, help="The database schema.")
app.add_typer(db, name="db")
app.add_typer(token.app, name="token")
app.add_typer(user.app, name="user")
app.add_typer(database.app, name="database")
app.add_typer(policy.app, name="policy")
app.add_typer(merge.app, name="merge")
app.add_typer(plan.app, name="plan")
app.add_typer(kept_apart.app, name="kept-apart")
app.add_typer(audit.app, name="audit")
app.command()(decide.approve)
app.command()(decide.reject)
app.command()(decide.withdraw)
app.command()(simulate.simulate)
app.command()(invariants.invariants)
app.command()(reconcile.reconcile)
app.command()(doctor.doctor)


@app.command()
def up() -> None:
    """Start everything on this machine: PostgreSQL, Temporal, worker, API, demo data. Ctrl-C stops it."""
    from onefold.settings import UpSettings, read
    from onefold.up import up as run_up

    raise typer.Exit(run_up(read(UpSettings)))


@app.command()
def serve() -> None:
    """Run the API and the pages."""
    from onefold import logs
    from onefold.serve import serve as run_server

    logs.configure()
    run_server(settings())


@app.command()
def worker() -> None:
    """Run a worker: it executes the workflows and their activities."""
    from temporalio.service import RPCError

    from onefold import logs
    from onefold.worker import work

    logs.configure()
    try:
        run(work(worker_settings()))
    except (RPCError, RuntimeError) as error:
        raise CommandFailed("temporal-unreachable", f"Temporal does not answer: {error}.", UNREACHABLE) from None


@app.command()
def demo() -> None:
    """Load the demo data. Safe to repeat; its tokens and password are taken from the environment."""
    from onefold.demo import load_demo
    from onefold.demo_secrets import DEMO

    if missing := [name for name in DEMO if not os.environ.get(name)]:
        raise CommandFailed("settings-invalid", f"The demo's secrets are not in the environment: {', '.join(missing)}.")
    in_store(lambda store: load_demo(store, os.environ))


@db.command()
def upgrade() -> None:
    """Bring the schema up to date."""
    from sqlalchemy import NullPool, create_engine

    from onefold.settings import UpgradeSettings, read
    from store.grants import role_of
    from store.migrate import upgrade as run_migrations

    settings = read(UpgradeSettings)
    application, owner = (
        create_engine(url.get_secret_value(), hide_parameters=True, poolclass=NullPool)
        for url in (settings.database_url, settings.owner_database_url or settings.database_url)
    )
    revision = run_migrations(owner, settings.ledger_keyring, role_of(application))
    typer.echo(f"The schema is at revision {revision}.")


def main() -> None:
    """Exits as the README's table says, and with 130 at Ctrl-C."""
    try:
        code = _run()
    finally:
        # A process that used the Temporal SDK can crash at exit if garbage is left.
        gc.collect()
    sys.exit(code)


@cache
def _command() -> Callable[..., object]:
    """Made once: of so many commands it takes longer than most of them run."""
    return get_command(app)


def _run() -> str | int | None:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a value may not fit the locale
    try:
        _command()(prog_name=own_name())
    except SystemExit as ended:
        return ended.code
    except Exception as error:
        return tell(error)
    return 0
