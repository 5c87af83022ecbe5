"""Checks the live record: each chain by itself, against what was kept outside, and against the other tables."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.checkpoint import origin_of
from ledger.entry import Head, Receipt
from ledger.findings import Finding, FindingKind
from ledger.note import VerifierKey
from ledger.recompute import Fault
from ledger.verification import Beside, Counts, Verification
from ledger.witnesses import Signers
from store import shown_plans
from store.checkpoints import ChainHead, read_heads
from store.engine import Store
from store.invariants import NUMBERS, broken_in, whom
from store.walk import Walked, walk

_NOTES = text("""
    SELECT note FROM ledger_checkpoints WHERE database_id = :database_id AND origin = :origin
    AND size > :after AND size <= :until ORDER BY size
""")
_ABSORBED = text("SELECT id, merged_into FROM contacts WHERE database_id = :database_id AND merged_into IS NOT NULL")
_TOKENS = text("SELECT id, person_id FROM tokens")
_AHEAD = 1000
_SOURCE = "the database"

# The chain's own check tells of these, entry by entry.
_TOLD_BY_CHAIN = {4}
_BY_INVARIANT = {0: FindingKind.EVENTS, 8: FindingKind.DECISION, 10: FindingKind.RECEIPT}


@dataclass(frozen=True)
class Evidence:
    """What was kept outside, by where it lay. `name`: whose checkpoints count.

    `places` gives the notes of one origin, of those that are written to; `given` were handed in, of any origin.
    """

    name: str
    keys: Sequence[VerifierKey]
    places: Callable[[str], Mapping[str, Sequence[str]]]
    given: Mapping[str, Sequence[str]]
    receipts: Mapping[str, Sequence[Receipt]]


@dataclass(frozen=True)
class ChainVerdict:
    """`from_outside`: how many checkpoints it was held against that lay outside the database."""

    database_id: int
    head: Head
    counts: Counts
    from_outside: int


@dataclass(frozen=True)
class Audit:
    chains: list[ChainVerdict]
    findings: list[Finding]

    @property
    def not_proven(self) -> list[str]:
        alone = [str(one.database_id) for one in self.chains if one.head.seq and not one.from_outside]
        what = "that the record was not written anew: no checkpoint outside the database was at hand, of"
        return [f"{what} {', '.join(alone)}"] if alone else []


async def audit(store: Store, evidence: Evidence, progress: Callable[[int], None]) -> Audit:
    """Reads one moment's snapshot; `progress` is told of each entry that is done."""
    async with store.snapshot() as connection:
        chains, findings = [], []
        people = {row.id: row.person_id for row in await connection.execute(_TOKENS)}
        for violation in await broken_in(connection, NUMBERS - _TOLD_BY_CHAIN):
            kind = _BY_INVARIANT.get(violation.invariant, FindingKind.LIVE)
            findings.append(Finding(kind, None, None, violation.what))
        findings += [
            Finding(FindingKind.LIVE, None, None, what)
            async for what in shown_plans.faults(connection, store.ledger_keys)
        ]
        heads = await read_heads(connection)
        for chain in heads:
            check = _ChainCheck(connection, store, evidence, chain)
            findings += await check.run(people, progress)
            chains.append(check.verdict)
        findings += _of_no_chain(evidence, {chain.database_id for chain in heads})
    return Audit(chains, findings)


class _ChainCheck:
    def __init__(self, connection: AsyncConnection, store: Store, evidence: Evidence, chain: ChainHead) -> None:
        self._connection = connection
        self._keyring = store.ledger_keys
        self._evidence = evidence
        self._chain = chain
        self._origin = origin_of(evidence.name, chain.database_id)
        self._verification: Verification
        self._noted = 0
        self._from_outside = 0

    @property
    def verdict(self) -> ChainVerdict:
        counts = self._verification.counts
        return ChainVerdict(self._chain.database_id, self._chain.head, counts, self._from_outside)

    async def run(self, people: Mapping[str, int | None], progress: Callable[[int], None]) -> list[Finding]:
        chain, evidence = self._chain, self._evidence
        beside = Beside(await self._absorbed(), people)
        self._verification = Verification(chain.database_id, Signers(evidence.keys, self._origin), beside)
        findings = self._expect()
        async for walked in walk(self._connection, self._keyring, chain.database_id):
            findings += await self._note(walked.entry.seq)
            findings += [*self._verification.take(walked.entry), *_elsewhere(walked)]
            progress(1)
        findings += await self._note(None)
        return findings + self._verification.end(chain.head)

    def _expect(self) -> list[Finding]:
        findings: list[Finding] = []
        given = {
            source: [one for one in notes if _origin(one) == self._origin]
            for source, notes in self._evidence.given.items()
        }
        for source, notes in (*self._evidence.places(self._origin).items(), *given.items()):
            findings += self._verification.expect(notes, source)
            self._from_outside += len(notes)
        for source, receipts in self._evidence.receipts.items():
            for receipt in receipts:
                if receipt.database_id == self._chain.database_id:
                    findings += self._verification.expect_receipt(receipt, source)
        return findings

    async def _note(self, seq: int | None) -> list[Finding]:
        """Expects the database's own checkpoints from this entry on, some ahead; None: all others."""
        if not self._evidence.keys or (seq is not None and seq <= self._noted):
            return []
        after, self._noted = self._noted, 2**62 if seq is None else seq + _AHEAD
        asked = {"database_id": self._chain.database_id, "origin": self._origin, "after": after, "until": self._noted}
        notes = [row.note for row in await self._connection.execute(_NOTES, asked)]
        return self._verification.expect(notes, _SOURCE)

    async def _absorbed(self) -> dict[int, int]:
        rows = await self._connection.execute(_ABSORBED, {"database_id": self._chain.database_id})
        return {row.id: row.merged_into for row in rows}


def _elsewhere(walked: Walked) -> list[Finding]:
    """What other tables hold otherwise than the entry tells."""
    entry = walked.entry
    undecryptable = [Fault(6, f"keeps values of {whom(one)} that cannot be decrypted") for one in walked.unreadable]
    return [
        *(Finding(FindingKind.VALUES, entry.database_id, entry.seq, fault.what) for fault in undecryptable),
        *(
            Finding(_BY_INVARIANT.get(fault.invariant, FindingKind.LIVE), entry.database_id, entry.seq, fault.what)
            for fault in walked.elsewhere
            if fault.invariant != 13  # an event that tells a value: the chain's own check says so
        ),
    ]


def _of_no_chain(evidence: Evidence, database_ids: set[int]) -> Iterator[Finding]:
    origins = {origin_of(evidence.name, one) for one in database_ids}
    for source, notes in evidence.given.items():
        for origin in sorted({_origin(one) for one in notes} - origins):
            what = f"a checkpoint of {source} is of the chain {origin}, which is not here"
            yield Finding(FindingKind.CHECKPOINT, None, None, what)
    for source, receipts in evidence.receipts.items():
        for receipt in receipts:
            if receipt.database_id not in database_ids:
                what = f"the receipt of {source} is of a database that is not here"
                yield Finding(FindingKind.RECEIPT, receipt.database_id, receipt.seq, what)


def _origin(note: str) -> str:
    """What it says, signed or not."""
    return note.partition("\n")[0]
