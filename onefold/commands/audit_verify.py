"""`onefold audit verify`: the checks of the offline verifier on the live database, and against its other tables."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from onefold.commands.output import Json, print_json
from onefold.commands.running import in_record

if TYPE_CHECKING:
    from onefold.checkpoint_settings import CheckpointSettings
    from store.audit import Audit, Evidence
    from store.engine import Store

_Files = Annotated[list[typer.FileText] | None, typer.Option(help="Checkpoints that were kept elsewhere; repeatable.")]
_Receipts = Annotated[list[typer.FileText] | None, typer.Option(help="Receipts that callers kept, JSON; repeatable.")]


def verify(checkpoint: _Files = None, receipt: _Receipts = None, as_json: Json = False) -> None:
    """Check the whole record: chains, tree, checkpoints, receipts, every merge from its snapshots, absorbed contacts.

    Exit codes are the offline verifier's: 0 where nothing was found, else what was, the gravest first.
    """
    from ledger.findings import exit_code
    from onefold.checkpoint_settings import CheckpointSettings
    from onefold.settings import read
    from store.audit import audit

    console = Console(stderr=True)

    async def work(store: "Store") -> "Audit":
        evidence = _evidence(read(CheckpointSettings), checkpoint or [], receipt or [])
        with Progress(console=console, transient=True, disable=as_json or not console.is_terminal) as progress:
            task = progress.add_task("Checking entries", total=None)
            return await audit(store, evidence, lambda done: progress.advance(task, done))

    done = in_record(work)
    if as_json:
        print_json(_document(done))
    else:
        _tell(done)
    raise typer.Exit(exit_code(done.findings))


def _evidence(
    settings: "CheckpointSettings", checkpoints: Sequence[typer.FileText], receipts: Sequence[typer.FileText]
) -> "Evidence":
    from ledger.checkpoint_file import notes_in
    from ledger.receipts import receipts_in
    from onefold.places.folder import Folder
    from store.audit import Evidence

    def places(origin: str) -> Mapping[str, Sequence[str]]:
        files = (Folder(folder).file(origin) for folder in settings.checkpoint_folders)
        return {str(file): notes_in(file.read_text(encoding="utf-8")) for file in files if file.exists()}

    given = {file.name: notes_in(file.read()) for file in checkpoints}
    kept = {file.name: list(receipts_in(file.read())) for file in receipts}
    if nothing := [name for name, held in [*given.items(), *kept.items()] if not held]:
        raise typer.BadParameter(f"there is nothing of that kind in {nothing[0]}")
    keys = [settings.signing_key.verifier] if settings.signing_key else []
    return Evidence(settings.checkpoint_name, keys, places, given, kept)


def _document(done: "Audit") -> dict[str, object]:
    from ledger.findings import exit_code

    return {
        "exitCode": exit_code(done.findings),
        "findings": [finding.document() for finding in done.findings],
        "databases": [
            {
                "database": chain.database_id,
                "head": {"seq": chain.head.seq, "entry_hash": chain.head.entry_hash.hex()},
                "entries": chain.counts.entries,
                "replayed": chain.counts.replayed,
                "checkpoints": chain.counts.checkpoints,
                "receipts": chain.counts.receipts,
            }
            for chain in done.chains
        ],
        "notProven": done.not_proven,
    }


def _tell(done: "Audit") -> None:
    from domain.visible import visible
    from ledger.findings import counted, told
    from ledger.verification import Counts

    for line in told(done.findings):
        typer.echo(visible(line))
    counts = sum((chain.counts for chain in done.chains), Counts())
    found = counted(done.findings)
    typer.echo(f"{found} in the records of {len(done.chains)} databases. {counts.sentence()}")
    for what in done.not_proven:
        typer.echo(f"Not proven: {what}.")
