"""`onefold invariants`: checks the design's invariants on a live database."""

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from onefold.commands.failures import CommandFailed
from onefold.commands.running import in_store

if TYPE_CHECKING:
    from store.engine import Store

_GRACE = timedelta(minutes=1)
_MOST = 10_000  # open at once: more would be a page of its own
_SENTENCES = {
    0: "each chain is gapless, and every entry names the one before it",
    1: "every device belongs to one live contact, and no merge lost one",
    2: "an identity resolves to at most one live contact",
    3: "absorbed contacts lead to a live one and are frozen",
    4: "one merge.executed per absorbed contact, and the reverse",
    5: "every value is in the result or named as lost",
    6: "replaying the snapshots gives the recorded result, and the live row",
    7: "the executed plan is the one that the merge shows",
    9: "what ended without a change changed nothing",
    10: "every done request has one entry and one answer",
    11: "no open request without a running workflow, nor the reverse",
    12: "nothing belongs to two databases",
    13: "no personal value in the hashed bytes",
}


def invariants(as_json: Annotated[bool, typer.Option("--json", help="For a script.")] = False) -> None:
    """Check the invariants on the live database: exit code 1 if one is violated, with the ids that violate it."""
    from store.invariants import Report, Violation, check

    console = Console(stderr=True)

    async def work(store: "Store") -> Report:
        with Progress(console=console, transient=True, disable=as_json or not console.is_terminal) as progress:
            task = progress.add_task("Recomputing ledger entries", total=None)
            report = await check(store, lambda done: progress.advance(task, done))
        orphans = await _orphans(store)
        return Report(report.checked, report.violations + [Violation(11, what) for what in orphans])

    report = in_store(work)
    if as_json:
        violations = [{"invariant": one.invariant, "what": one.what} for one in report.violations]
        typer.echo(json.dumps({"checked": report.checked, "violations": violations}))
    else:
        _print(report.checked, [(one.invariant, one.what) for one in report.violations])
    raise typer.Exit(1 if report.violations else 0)


def _print(checked: dict[str, int], violations: list[tuple[int, str]]) -> None:
    broken = {number for number, _ in violations}
    for number, sentence in _SENTENCES.items():
        label = f"{number:>2}" if number else "  "
        typer.echo(f"{'VIOLATED' if number in broken else 'holds   '} {label}  {sentence}")
    for number, what in violations:
        typer.echo(f"  {number}: {what}", err=True)
    typer.echo("Checked {contacts} contacts, {merges} merges, {entries} ledger entries.".format(**checked))


async def _orphans(store: "Store") -> list[str]:
    """Open requests without a running workflow for more than a minute, and running workflows of done requests."""
    from temporalio.client import WorkflowExecutionStatus
    from temporalio.service import RPCError

    from api.gateway import MERGE_ID
    from onefold import temporal
    from store.merges import read_merge, read_merges
    from workflows.establish_identity import NAME

    old = datetime.now(UTC) - _GRACE
    query = f"WorkflowType = '{NAME}' AND ExecutionStatus = 'Running'"
    async with store.transaction() as connection:
        open_merges = await read_merges(connection, None, state="merging", limit=_MOST)
    open_ids = {str(merge.id) for merge in open_merges}
    running, closed = set(), []
    try:
        client = await temporal.connect(None)
        async for run in client.list_workflows(query):
            merge_id = run.typed_search_attributes.get(MERGE_ID)
            running.add(merge_id)
            if run.start_time < old and merge_id not in open_ids:
                # Asked again: a run that began before the rows were read may have ended since.
                described = await client.get_workflow_handle(run.id, run_id=run.run_id).describe()
                if described.status is WorkflowExecutionStatus.RUNNING:
                    closed.append(f"a workflow runs for merge {merge_id}, which is not open")
    except (RPCError, RuntimeError):
        raise CommandFailed("temporal-unreachable", "Temporal does not answer: `onefold doctor` says why.") from None
    orphaned = [merge for merge in open_merges if merge.requested < old and str(merge.id) not in running]
    async with store.transaction() as connection:
        still = [merge.id for merge in orphaned if (await read_merge(connection, merge.id)).outcome is None]
    return [f"merge {merge_id} is open and no workflow runs for it" for merge_id in still] + closed
