"""Checks an export with nothing but itself, a key, and what was kept elsewhere to hold it against."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ledger.checkpoint_file import notes_in
from ledger.export import ABSORBED, ENTRIES, TOKENS, Manifest, entry_from
from ledger.export_reader import Export
from ledger.findings import Finding, FindingKind
from ledger.note import NoteRefused, VerifierKey
from ledger.receipts import receipts_in
from ledger.unreadable import UNREADABLE
from ledger.verification import Beside, Counts, Verification
from ledger.witnesses import Signers


@dataclass(frozen=True)
class Kept:
    """A file that was kept elsewhere, checkpoints or receipts."""

    name: str
    text: str


@dataclass(frozen=True)
class Verdict:
    manifest: Manifest
    counts: Counts
    findings: list[Finding]
    not_proven: list[str]


class ExportCheck:
    """One run over an export; `progress` is told of each entry that is done."""

    def __init__(self, path: Path, keys: Sequence[VerifierKey], progress: Callable[[int], None]) -> None:
        """Raises NoExport."""
        self._export = Export(path)
        self._keys = keys
        self._progress = progress
        self._manifest = self._export.manifest
        self._findings: list[Finding] = []

    def run(self, checkpoints: Sequence[Kept], receipts: Sequence[Kept]) -> Verdict:
        with self._export:
            self._tell(self._export.faults(self._keys))
            signers = Signers(self._keys, self._manifest.origin)
            verification = Verification(self._manifest.database_id, signers, self._beside())
            for kept in checkpoints:
                self._expect_checkpoints(verification, kept)
            for kept in receipts:
                self._expect_receipts(verification, kept)
            self._chain(verification)
            self._findings += verification.end(self._manifest.head)
        not_proven = list(_not_proven(self._manifest, _reach(signers, checkpoints, receipts)))
        return Verdict(self._manifest, verification.counts, self._findings, not_proven)

    def _beside(self) -> Beside:
        absorbed: dict[int, int] = {}
        people: dict[str, int | None] = {}
        try:
            for one in self._export.documents(ABSORBED):
                absorbed[int(one["contact"])] = int(one["into"])
            for one in self._export.documents(TOKENS):
                people[one["token"]] = None if one["person"] is None else int(one["person"])
        except UNREADABLE:
            self._tell([(FindingKind.CONTENTS, None, f"{ABSORBED} or {TOKENS} cannot be read")])
        return Beside(absorbed, people, self._manifest.values)

    def _chain(self, verification: Verification) -> None:
        payloads = self._export.payloads()
        notes = self._export.notes()
        for number, line in enumerate(self._export.lines(ENTRIES), start=1):
            try:
                entry = entry_from(line, self._manifest.database_id)
            except ValueError as error:
                self._tell([(FindingKind.ALTERED, None, f"line {number} of {ENTRIES}: {error}")])
                continue
            self._findings += verification.expect(notes.up_to(entry.seq), "the export")
            self._findings += verification.take(replace(entry, payloads=payloads.of(entry.seq)))
            self._progress(1)
        self._findings += verification.expect(notes.others(), "the export")
        payloads.skip()
        self._tell(
            (FindingKind.VALUES, seq, "is not there, and values lie beside it") for seq in sorted(payloads.beside_none)
        )
        for file in (payloads, notes):
            if file.broken:
                self._tell([(FindingKind.CONTENTS, None, f"{file.name} cannot be read")])

    def _expect_checkpoints(self, verification: Verification, kept: Kept) -> None:
        notes = notes_in(kept.text)
        self._findings += verification.expect(notes, kept.name)
        if not notes:
            self._tell([(FindingKind.CHECKPOINT, None, f"{kept.name} holds no checkpoint")])

    def _expect_receipts(self, verification: Verification, kept: Kept) -> None:
        receipts = list(receipts_in(kept.text))
        for receipt in receipts:
            self._findings += verification.expect_receipt(receipt, kept.name)
        if not receipts:
            self._tell([(FindingKind.RECEIPT, None, f"{kept.name} holds no receipt")])

    def _tell(self, told: Iterable[tuple[FindingKind, int | None, str]]) -> None:
        self._findings += [Finding(kind, self._manifest.database_id, seq, what) for kind, seq, what in told]


def _reach(signers: Signers, checkpoints: Sequence[Kept], receipts: Sequence[Kept]) -> int:
    """The last entry that what was kept elsewhere covers: a receipt commits to all before it too."""
    held = [receipt.seq for kept in receipts for receipt in receipts_in(kept.text)]
    for note in (note for kept in checkpoints for note in notes_in(kept.text)):
        with suppress(NoteRefused):  # a finding already
            held.append(signers.open(note).size)
    return max(held, default=0)


def _not_proven(manifest: Manifest, reach: int) -> Iterator[str]:
    if not reach:
        yield (
            "that nothing was cut off or written anew before the export was made: whoever holds the signing key can."
            " Give checkpoints that were kept elsewhere: --checkpoint"
        )
    elif reach < manifest.head.seq:
        yield (
            f"that nothing was cut off or written anew after entry {reach} of {manifest.head.seq}: what was kept"
            " elsewhere reaches no further"
        )
    if not manifest.values:
        yield "that the merges follow from what was read: the export holds no values, so that nothing was replayed"
