"""What a check of the ledger can find, each kind with its exit code and what to think of it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

_SHOWN = 20


class FindingKind(Enum):
    """`exit_code`, what it is called, and what to think of it. Of several found, the first in this list is the exit."""

    UNREADABLE = (4, "unreadable", "This is no export, or not all of it: carry it here again and compare its size.")
    ALTERED = (10, "altered", "The record was changed after it was made, or on its way here.")
    DUPLICATED = (11, "duplicated", "An entry was copied in: the chain holds each place once.")
    DISPLACED = (12, "displaced", "Entries changed places: the order in which things happened is not what it says.")
    MISSING = (13, "missing", "Entries were taken out of the middle.")
    UNLINKED = (14, "unlinked", "What lies before this entry is not what lay there when it was written.")
    CUT = (
        15,
        "cut",
        "The end was taken off; or the record is older than what was given to hold it against: take a new one then.",
    )
    REWRITTEN = (
        16,
        "rewritten",
        "The record was written anew after this was signed. Keep the signed one: it is the proof.",
    )
    UNSIGNED = (
        17,
        "unsigned",
        "Either the key is not the one that was handed to you, or somebody else made this. Ask for the key elsewhere.",
    )
    CHECKPOINT = (18, "checkpoint", "This checkpoint proves nothing: its signer, chain or form is another.")
    RECEIPT = (19, "receipt", "What a caller was told was done is not in the record.")
    VALUES = (20, "values", "The values beside the entry were changed: the entry commits to others.")
    RECOMPUTED = (21, "recomputed", "The ruleset does not give what was recorded from what was read.")
    DECISION = (22, "decision", "Nobody who was entitled to decided so, or not in time.")
    BIJECTION = (
        23,
        "bijection",
        "Contacts are absorbed that no entry tells of, or an entry tells of what did not happen.",
    )
    EVENTS = (24, "events", "The journal beside the chain is not the one that was sealed into it.")
    DISCLOSED = (25, "disclosed", "A personal value may stand where none can be erased: tell the operator.")
    UNKNOWN = (26, "unknown", "Something newer wrote this: check it with the verifier of that version.")
    CONTENTS = (30, "contents", "The export's files are not those that were written: it was changed on its way.")
    LIVE = (40, "live", "The tables are not what the record says of them.")

    def __init__(self, exit_code: int, word: str, advice: str) -> None:
        self.exit_code = exit_code
        self.word = word
        self.advice = advice


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be, in a database's chain; `seq` None: not at one entry."""

    kind: FindingKind
    database_id: int | None
    seq: int | None
    what: str

    def sentence(self) -> str:
        where = [
            *([] if self.database_id is None else [f"database {self.database_id}"]),
            *([] if self.seq is None else [f"entry {self.seq}"]),
        ]
        return f"{', '.join(where)}: {self.what}" if where else self.what

    def document(self) -> dict[str, object]:
        return {
            "kind": self.kind.word,
            "database": self.database_id,
            "seq": self.seq,
            "what": self.what,
        }


def exit_code(findings: Iterable[Finding]) -> int:
    """0 where nothing was found."""
    found = {finding.kind for finding in findings}
    return next((kind.exit_code for kind in FindingKind if kind in found), 0)


def counted(findings: Sequence[Finding]) -> str:
    if not findings:
        return "Nothing wrong was found"
    return f"{len(findings)} finding{'s' if len(findings) > 1 else ''}"


def told(findings: Iterable[Finding]) -> Iterator[str]:
    """The findings as lines for a person, kind by kind, each kind with what to think of it."""
    listed = list(findings)
    for kind in FindingKind:
        of_kind = [finding for finding in listed if finding.kind is kind]
        if not of_kind:
            continue
        yield f"{kind.word.upper()} (exit code {kind.exit_code}). {kind.advice}"
        yield from (f"  {finding.sentence()}" for finding in of_kind[:_SHOWN])
        if len(of_kind) > _SHOWN:
            yield f"  and {len(of_kind) - _SHOWN} more"
