"""Who decided had not asked: told from the settled requests and the journal, whichever comes first."""

from collections.abc import Mapping
from typing import Any

import pytest

from ledger.approvals import Approvals
from ledger.findings import FindingKind

MERGE = "00000000-0000-0000-0000-000000000007"
DECISION = {
    "id": "00000000-0000-0000-0000-000000000005",
    "kind": "approve",
    "revision": "1",
    "person": "71",
    "token": "approver",
    "at": "2026-01-02T00:00:00Z",
}
OWN = "was decided by who had asked for it"


def settled(**decision: object) -> dict[str, Any]:
    return {
        "at": "2026-01-03T00:00:00Z",
        "body": {"merge": MERGE, "requester": "asker", "decision": {**DECISION, **decision}},
    }


def event(kind: str, at: str = "2026-01-01T00:00:00Z", **rest: Any) -> dict[str, Any]:
    return {"kind": kind, "at": at, "merge": MERGE, "person": None, "token": None, "detail": {}, **rest}


def made(**rest: Any) -> dict[str, Any]:
    detail = {"decision": DECISION["id"], "says": "approve", "revision": "1"}
    return event("decision.made", **{"person": "71", "token": "approver", "detail": detail, **rest})


def told(
    *events: Mapping[str, object], people: Mapping[str, int | None] | None = None, **decision: object
) -> list[str]:
    """The same whether the events come before the entry or after it."""
    found = []
    for before in (True, False):
        approvals = Approvals(people or {})
        for one in events if before else ():
            approvals.take_event(one)
        now = list(approvals.take(3, settled(**decision)))
        for one in () if before else events:
            approvals.take_event(one)
        found.append([*now, *approvals.end()])
    assert found[0] == found[1]
    assert all((kind, seq) == (FindingKind.DECISION, 3) for kind, seq, _ in found[0])
    return [what for _, _, what in found[0]]


def test_somebody_else_decided() -> None:
    assert told(made(), event("merge.joined", token="other", person="72"), people={"asker": 70}) == []


def test_who_asked_is_known_from_the_journal_or_from_beside_the_chain() -> None:
    created = event("token.created", detail={"token": "asker", "person": "71"})
    assert told(created) == [OWN]
    assert told(people={"asker": 71}) == [OWN]
    assert told(event("merge.requested", token="asker", person="71")) == [OWN]
    assert told(token="asker") == [OWN]


def test_the_chain_counts_where_both_tell() -> None:
    assert told(event("token.created", detail={"token": "asker", "person": "71"}), people={"asker": 70}) == [OWN]
    assert told(event("token.created", detail={"token": "asker", "person": None}), people={"asker": 71}) == []


@pytest.mark.parametrize(("at", "found"), [("2026-01-01T00:00:00Z", [OWN]), ("2026-01-02T00:00:00Z", [])])
def test_who_joined_before_had_asked_too(at: str, found: list[str]) -> None:
    assert told(event("merge.joined", at, token="approver", person="71")) == found
    assert told(event("merge.joined", at, token="another", person="71")) == found


def test_whoever_asked_may_withdraw() -> None:
    assert told(kind="withdraw", token="asker", person=None) == []


def test_it_was_decided_before_it_was_settled() -> None:
    assert told(at="2026-01-03T00:00:01Z") == ["was settled before it was decided"]


@pytest.mark.parametrize(
    "change",
    [
        {"person": "72"},
        {"token": "another"},
        {"merge": MERGE.replace("7", "8")},
        {"detail": {"decision": DECISION["id"], "says": "reject", "revision": "1"}},
        {"detail": {"decision": DECISION["id"], "says": "approve", "revision": "2"}},
    ],
)
def test_the_journal_tells_of_the_same_decision(change: dict[str, object]) -> None:
    assert told(made(**change)) == ["names a decision otherwise than the journal has it"]
