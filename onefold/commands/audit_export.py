"""`onefold audit export`: one database's record as a file that anybody can check without us."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from onefold.commands.failures import CommandFailed
from onefold.commands.output import Json, print_json
from onefold.commands.running import in_record, in_store

if TYPE_CHECKING:
    from ledger.note import SigningKey
    from onefold.export_file import Made
    from store.engine import Store

AuditorsToken = Annotated[
    str, typer.Option("--token", envvar="ONEFOLD_AUDITOR_TOKEN", help="Your own token; better not typed here.")
]


def export(
    database: Annotated[int, typer.Option(help="Whose record it is.", min=1, max=2**63 - 1)],
    out: Annotated[Path, typer.Option(help="The file to write; it must not be there yet.")],
    token: AuditorsToken,
    values: Annotated[
        bool, typer.Option("--values", help="With the values, in clear: merges can then be replayed.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Export a database's record, signed, and put on record who did. Check it with `onefold audit verifier`'s file."""
    from onefold.export_file import Order, export_to
    from store import exports, tokens

    console = Console(stderr=True)

    async def work(store: "Store", folder: Path) -> "Made":
        by, exists = await tokens.authenticate(store, token, database)
        exports.demand_exporter(by, database, exists=exists, values=values)
        with Progress(console=console, transient=True, disable=as_json or not console.is_terminal) as progress:
            task = progress.add_task("Exporting entries", total=None)
            order = Order(database, values, by, _signing_key())
            return await export_to(store, order, folder, lambda done, of: progress.update(task, advance=done, total=of))

    if out.exists():  # an export is evidence
        raise CommandFailed("file-exists", f"{out} is there already, and an export is never written over.")
    try:
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".onefold-export-") as folder:
            connected = in_record if values else in_store
            made = connected(lambda store: work(store, Path(folder)))
            made.path.chmod(0o600)
            made.path.rename(out)
    except OSError as error:
        raise CommandFailed("file-not-written", f"{out} cannot be written: {error.strerror}.") from None
    _tell(made, out, as_json=as_json)


def _tell(made: "Made", out: Path, *, as_json: bool) -> None:
    manifest = made.manifest
    head = manifest.head.entry_hash.hex()
    if as_json:
        facts = {"file": str(out), "origin": manifest.origin, "entries": manifest.head.seq, "head": head}
        print_json({**facts, "values": manifest.values, "unreadable": made.unreadable, "key": str(made.key)})
        return
    typer.echo(f"{out}: {manifest.head.seq} entries, up to {head}.")
    typer.echo(f"Whoever checks it needs the verifier key, from you and not from the file: {made.key}")
    if made.unreadable:
        what = f"The values of {made.unreadable} entries could not be decrypted and are not in it."
        typer.echo(f"{what} If that is a surprise, look at ONEFOLD_LEDGER_KEYS.", err=True)


def _signing_key() -> "SigningKey":
    from onefold.checkpoint_settings import CheckpointSettings
    from onefold.settings import read

    key = read(CheckpointSettings).signing_key
    if key is None:
        raise CommandFailed(
            "settings-invalid", "ONEFOLD_CHECKPOINT_KEY is not set: an export is signed with the worker's key."
        )
    return key
