"""`onefold audit receipt` and `onefold audit key`: what somebody holds against the record."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onefold.commands.api_client import RequestersToken, Url, as_requester
from onefold.commands.failures import CommandFailed
from onefold.commands.output import Json, console, print_facts, print_json

if TYPE_CHECKING:
    from ledger.checkpoint import Checkpoint
    from ledger.entry import Receipt
    from ledger.note import VerifierKey

_MEMBERS = ("database", "seq", "entry_hash")
_FORM = '{"database": 10000, "seq": 1, "entry_hash": "..."}'


def receipt(
    file: Annotated[
        Path | None, typer.Argument(help="An answer, or the receipt in it; - reads standard input.")
    ] = None,
    database: Annotated[int | None, typer.Option(help="In place of a file, with --seq and --hash.")] = None,
    seq: Annotated[int | None, typer.Option(help="Its number in the chain.")] = None,
    entry_hash: Annotated[str | None, typer.Option("--hash", help="Its hash.")] = None,
    key: Annotated[
        str | None, typer.Option(envvar="ONEFOLD_VERIFIER_KEY", help="What `onefold audit key` prints, from who signs.")
    ] = None,
    url: Url = None,
    token: RequestersToken = None,
    as_json: Json = False,
) -> None:
    """Check a receipt: is its entry in the chain, and under a checkpoint whose signature and proof hold."""
    from ledger.unreadable import UNREADABLE

    held = _held(file, (database, seq, entry_hash))
    found = as_requester(url, token).ask("POST", "/v1/receipts/check", body=held.document()).body
    try:
        checkpoint = _proven(found, held, key) if found["checkpoint"] and key else None
        facts = _facts(found, held, checkpoint)
    except UNREADABLE:
        raise CommandFailed("api-strange", "The API answered in another form than Onefold's does.") from None
    if as_json:
        print_json({**found, "proven": checkpoint is not None})
    else:
        print_facts(console(), facts)


def key() -> None:
    """Print the key that verifies checkpoints and exports. Hand it to auditors by another way than these."""
    from onefold.checkpoint_settings import CheckpointSettings
    from onefold.commands.running import servers_of_this_folder
    from onefold.settings import read

    with servers_of_this_folder():
        signing_key = read(CheckpointSettings).signing_key
    if signing_key is None:
        raise CommandFailed("settings-invalid", "ONEFOLD_CHECKPOINT_KEY is not set: ask where the worker runs.")
    typer.echo(str(signing_key.verifier))


def _held(file: Path | None, fields: tuple[int | None, int | None, str | None]) -> "Receipt":
    """The one receipt that was given, by itself or in the answer that carried it."""
    from ledger.receipts import receipts_in

    text = json.dumps(dict(zip(_MEMBERS, fields, strict=True))) if file is None else _text(file)
    held = list(receipts_in(text))
    if len(held) != 1:
        raise CommandFailed("receipt-invalid", f"One receipt is wanted, there are {len(held)}: it reads {_FORM}.")
    return held[0]


def _text(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except OSError as error:
        raise CommandFailed("file-not-read", f"{file} cannot be read: {error.strerror}.") from None


def _proven(found: dict[str, Any], held: "Receipt", key: str) -> "Checkpoint":
    """The checkpoint, whose signature and proof are checked here, whatever the API says of them."""
    from ledger.checkpoint import open_checkpoint, origin_of
    from ledger.note import NoteRefused
    from ledger.tree import verify_inclusion

    verifier, answered = _verifier(key), found["checkpoint"]
    try:
        checkpoint = open_checkpoint(answered["note"], [verifier])
    except NoteRefused as refused:
        raise CommandFailed("checkpoint-refused", f"The checkpoint that was answered {refused}.") from None
    if checkpoint.origin != origin_of(verifier.name, held.database_id):
        raise CommandFailed("checkpoint-refused", "The checkpoint that was answered is another chain's.")
    proof = [bytes.fromhex(one) for one in answered["inclusionProof"]]
    if not verify_inclusion(held.entry_hash, held.seq - 1, checkpoint.size, proof, checkpoint.root):
        raise CommandFailed(
            "proof-refused", "The proof that was answered does not lead from the receipt to the signed root."
        )
    return checkpoint


def _verifier(key: str) -> "VerifierKey":
    from ledger.note import KeyRefused, VerifierKey

    try:
        return VerifierKey.parse(key)
    except KeyRefused as refused:
        raise CommandFailed("key-invalid", f"The verifier key cannot be used: {refused}.") from None


def _facts(found: dict[str, Any], held: "Receipt", proven: "Checkpoint | None") -> list[tuple[str, str]]:
    entry = f"{held.seq} of database {held.database_id}, {found['kind']}"
    merge = [("merge", found["mergeId"])] if found["mergeId"] else []
    return [("entry", entry), ("at", found["at"]), *merge, ("checkpoint", _told(found["checkpoint"], proven))]


def _told(answered: dict[str, Any] | None, proven: "Checkpoint | None") -> str:
    if answered is None:
        return "none covers it yet: ask again in some seconds"
    if proven is None:
        return f"over {answered['size']} entries, says the API; with --key its signature and proof are checked here"
    return f"over {proven.size} entries of {proven.origin}: its signature holds, and the proof leads to its root"
