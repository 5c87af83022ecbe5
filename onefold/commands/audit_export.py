"""`onefold audit export`: one database's record as a file that anybody can check without us."""

import tempfile
from base64 import b64decode
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from onefold.commands.failures import CommandFailed
from onefold.commands.output import Json, print_json
from onefold.commands.running import in_store

if TYPE_CHECKING:
    from ledger.export import Manifest
    from ledger.note import SigningKey
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
    from ledger.checkpoint import origin_of
    from onefold.export_file import Order, export_to
    from store import exports, tokens

    key = _signing_key()
    console = Console(stderr=True)

    async def work(store: "Store", folder: Path) -> "tuple[Manifest, Path]":
        by, exists = await tokens.authenticate(store, token, database)
        exports.demand_exporter(by, database, exists=exists, values=values)
        with Progress(console=console, transient=True, disable=as_json or not console.is_terminal) as progress:
            task = progress.add_task("Exporting entries", total=None)
            order = Order(database, values, by, key)
            return await export_to(store, order, folder, lambda done, of: progress.update(task, advance=done, total=of))

    if out.exists():  # an export is evidence
        raise CommandFailed("file-exists", f"{out} is there already, and an export is never written over.")
    try:
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".onefold-export-") as folder:
            manifest, packed = in_store(lambda store: work(store, Path(folder)))
            packed.chmod(0o600)
            packed.rename(out)
    except OSError as error:
        raise CommandFailed("file-not-written", f"{out} cannot be written: {error.strerror}.") from None
    facts = {
        "file": str(out),
        "origin": origin_of(key.name, database),
        "entries": manifest.head.seq,
        "head": manifest.head.entry_hash.hex(),
        "values": values,
        "key": str(key.verifier),
    }
    if as_json:
        print_json(facts)
    else:
        typer.echo(f"{out}: {manifest.head.seq} entries, up to {manifest.head.entry_hash.hex()}.")
        typer.echo(f"Whoever checks it needs the verifier key, from you and not from the file: {key.verifier}")


def _signing_key() -> "SigningKey":
    from ledger.note import SigningKey
    from onefold.checkpoint_settings import CheckpointSettings
    from onefold.settings import read

    settings = read(CheckpointSettings)
    if settings.checkpoint_key is None:
        raise CommandFailed(
            "settings-invalid", "ONEFOLD_CHECKPOINT_KEY is not set: an export is signed with the worker's key."
        )
    return SigningKey(settings.checkpoint_name, b64decode(settings.checkpoint_key.get_secret_value()))
