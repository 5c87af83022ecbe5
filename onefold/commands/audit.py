"""`onefold audit`: proof that the record is complete and untouched, and what to hand to those who check it."""

from pathlib import Path
from typing import Annotated

import typer

from onefold.commands import audit_export, audit_receipt, audit_replay, audit_verify
from onefold.commands.failures import CommandFailed

app = typer.Typer(no_args_is_help=True, help="Check the ledger, and hand it to others to check.")
app.command()(audit_verify.verify)
app.command()(audit_export.export)
app.command()(audit_receipt.receipt)
app.command()(audit_receipt.key)
app.command()(audit_replay.replay)


@app.command()
def verifier(
    out: Annotated[Path, typer.Option(help="Where to write it.")] = Path("onefold-verify.pyz"),
) -> None:
    """Write the offline verifier, one file: `python onefold-verify.pyz EXPORT --key KEY` needs no Onefold."""
    from onefold.verifier_file import write_verifier

    try:
        digest = write_verifier(out)
    except OSError as error:
        raise CommandFailed("file-not-written", f"{out} cannot be written: {error.strerror}.") from None
    typer.echo(f"{digest}  {out}")
