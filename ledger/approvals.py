"""Whether decisions came before what they decided, and from somebody else than who had asked."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.plan import CHANGING
from domain.times import parse_time
from ledger.findings import FindingKind
from ledger.merge_record import KINDS

_CHANGED = frozenset(KINDS[outcome] for outcome in CHANGING)
_SEALED_WITHIN = timedelta(minutes=1)

_Told = tuple[FindingKind, int | None, str]


@dataclass(frozen=True)
class _Decision:
    """As one of the two tells it that do: the settled request's entry, or the journal."""

    merge: str
    kind: str
    revision: str
    person: str | None
    token: str | None


@dataclass(frozen=True)
class _Settled:
    """A request that somebody decided on."""

    seq: int
    id: str
    decision: _Decision
    at: datetime
    requester: str


class Approvals:
    """Takes the documents of settled requests and the journal's events, which may come later than what they led to.

    Of requests only those are kept that somebody decided on or joined, and the places of those that nobody did.
    """

    def __init__(self, people: Mapping[str, int | None]) -> None:
        """`people`: whose token it is, or who answers for the service that has it."""
        self._people = dict(people)
        self._settled: list[_Settled] = []
        self._joined: defaultdict[str, list[tuple[datetime, str]]] = defaultdict(list)
        self._made: dict[str, _Decision] = {}
        self._undecided: dict[str, int] = {}
        self._shown: set[str] = set()
        self._first_told: datetime | None = None
        self._last_told: datetime | None = None

    def take(self, seq: int, document: Any) -> Iterator[_Told]:
        """A settled request's entry. Raises what reading a document raises that is none of ours."""
        body = document["body"]
        decision = body.get("decision")
        if decision is None:
            if document["kind"] in _CHANGED:
                self._undecided[body["merge"]] = seq
            return
        at = parse_time(decision["at"])
        stated = _Decision(body["merge"], decision["kind"], decision["revision"], decision["person"], decision["token"])
        self._settled.append(_Settled(seq, decision["id"], stated, at, body["requester"]))
        if at > parse_time(document["at"]):
            yield FindingKind.DECISION, seq, "was settled before it was decided"

    def take_event(self, event: Any) -> None:
        """An event of the journal. Raises as `take` does."""
        detail, token, person, at = event["detail"], event["token"], event["person"], parse_time(event["at"])
        self._first_told = min(self._first_told or at, at)
        self._last_told = max(self._last_told or at, at)
        if token and person:
            self._people[token] = int(person)
        match event["kind"]:
            case "merge.joined" if token:
                self._joined[event["merge"]].append((at, token))
            case "plan.made":
                self._shown.add(event["merge"])
            case "decision.made":
                made = _Decision(event["merge"], detail["says"], detail["revision"], person, token)
                self._made[detail["decision"]] = made
            case "token.created" | "token.adopted":
                self._people[detail["token"]] = None if detail["person"] is None else int(detail["person"])

    def end(self) -> Iterator[_Told]:
        for merge in self._undecided.keys() & self._shown:
            what = "was executed without a decision, after people had been asked for one"
            yield FindingKind.DECISION, self._undecided[merge], what
        for one in self._settled:
            made = self._made.get(one.id)
            if made is None and self._is_told_of(one.at):
                yield FindingKind.DECISION, one.seq, "names a decision that the journal does not have"
            if made is not None and made != one.decision:
                yield FindingKind.DECISION, one.seq, "names a decision otherwise than the journal has it"
            if one.decision.kind != "withdraw" and self._had_asked(one):
                yield FindingKind.DECISION, one.seq, "was decided by who had asked for it"

    def _is_told_of(self, at: datetime) -> bool:
        """Whether the journal, as far as it is sealed, tells what happened then: it began before, and is past it."""
        first, last = self._first_told, self._last_told
        return first is not None and last is not None and first <= at < last - _SEALED_WITHIN

    def _had_asked(self, one: _Settled) -> bool:
        joined = {token for at, token in self._joined.get(one.decision.merge, []) if at < one.at}
        tokens = {one.requester, *joined}
        people = {str(person) for token in tokens if (person := self._people.get(token)) is not None}
        return one.decision.token in tokens or one.decision.person in people
