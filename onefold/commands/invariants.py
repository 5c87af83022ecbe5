"""`onefold invariants`: checks the design's invariants on a live database."""

from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import Progress

from onefold.commands.failures import ERROR, UNREACHABLE, CommandFailed
from onefold.commands.output import Json, print_json
from onefold.commands.running import in_record
from onefold.typed import typed

if TYPE_CHECKING:
    from domain.findings import Finding
    from store.engine import Store

_SENTENCES = {
    0: "each chain is gapless, and every entry names the one before it",
    1: "every device belongs to one live contact, and no merge lost one",
    2: "an identity resolves to at most one live contact",
    3: "absorbed contacts lead to a live one and are frozen",
    4: "one merge.executed per absorbed contact, and the reverse",
    5: "every value is in the result or named as lost",
    6: "replaying the snapshots gives the recorded result, and the live row",
    7: "the executed plan is the one that the merge shows",
    8: "what a person was asked about, somebody else approved in time",
    9: "what ended without a change changed nothing",
    10: "every done request has one entry and one answer",
    11: "no open request without a running workflow, nor the reverse",
    12: "nothing belongs to two databases",
    13: "no personal value in the hashed bytes",
}


def invariants(as_json: Json = False) -> None:
    """Check the invariants on the live database: exit code 1 if one is violated, with the ids that violate it."""
    from store.invariants import Report, Violation, check

    console = Console(stderr=True)

    async def work(store: "Store") -> Report:
        with Progress(console=console, transient=True, disable=as_json or not console.is_terminal) as progress:
            task = progress.add_task("Recomputing ledger entries", total=None)
            report = await check(store, lambda done: progress.advance(task, done))
        orphans = await _orphans(store)
        return Report(report.checked, report.violations + [Violation(11, what) for what in orphans])

    report = in_record(work)
    if as_json:
        violations = [{"invariant": one.invariant, "what": one.what} for one in report.violations]
        print_json({"checked": report.checked, "violations": violations})
    else:
        _print(report.checked, [(one.invariant, one.what) for one in report.violations])
    raise typer.Exit(ERROR if report.violations else 0)


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
    from temporalio.service import RPCError

    from domain.errors import ServiceUnavailable
    from onefold import temporal
    from onefold.orphans import GRACE, orphans

    try:
        found = await orphans(store, await temporal.connect(None), GRACE)
    except (RPCError, RuntimeError, ServiceUnavailable):
        raise CommandFailed(
            "temporal-unreachable", f"Temporal does not answer: `{typed('doctor')}` says why.", UNREACHABLE
        ) from None
    return sorted(_sentence(one.finding) for one in found)


def _sentence(finding: "Finding") -> str:
    from domain.findings import FindingKind

    if finding.kind is FindingKind.RUN_MISSING:
        return f"merge {finding.merge_id} is open and no workflow runs for it"
    if finding.merge_id is None:
        return f"a workflow runs for no merge, as {finding.named}"
    return f"a workflow runs for merge {finding.merge_id}, which is not open"
