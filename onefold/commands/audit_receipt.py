"""`onefold audit receipt` and `onefold audit key`: what somebody holds against the record."""

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onefold.commands.api_client import RequestersToken, Url, as_requester
from onefold.commands.failures import CommandFailed
from onefold.commands.output import Json, console, print_facts, print_json

if TYPE_CHECKING:
    from ledger.checkpoint import Checkpoint
    from ledger.note import VerifierKey

_HASH = re.compile("[0-9a-f]{64}")
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
    fields = dict(zip(_MEMBERS, (database, seq, entry_hash), strict=True))
    held = _receipt(_read(file) if file else fields)
    found = as_requester(url, token).ask("POST", "/v1/receipts/check", body=held).body
    checkpoint = _proven(found, held, key) if found["checkpoint"] and key else None
    if as_json:
        print_json({**found, "proven": checkpoint is not None})
        return
    told = [("entry", f"{held['seq']} of database {held['database']}, {found['kind']}"), ("at", found["at"])]
    told += [("merge", found["mergeId"])] if found["mergeId"] else []
    print_facts(console(), [*told, ("checkpoint", _told(found["checkpoint"], checkpoint))])


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


def _read(file: Path) -> Any:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
        return json.loads(text)
    except OSError as error:
        raise CommandFailed("file-not-read", f"{file} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise CommandFailed("receipt-invalid", f"{file} holds no JSON: a receipt reads {_FORM}.") from None


def _receipt(given: Any) -> dict[str, Any]:
    """The receipt itself, or in an answer that carries it."""
    held = given.get("receipt", given) if isinstance(given, dict) else {}
    match held:
        case {"database": int(), "seq": int(), "entry_hash": str(text)} if _HASH.fullmatch(text):
            return {name: held[name] for name in _MEMBERS}
    raise CommandFailed("receipt-invalid", f"A receipt reads {_FORM}, 64 hexadecimal digits at its end.")


def _proven(found: dict[str, Any], held: dict[str, Any], key: str) -> "Checkpoint":
    """The checkpoint, whose signature and proof are checked here, whatever the API says of them."""
    from ledger.checkpoint import open_checkpoint
    from ledger.note import NoteRefused
    from ledger.tree import verify_inclusion

    verifier, answered = _verifier(key), found["checkpoint"]
    try:
        checkpoint = open_checkpoint(answered["note"], [verifier])
    except NoteRefused as refused:
        raise CommandFailed("checkpoint-refused", f"The checkpoint that was answered {refused}.") from None
    if checkpoint.origin != f"{verifier.name}/{held['database']}":
        raise CommandFailed("checkpoint-refused", "The checkpoint that was answered is another chain's.")
    proof = [bytes.fromhex(one) for one in answered["inclusionProof"]]
    leaf = bytes.fromhex(held["entry_hash"])
    if not verify_inclusion(leaf, held["seq"] - 1, checkpoint.size, proof, checkpoint.root):
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


def _told(answered: dict[str, Any] | None, proven: "Checkpoint | None") -> str:
    if answered is None:
        return "none covers it yet: ask again in some seconds"
    if proven is None:
        return f"over {answered['size']} entries, says the API; with --key its signature and proof are checked here"
    return f"over {proven.size} entries of {proven.origin}: its signature holds, and the proof leads to its root"
