"""`onefold reconcile`: looks at once for what the worker's reconciler looks for each minute."""

import asyncio
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from domain.text import count
from onefold.commands.failures import ERROR, REFUSED, UNREACHABLE, CommandFailed
from onefold.commands.output import Json, print_json
from onefold.commands.running import run, servers_of_this_folder, settings, without_logs
from onefold.typed import typed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from temporalio.client import Client

    from onefold.reconciler import Reconciler
    from onefold.settings import Settings
    from store.reconciliation import Noted

_UNTIL_HEALED = 2.0


def reconcile(
    start: Annotated[
        UUID | None,
        typer.Option(metavar="ID", help="Start a run for this open merge that has lost its own, whatever came later."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare merges, workflows, ledger and contacts; heal what is safe, name the rest: exit code 1 if any is left."""
    from domain.findings import ADVICE, TOLD

    with without_logs(), servers_of_this_folder():
        left = run(_reconcile(settings(), start))
    if as_json:
        print_json([_document(one) for one in left])
    elif not left:
        typer.echo("Merges, workflows, ledger and contacts go together.")
    for kind in [] if as_json else dict.fromkeys(one.finding.kind for one in left):
        typer.echo(f"{TOLD[kind]}\n  {ADVICE[kind]}")
        for one in left:
            if one.finding.kind is kind:
                typer.echo(f"  - {_named(one)}")
    raise typer.Exit(ERROR if left else 0)


async def _reconcile(settings: "Settings", start: UUID | None) -> "Sequence[Noted]":
    from onefold.reconciler import Reconciler
    from onefold.worker import gateway
    from store import reconciliation
    from store.engine import Store

    store = Store.connect(settings.database_url.get_secret_value(), pool_size=2, ledger_keys=settings.ledger_keyring)
    try:
        reconciler = Reconciler(store, gateway(await _client(settings), settings))
        if start is not None:
            await _start(reconciler, start)
        await reconciler.compare_ledger()
        if await reconciler.reconcile():
            await asyncio.sleep(_UNTIL_HEALED)
            await reconciler.reconcile()
        return await reconciliation.current(store, None)
    finally:
        await store.close()


async def _client(settings: "Settings") -> "Client":
    from temporalio.service import RPCError

    from onefold import temporal

    try:
        return await temporal.connect(settings.codec_keyring)
    except (RPCError, RuntimeError):
        raise CommandFailed(
            "temporal-unreachable", f"Temporal does not answer: `{typed('doctor')}` says why.", UNREACHABLE
        ) from None


async def _start(reconciler: "Reconciler", merge_id: UUID) -> None:
    from store.merges import read_merge

    async with reconciler.store.statements() as connection:
        merge = await read_merge(connection, merge_id)
    if merge.outcome is not None:
        raise CommandFailed("merge-done", f"The merge is done: {merge.outcome}. Nothing was started.", REFUSED)
    await reconciler.gateway.start_again(merge)


def _named(one: "Noted") -> str:
    merge = one.finding.merge_id and f"merge {one.finding.merge_id}"
    tried = f", tried to heal {count(one.attempts, 'time')}" if one.attempts else ""
    return f"{merge or one.finding.named}, since {one.first_seen:%Y-%m-%d %H:%M:%S} UTC{tried}"


def _document(one: "Noted") -> dict[str, object]:
    finding = one.finding
    return {
        "kind": finding.kind,
        "subject": finding.subject,
        "databaseId": finding.database_id,
        "mergeId": finding.merge_id,
        "firstSeen": one.first_seen,
        "lastSeen": one.last_seen,
        "attempts": one.attempts,
    }
