"""Checks one database's chain from its first entry to its last, whoever hands them over: a database or a file."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.ruleset import RULESET
from domain.text import count
from ledger import sealed
from ledger.approvals import Approvals
from ledger.disclosure import disclosed
from ledger.entry import Entry, Head, Receipt
from ledger.findings import Finding, FindingKind
from ledger.merge_record import KINDS
from ledger.order import Order
from ledger.recompute import merge_faults, named_before, own_faults
from ledger.unreadable import UNREADABLE
from ledger.witnesses import Signers, Witnesses

_SETTLED = frozenset(KINDS.values())
_EXECUTED = "merge.executed"
_BY_INVARIANT = {8: FindingKind.DECISION, 13: FindingKind.DISCLOSED}

_Told = tuple[FindingKind, int | None, str]


@dataclass(frozen=True)
class Beside:
    """What is held against the chain from the same database.

    `absorbed`: each absorbed contact and whose id it leads to. `people`: whose a token is, or who answers for it.
    `values`: the values lie beside the entries, so that merges can be replayed.
    """

    absorbed: Mapping[int, int]
    people: Mapping[str, int | None] = field(default_factory=dict)
    values: bool = True


@dataclass(frozen=True)
class Counts:
    """What was looked at."""

    entries: int = 0
    replayed: int = 0
    checkpoints: int = 0
    receipts: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.entries + other.entries,
            self.replayed + other.replayed,
            self.checkpoints + other.checkpoints,
            self.receipts + other.receipts,
        )

    def sentence(self) -> str:
        return (
            f"Checked {count(self.entries, 'entry', 'entries')}, replayed {count(self.replayed, 'request')}, compared"
            f" {count(self.checkpoints, 'checkpoint')} and {count(self.receipts, 'receipt')}."
        )


class Verification:
    """Feed it the checkpoints and receipts, then each entry, then the end; each answers with what it found."""

    def __init__(self, database_id: int, signers: Signers, beside: Beside) -> None:
        self.database_id = database_id
        self._beside = beside
        self._order = Order()
        self._witnesses = Witnesses(signers)
        self._approvals = Approvals(beside.people)
        self._absorbed = dict(beside.absorbed)
        self._entries = 0
        self._replayed = 0

    @property
    def counts(self) -> Counts:
        return Counts(self._entries, self._replayed, self._witnesses.compared, self._witnesses.receipts)

    @property
    def head(self) -> Head:
        """The entry at the highest place so far."""
        return self._order.head

    def expect(self, notes: Iterable[str], source: str) -> list[Finding]:
        """Checkpoints that lay there, which have to be known before the entries that they cover are taken."""
        return [one for note in notes for one in self._findings(self._witnesses.expect(note, source))]

    def expect_receipt(self, receipt: Receipt, source: str) -> list[Finding]:
        if receipt.database_id != self.database_id:
            what = f"the receipt of {source} is of database {receipt.database_id}"
            return self._findings([(FindingKind.RECEIPT, None, what)])
        self._witnesses.expect_receipt(receipt, source)
        return []

    def take(self, entry: Entry) -> list[Finding]:
        return self._findings(self._take(entry))

    def end(self, head: Head) -> list[Finding]:
        """`head`: where the chain is said to end."""
        return self._findings(self._end(head))

    def _take(self, entry: Entry) -> Iterator[_Told]:
        self._entries += 1
        yield from ((FindingKind.ALTERED, entry.seq, what) for what in own_faults(entry))
        place = [(kind, entry.seq, what) for kind, what in self._order.take(entry, named_before(entry))]
        yield from place
        yield from self._witnesses.take(entry, in_place=self._order.whole)
        if FindingKind.DUPLICATED not in {kind for kind, _, _ in place}:
            yield from self._contents(entry)

    def _contents(self, entry: Entry) -> Iterator[_Told]:
        try:
            document = json.loads(entry.canonical)
            if entry.kind in _SETTLED:
                yield from self._settled(entry, document)
            elif entry.kind == sealed.KIND:
                yield from self._sealed(entry, document)
            else:
                yield FindingKind.UNKNOWN, entry.seq, f"is of the kind {entry.kind}, which is not known here"
        except UNREADABLE:
            yield FindingKind.RECOMPUTED, entry.seq, "has a body that cannot be read"

    def _settled(self, entry: Entry, document: Any) -> Iterator[_Told]:
        body = document["body"]
        yield from self._approvals.take(entry.seq, document)
        if entry.kind == _EXECUTED:
            yield from self._absorption(entry.seq, body)
        if body["ruleset"] != RULESET:
            yield FindingKind.UNKNOWN, entry.seq, f"names the ruleset {body['ruleset']}, which is not known here"
        elif not self._beside.values:
            yield from _disclosures(entry, document)
        elif _committed(body) != {payload.commitment(path) for payload in entry.payloads for path in payload.values}:
            yield FindingKind.VALUES, entry.seq, "has other values beside it than it commits to"
        else:
            self._replayed += 1
            for fault in merge_faults(entry):
                yield _BY_INVARIANT.get(fault.invariant, FindingKind.RECOMPUTED), entry.seq, fault.what

    def _sealed(self, entry: Entry, document: Any) -> Iterator[_Told]:
        for event in document["body"]["events"]:
            self._approvals.take_event(event)
        yield from _disclosures(entry, document)

    def _absorption(self, seq: int, body: Any) -> Iterator[_Told]:
        absorbed, survivor = int(body["absorbed"]), int(body["survivor"])
        into = self._absorbed.pop(absorbed, None)
        if into is None:
            yield FindingKind.BIJECTION, seq, f"absorbed contact {absorbed}, which lives, or was absorbed before"
        elif into != survivor:
            yield FindingKind.BIJECTION, seq, f"absorbed contact {absorbed} into {survivor}, and it leads to {into}"

    def _end(self, head: Head) -> Iterator[_Told]:
        for gap in self._order.missing():
            others = f", nor are those up to {gap.stop - 1}" if len(gap) > 1 else ""
            yield FindingKind.MISSING, gap.start, f"is not there{others}"
        if self.head.seq < head.seq:
            yield FindingKind.CUT, None, f"ends at entry {self.head.seq}, and is said to end at {head.seq}"
        elif self.head != head:
            yield (
                FindingKind.REWRITTEN,
                self.head.seq,
                f"is not the entry that the chain is said to end with, {head.seq}",
            )
        yield from self._witnesses.end(self.head)
        yield from self._approvals.end()
        for contact, into in self._absorbed.items():
            yield FindingKind.BIJECTION, None, f"contact {contact} was absorbed by {into}, and no entry tells of it"

    def _findings(self, told: Iterable[_Told]) -> list[Finding]:
        return [Finding(kind, self.database_id, seq, what) for kind, seq, what in told]


def _disclosures(entry: Entry, document: Any) -> Iterator[_Told]:
    """Told without the values, which no forger would have named."""
    for member in disclosed(document, frozenset()):
        yield FindingKind.DISCLOSED, entry.seq, f"may have a personal value in its hashed bytes, at {member}"


def _committed(body: Any) -> set[str]:
    """Every commitment that a settled request's body names."""
    rows = [*body["fields"], *body["identities"]]
    named = [body["request"], body["plan"], body["result"], *(one["snapshot"] for one in body["contacts"])]
    return {one for one in (*named, *(row[side] for row in rows for side in ("older", "newer"))) if one is not None}
