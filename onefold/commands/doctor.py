"""`onefold doctor`: what is missing, and how to mend it."""

from typing import TYPE_CHECKING

import typer
from rich.table import Table
from rich.text import Text

from domain.text import count
from domain.visible import visible
from onefold.commands.failures import ERROR
from onefold.commands.output import Json, console, print_json
from onefold.commands.running import run as run_async
from onefold.commands.running import without_logs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onefold.checks.check import Check


def doctor(as_json: Json = False) -> None:
    """Check settings, ports, database, Temporal and clock, and say how to mend what is wrong.

    Changes nothing. Settings that the environment lacks are taken from the data folder of `onefold up`.
    """
    from onefold.checks.check import Status

    checks = _examine()
    problems = [check for check in checks if check.status is Status.PROBLEM]
    if as_json:
        listed = [
            {"name": check.name, "status": check.status.value, "detail": check.detail, "fix": check.fix}
            for check in checks
        ]
        print_json({"ok": not problems, "checks": listed})
    else:
        _print(checks)
        warnings = sum(check.status is Status.WARNING for check in checks)
        typer.echo(f"\n{count(len(problems), 'problem')}, {count(warnings, 'warning')}.")
    if problems:
        raise typer.Exit(ERROR)


def _examine() -> "list[Check]":
    from onefold.checks.database import check_database
    from onefold.checks.local_run import LocalRun, filled_in
    from onefold.checks.ports import check_ports
    from onefold.checks.settings import check_settings, data_folder, task_queue
    from onefold.checks.temporal import check_temporal

    run = LocalRun(data_folder())
    with filled_in(run.settings) as names, filled_in(run.ports):
        return [
            *check_settings(run, names),
            *check_ports(run),
            *check_database(run),
            *run_async(check_temporal(run, task_queue())),
            *_checkpoints(),
        ]


def _checkpoints() -> "list[Check]":
    from onefold.checks.checkpoints import check_checkpoints

    with without_logs():
        return run_async(check_checkpoints())


def _print(checks: "Sequence[Check]") -> None:
    made = Table.grid(padding=(0, 2, 0, 0))
    made.add_column(no_wrap=True)
    made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    for check in checks:
        made.add_row(check.status.value, check.name, Text(visible(check.detail), overflow="fold"))
        if check.fix:
            made.add_row("", "", Text(f"fix: {visible(check.fix)}", overflow="fold"))
    console().print(made)
