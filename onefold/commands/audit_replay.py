"""`onefold audit replay`: archived histories against the workflow as it is today."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import Progress

from domain.text import count
from onefold.commands.failures import ERROR
from onefold.commands.output import Json, print_json
from onefold.commands.running import run, servers_of_this_folder, settings, without_logs

if TYPE_CHECKING:
    from onefold.replaying import Replayed
    from onefold.settings import Settings
    from store.engine import Store
    from store.histories import ArchivedRun


def replay(
    merge_id: Annotated[UUID | None, typer.Argument(metavar="[MERGE]", help="This merge's alone; else all.")] = None,
    as_json: Json = False,
) -> None:
    """Replay archived histories against today's code: exit code 1 if one differs or can't be replayed.

    Needs no Temporal: only PostgreSQL and the keys that the histories were encrypted with.
    """
    with without_logs(), servers_of_this_folder():
        number, faults = run(_replay_all(settings(), merge_id, is_silent=as_json))
    if as_json:
        told = [{"mergeId": one.merge_id, "runId": one.run_id, "fault": one.fault} for one in faults]
        print_json({"replayed": number, "faults": told})
    else:
        for one in faults:
            typer.echo(f"merge {one.merge_id}, run {one.run_id}: {one.fault}", err=True)
        typer.echo(f"Replayed {count(number, 'run')}, {count(len(faults), 'fault')}.")
    if faults:
        raise typer.Exit(ERROR)


async def _replay_all(settings: "Settings", merge_id: UUID | None, *, is_silent: bool) -> "tuple[int, list[Replayed]]":
    """How many runs there were, and those with a fault."""
    from onefold.replaying import replay
    from store import histories
    from store.engine import Store

    console = Console(stderr=True)
    store = Store.connect(settings.database_url.get_secret_value(), pool_size=2, ledger_keys=settings.ledger_keyring)
    try:
        runs = _runs_of(store, merge_id) if merge_id else histories.all_runs(store)
        total = None if merge_id else await histories.count(store)
        with Progress(console=console, transient=True, disable=is_silent or not console.is_terminal) as progress:
            task = progress.add_task("Replaying histories", total=total)
            number, faults = 0, []
            async for one in replay(runs, settings.codec_keyring):
                number += 1
                if one.fault:
                    faults.append(one)
                progress.advance(task)
        return number, faults
    finally:
        await store.close()


async def _runs_of(store: "Store", merge_id: UUID) -> "AsyncIterator[ArchivedRun]":
    from store import histories
    from store.merges import read_merge

    async with store.statements() as connection:
        await read_merge(connection, merge_id)
    for one in await histories.runs_of(store, merge_id):
        yield one
