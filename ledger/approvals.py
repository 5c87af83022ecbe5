"""Whether decisions came before what they decided, and from somebody else than who had asked."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.times import parse_time
from ledger.findings import FindingKind

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

    Of requests only those are kept that somebody decided on or joined.
    """

    def __init__(self, people: Mapping[str, int | None]) -> None:
        """`people`: whose token it is, or who answers for the service that has it."""
        self._people = dict(people)
        self._settled: list[_Settled] = []
        self._joined: defaultdict[str, list[tuple[datetime, str]]] = defaultdict(list)
        self._made: dict[str, _Decision] = {}

    def take(self, seq: int, document: Any) -> Iterator[_Told]:
        """A settled request's entry. Raises what reading a document raises that is none of ours."""
        body = document["body"]
        decision = body.get("decision")
        if decision is None:
            return
        at = parse_time(decision["at"])
        stated = _Decision(body["merge"], decision["kind"], decision["revision"], decision["person"], decision["token"])
        self._settled.append(_Settled(seq, decision["id"], stated, at, body["requester"]))
        if at > parse_time(document["at"]):
            yield FindingKind.DECISION, seq, "was settled before it was decided"

    def take_event(self, event: Any) -> None:
        """An event of the journal. Raises as `take` does."""
        detail, token, person = event["detail"], event["token"], event["person"]
        if token and person:
            self._people[token] = int(person)
        match event["kind"]:
            case "merge.joined" if token:
                self._joined[event["merge"]].append((parse_time(event["at"]), token))
            case "decision.made":
                made = _Decision(event["merge"], detail["says"], detail["revision"], person, token)
                self._made[detail["decision"]] = made
            case "token.created" | "token.adopted":
                self._people[detail["token"]] = None if detail["person"] is None else int(detail["person"])

    def end(self) -> Iterator[_Told]:
        for one in self._settled:
            if self._made.get(one.id, one.decision) != one.decision:
                yield FindingKind.DECISION, one.seq, "names a decision otherwise than the journal has it"
            if one.decision.kind != "withdraw" and self._had_asked(one):
                yield FindingKind.DECISION, one.seq, "was decided by who had asked for it"

    def _had_asked(self, one: _Settled) -> bool:
        joined = {token for at, token in self._joined.get(one.decision.merge, []) if at < one.at}
        tokens = {one.requester, *joined}
        people = {str(person) for token in tokens if (person := self._people.get(token)) is not None}
        return one.decision.token in tokens or one.decision.person in people
