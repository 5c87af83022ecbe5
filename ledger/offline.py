"""The offline verifier's command line: what `python onefold-verify.pyz` runs. Needs no database and no network."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from domain.times import rfc3339
from domain.visible import visible
from ledger.export_check import ExportCheck, Kept, Verdict
from ledger.export_reader import NoExport
from ledger.findings import Finding, FindingKind, counted, exit_code, told
from ledger.note import KeyRefused, VerifierKey

_EACH = 1000


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    asked = _parser().parse_args(arguments)
    try:
        check = ExportCheck(asked.export, asked.key, _Progress().advance)
    except NoExport as error:
        findings = [Finding(FindingKind.UNREADABLE, None, None, f"{asked.export}: {error}")]
        _print(json.dumps(_document(findings)) if asked.json else "\n".join(told(findings)))
        return exit_code(findings)
    verdict = check.run(asked.checkpoint, asked.receipt)
    if asked.json:
        _print(json.dumps({**_document(verdict.findings), **_facts(verdict)}))
    else:
        for line in (*told(verdict.findings), *_summary(verdict)):
            _print(line)
    return exit_code(verdict.findings)


def exit_codes() -> Iterator[tuple[int, str, str]]:
    """Every exit code but those of misuse: the code, its word, and what to think of it."""
    yield 0, "nothing found", "What was checked is as it was written; the last lines say what was not checked."
    yield from ((kind.exit_code, kind.word, kind.advice) for kind in FindingKind)


def _parser() -> argparse.ArgumentParser:
    codes = "\n".join(f"  {code:>2}  {word:<13} {advice}" for code, word, advice in exit_codes())
    parser = argparse.ArgumentParser(
        prog="onefold-verify.pyz",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Checks an export of Onefold's ledger offline, and replays its merges.",
        epilog=f"exit codes; of several findings, the first in this list:\n   2  usage\n{codes}",
    )
    parser.add_argument("export", type=Path, help="the file that `onefold audit export` made")
    parser.add_argument(
        "--key", required=True, action="append", type=_key, help="the verifier key, name+id+key; repeatable"
    )
    parser.add_argument(
        "--checkpoint", default=[], action="append", type=_kept, metavar="FILE", help="checkpoints kept elsewhere"
    )
    parser.add_argument(
        "--receipt", default=[], action="append", type=_kept, metavar="FILE", help="receipts that callers kept, JSON"
    )
    parser.add_argument("--json", action="store_true", help="for a script")
    return parser


def _key(text: str) -> VerifierKey:
    try:
        return VerifierKey.parse(text)
    except KeyRefused as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _kept(name: str) -> Kept:
    try:
        return Kept(name, Path(name).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise argparse.ArgumentTypeError(f"{name} cannot be read: {error}") from None


def _document(findings: list[Finding]) -> dict[str, object]:
    return {"exitCode": exit_code(findings), "findings": [finding.document() for finding in findings]}


def _facts(verdict: Verdict) -> dict[str, object]:
    manifest, counts = verdict.manifest, verdict.counts
    return {
        "database": manifest.database_id,
        "made": rfc3339(manifest.made),
        "head": {"seq": manifest.head.seq, "entry_hash": manifest.head.entry_hash.hex()},
        "entries": counts.entries,
        "replayed": counts.replayed,
        "checkpoints": counts.checkpoints,
        "receipts": counts.receipts,
        "notProven": verdict.not_proven,
    }


def _summary(verdict: Verdict) -> Iterator[str]:
    manifest = verdict.manifest
    found = counted(verdict.findings)
    yield f"{found} in the record of database {manifest.database_id}, exported {rfc3339(manifest.made)}."
    yield f"It ends with {manifest.head.entry_hash.hex()}. {verdict.counts.sentence()}"
    yield from (f"Not proven: {what}." for what in verdict.not_proven)


def _print(text: str) -> None:
    for line in text.splitlines():
        sys.stdout.write(f"{visible(line)}\n")


class _Progress:
    """A count on the terminal; nothing where standard error is no terminal."""

    def __init__(self) -> None:
        self._done = 0

    def advance(self, entries: int) -> None:
        self._done += entries
        if self._done % _EACH == 0 and sys.stderr.isatty():
            sys.stderr.write(f"\r{self._done} entries checked\r")
            sys.stderr.flush()
