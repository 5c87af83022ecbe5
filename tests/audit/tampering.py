"""Every way in which an export is tampered with here, and what is to be found: the exit code and the sentence."""

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from ledger.export import ABSORBED, CHECKPOINTS, PAYLOADS
from ledger.findings import FindingKind
from tests.audit.tar import Document, Tar, rewritten

Lines = list[bytes]
Documents = list[Document]
SEALED = 7
"""The place of the entry in `exported` that seals events; before it lie two merges, at 1 and 4."""


@dataclass(frozen=True)
class Tampering:
    """`known`: the sizes of checkpoints that were kept elsewhere; `of_asked`: done to the record with decisions.

    `as_process`: checked by the file itself, which takes a second, and not by its code alone.
    """

    change: Callable[[Tar], Tar]
    kind: FindingKind
    sentence: str
    known: tuple[int, ...] = ()
    of_asked: bool = False
    as_process: bool = False
    receipts: tuple[Mapping[str, object], ...] = field(default=())


def _lines(change: Callable[[Lines], Lines], name: str = "entries.ndjson") -> Callable[[Tar], Tar]:
    return lambda tar: tar.changed(change, name)


def _rewritten(change: Callable[[Documents], Any]) -> Callable[[Tar], Tar]:
    """From the first change on, everything is made to fit."""

    def make(tar: Tar) -> Tar:
        documents = deepcopy(tar.documents())
        change(documents)
        return rewritten(tar, documents)

    return make


def _resealed_third(tar: Tar) -> Tar:
    """Another entry in its place, with a hash that fits it: only who comes after knows better."""

    def later(documents: Documents) -> None:
        documents[2]["at"] = documents[3]["at"]

    return tar.changed(lambda lines: [*lines[:2], _rewritten(later)(tar).lines()[2], *lines[3:]])


def _flip(line: bytes) -> bytes:
    """One bit, in the hash of the plan."""
    at = line.index(b'"plan":"') + 20
    return line[:at] + bytes([line[at] ^ 1]) + line[at + 1 :]


def _documents(name: str, change: Callable[[Documents], Any]) -> Callable[[Tar], Tar]:
    def make(tar: Tar) -> Tar:
        documents = tar.documents(name)
        change(documents)
        return tar.having(name, b"".join(json.dumps(one).encode() + b"\n" for one in documents))

    return make


def _decided_later(documents: Documents) -> None:
    decided = next(one for one in documents if one["body"].get("decision"))
    decided["body"]["decision"]["at"] = "2099-01-01T00:00:00Z"


def _decided_by_who_asked(documents: Documents) -> None:
    decided = next(one for one in documents if one["body"].get("decision", {}).get("kind") == "approve")
    decided["body"]["decision"]["token"] = decided["body"]["requester"]


def _nobody_decided(documents: Documents) -> None:
    decided = next(one for one in documents if one["body"].get("decision", {}).get("kind") == "approve")
    del decided["body"]["decision"]


def _nobody_recorded_the_decision(documents: Documents) -> None:
    """And the journal goes on."""
    sealed = next(one for one in documents if one["body"].get("events"))
    made = next(event for event in sealed["body"]["events"] if event["kind"] == "decision.made")
    sealed["body"]["events"].remove(made)
    sealed["body"]["events"][-1]["at"] = "2099-01-01T00:00:00Z"


def _approver_answers_for_the_service(documents: Documents) -> None:
    decided = next(one for one in documents if one["body"].get("decision", {}).get("kind") == "approve")
    made = [
        event
        for one in documents
        for event in one["body"].get("events", ())
        if event["kind"] == "token.created" and event["detail"]["token"] == decided["body"]["requester"]
    ]
    made[0]["detail"]["person"] = decided["body"]["decision"]["person"]


_AT_ANOTHER_TIME = _rewritten(lambda documents: documents[4].update(at="2099-01-01T00:00:00Z"))

TAMPERINGS: dict[str, Tampering] = {
    "a bit is flipped": Tampering(
        _lines(lambda lines: [*lines[:2], _flip(lines[2]), *lines[3:]]),
        FindingKind.ALTERED,
        "entry 3: has another hash than its bytes",
        as_process=True,
    ),
    "a line is no entry": Tampering(
        _lines(lambda lines: [*lines[:2], b"{}\n", *lines[3:]]),
        FindingKind.ALTERED,
        "line 3 of entries.ndjson: the line cannot be read",
    ),
    "one of the middle is dropped": Tampering(
        _lines(lambda lines: lines[:2] + lines[3:]), FindingKind.MISSING, "entry 3: is not there", as_process=True
    ),
    "more of the middle is dropped": Tampering(
        _lines(lambda lines: lines[:1] + lines[4:]),
        FindingKind.MISSING,
        "entry 2: is not there, nor are those up to 4",
    ),
    "the first is dropped": Tampering(_lines(lambda lines: lines[1:]), FindingKind.MISSING, "entry 1: is not there"),
    "the tail is dropped": Tampering(
        _lines(lambda lines: lines[:5]), FindingKind.CUT, "ends at entry 5, while", known=(3, SEALED), as_process=True
    ),
    "everything is dropped": Tampering(_lines(lambda lines: []), FindingKind.CUT, "ends at entry 0, while", known=(3,)),
    "two changed places": Tampering(
        _lines(lambda lines: [lines[0], lines[2], lines[1], *lines[3:]]),
        FindingKind.DISPLACED,
        "entry 2: stands behind entry 3",
        as_process=True,
    ),
    "one is there twice": Tampering(
        _lines(lambda lines: [*lines[:3], *lines[2:]]),
        FindingKind.DUPLICATED,
        "entry 3: is there once more",
        as_process=True,
    ),
    "one was replaced, its hash with it": Tampering(
        _resealed_third, FindingKind.UNLINKED, "entry 4: does not name the hash of the entry before it"
    ),
    "all was rewritten from the fifth on": Tampering(
        _AT_ANOTHER_TIME, FindingKind.REWRITTEN, "the first 6 entries are not those that", known=(4, 6), as_process=True
    ),
    "one was put in, the others numbered anew": Tampering(
        _rewritten(lambda documents: documents.insert(4, deepcopy(documents[4]))),
        FindingKind.REWRITTEN,
        "the first 6 entries are not those that",
        known=(6,),
    ),
    "a receipt is not included": Tampering(
        _AT_ANOTHER_TIME,
        FindingKind.RECEIPT,
        "entry 6: is not the entry that the receipt of",
        receipts=({"seq": 6},),
        as_process=True,
    ),
    "a receipt is of an entry that was cut off": Tampering(
        _lines(lambda lines: lines[: SEALED - 1]),
        FindingKind.RECEIPT,
        "is not there, while the receipt of",
        receipts=({"seq": SEALED},),
    ),
    "a receipt is of another database": Tampering(
        lambda tar: tar, FindingKind.RECEIPT, "is of database 77", receipts=({"seq": 1, "database": 77},)
    ),
    "a value was changed": Tampering(
        lambda tar: tar.having(PAYLOADS, tar.files[PAYLOADS].replace(b'"Burger"', b'"Salad"')),
        FindingKind.VALUES,
        "entry 1: has other values beside it than it commits to",
        as_process=True,
    ),
    "values were taken away": Tampering(
        _lines(lambda lines: lines[:-1], PAYLOADS), FindingKind.VALUES, "has other values beside it than it commits to"
    ),
    "a salt was changed": Tampering(
        _documents(PAYLOADS, lambda payloads: payloads[0].update(salt="00" * 32)),
        FindingKind.VALUES,
        "entry 1: has other values beside it than it commits to",
    ),
    "values lie beside no entry": Tampering(
        _documents(PAYLOADS, lambda payloads: payloads.append({**payloads[-1], "seq": "99"})),
        FindingKind.VALUES,
        "entry 99: is not there, and values lie beside it",
    ),
    "another rule was recorded": Tampering(
        _rewritten(lambda documents: documents[0]["body"]["fields"][0].update(rule="oldest", winner="older")),
        FindingKind.RECOMPUTED,
        "entry 1: records another plan or result than the ruleset gives",
    ),
    "a body is none": Tampering(
        _rewritten(lambda documents: documents[1].update(body={"fields": 1})),
        FindingKind.RECOMPUTED,
        "entry 2: has a body that cannot be read",
    ),
    "it was decided after it was done": Tampering(
        _rewritten(_decided_later), FindingKind.DECISION, "was settled before it was decided", of_asked=True
    ),
    "nobody decided, who had been asked": Tampering(
        _rewritten(_nobody_decided),
        FindingKind.DECISION,
        "was executed without a decision, after people had been asked for one",
        of_asked=True,
    ),
    "a decision is in no journal": Tampering(
        _rewritten(_nobody_recorded_the_decision),
        FindingKind.DECISION,
        "names a decision that the journal does not have",
        of_asked=True,
    ),
    "it was decided with the token that had asked": Tampering(
        _rewritten(_decided_by_who_asked), FindingKind.DECISION, "was decided by who had asked for it", of_asked=True
    ),
    "it was decided by who answers for the service that asked": Tampering(
        _rewritten(_approver_answers_for_the_service),
        FindingKind.DECISION,
        "was decided by who had asked for it",
        of_asked=True,
    ),
    "a contact was absorbed, and no entry tells of it": Tampering(
        _documents(ABSORBED, lambda absorbed: absorbed.append({"contact": "77", "into": "78"})),
        FindingKind.BIJECTION,
        "contact 77 was absorbed by 78, and no entry tells of it",
    ),
    "an absorbed contact lives": Tampering(
        _documents(ABSORBED, lambda absorbed: absorbed.pop(0)),
        FindingKind.BIJECTION,
        "entry 1: absorbed contact 1000, which lives, or was absorbed before",
    ),
    "an absorbed contact leads elsewhere": Tampering(
        _documents(ABSORBED, lambda absorbed: absorbed[0].update(into="77")),
        FindingKind.BIJECTION,
        "entry 1: absorbed contact 1000 into 1001, and it leads to 77",
    ),
    "an event tells a value": Tampering(
        _rewritten(lambda documents: documents[SEALED - 1]["body"]["events"][0]["detail"].update(note="a@b.example")),
        FindingKind.DISCLOSED,
        f"entry {SEALED}: may have a personal value in its hashed bytes, at detail.note",
    ),
    "the ruleset is newer": Tampering(
        _rewritten(lambda documents: documents[1]["body"].update(ruleset="establish-identity/9")),
        FindingKind.UNKNOWN,
        "entry 2: names the ruleset establish-identity/9, which is not known here",
    ),
    "the kind is newer": Tampering(
        _rewritten(lambda documents: documents[1].update(kind="contact.mended")),
        FindingKind.UNKNOWN,
        "entry 2: is of the kind contact.mended, which is not known here",
    ),
    "a file was put in": Tampering(
        lambda tar: tar.having("notes.txt", b"hello\n"), FindingKind.CONTENTS, "holds notes.txt, which no export does"
    ),
    "a file cannot be read": Tampering(
        lambda tar: tar.having(CHECKPOINTS, b"{}\n"), FindingKind.CONTENTS, "checkpoints.ndjson cannot be read"
    ),
}
"""By what was done."""
