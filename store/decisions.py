"""Decisions: stored by the API under the person's own token, checked again by the transaction that acts on them.

A Temporal payload is a claim, never a permission: whoever can write to Temporal can name any decision, and only what
stands here counts. And it counts once: what was refused stays refused, whatever changes afterwards, since its maker
was told so.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.decision import Kind
from domain.errors import (
    AlreadyDecided,
    DeadlineAhead,
    DecisionLate,
    DecisionNotFound,
    DecisionRequired,
    DigestUnknown,
    MergeNotPending,
    NotRequester,
    OwnRequest,
    PersonRequired,
    PlanStale,
    ReasonMissing,
    Refusal,
    RoleMissing,
    ValueInvalid,
)
from domain.plan import Outcome, Plan
from domain.roles import Role
from domain.text import prose_flaw
from domain.times import rfc3339
from ledger.events import Event, EventKind
from ledger.merge_record import DecisionRecord
from store import journal
from store.engine import Store
from store.merges import PENDING_APPROVAL, MergeRow, read_merge
from store.people import demand_role
from store.tables import decisions
from store.tokens import is_valid

ENDS = {Kind.REJECT: Outcome.REJECTED, Kind.WITHDRAW: Outcome.WITHDRAWN}

# What a decision is refused for by whoever would act on it: the request goes on waiting.
UNDECIDED = (
    DecisionRequired,
    DecisionNotFound,
    DecisionLate,
    DeadlineAhead,
    MergeNotPending,
    RoleMissing,
    OwnRequest,
    NotRequester,
    PlanStale,
)
# What the journal tells of a decision that is refused at once: who may not, and what came too late or saw another plan.
_NOTED = (*UNDECIDED, AlreadyDecided, DigestUnknown, PersonRequired)
_REFUSALS = {kind.code: kind for kind in UNDECIDED}

# What binds the decider to the request: asked when they decide, and again by whoever acts on it.
_TIES = """
    EXISTS (SELECT FROM merge_requesters q JOIN tokens t ON t.id = q.token_id
            WHERE q.merge_id = m.id AND t.person_id = {1}) AS is_requester,
    EXISTS (SELECT FROM tokens mine, tokens theirs WHERE mine.id = {0} AND theirs.id = m.requester
            AND (mine.id = theirs.id OR mine.person_id = theirs.person_id)) AS asked_first
"""
_MAY = text(f"""
    SELECT {_TIES.format(":token_id", "CAST(:person_id AS bigint)")} FROM merges m WHERE m.id = :merge_id
""")  # noqa: S608 - our own text
# Held until the transaction ends: whoever would refuse the decision meanwhile waits, and finds that it took effect.
_DECISION = text(f"""
    SELECT d.*, m.database_id, m.revision AS revision_shown, d.at >= m.deadline AS is_late,
      {_TIES.format("d.token_id", "d.person_id")}
    FROM decisions d JOIN merges m ON m.id = d.merge_id
    WHERE d.id = :id AND d.merge_id = :merge_id AND d.kind = :kind FOR NO KEY UPDATE OF d
""")  # noqa: S608 - our own text
_HELD = text("SELECT FROM decisions WHERE id = :id FOR NO KEY UPDATE")
_REFUSE = text("""
    UPDATE decisions d SET refused = :code
    WHERE id = :id AND merge_id = :merge_id AND kind = :kind AND refused IS NULL
    AND NOT EXISTS (SELECT FROM merges m WHERE m.decision_id = d.id)
    RETURNING d.token_id, (SELECT m.database_id FROM merges m WHERE m.id = d.merge_id)
""")
_SHOWN = text("""
    SELECT EXISTS (SELECT FROM merge_revisions WHERE merge_id = :merge_id AND plan_digest = :digest)
""")
_OF_MERGE = text("""
    SELECT d.*, p.name, d.id = m.decision_id AS took_effect
    FROM decisions d JOIN merges m ON m.id = d.merge_id LEFT JOIN people p ON p.id = d.person_id
    WHERE d.merge_id = :merge_id ORDER BY d.at, d.id
""")


@dataclass(frozen=True)
class Decider:
    """Whoever decides: a token, and the person whose it is; a service's token has none that counts here."""

    token_id: str
    person_id: int | None


@dataclass(frozen=True)
class Decision:
    """A decision as it was stored. `took_effect`: the merge ended by it; `refused`: it never will, and the code why."""

    id: UUID
    kind: Kind
    revision: int
    plan_digest: str
    reason: str | None
    not_same_person: bool
    person_id: int | None
    person: str | None
    token_id: str
    at: datetime
    took_effect: bool
    refused: str | None

    def document(self) -> dict[str, object]:
        return {
            "id": self.id,
            "decision": self.kind.value,
            "revision": self.revision,
            "digest": self.plan_digest,
            "reason": self.reason,
            "notSamePerson": self.not_same_person,
            "by": {"person": self.person, "token": self.token_id},
            "at": self.at,
            "tookEffect": self.took_effect,
            "refused": self.refused,
        }


@dataclass(frozen=True)
class Given:
    """What a person says. `digest` is that of the plan that they saw."""

    kind: Kind
    digest: str
    reason: str | None = None
    not_same_person: bool = False


async def decide(store: Store, merge_id: UUID, given: Given, decider: Decider) -> tuple[MergeRow, UUID]:
    """Stores a decision, and returns the merge and the decision's id. It has no effect yet.

    Raises MergeNotFound, AlreadyDecided, MergeNotPending, PersonRequired, RoleMissing, OwnRequest, NotRequester,
    PlanStale, DigestUnknown, ReasonMissing or ValueInvalid, and then nothing is stored.
    """
    try:
        async with store.transaction() as connection:
            merge = await read_merge(connection, merge_id)
            await _demand_acceptable(connection, merge, given, decider)
            decision_id = uuid4()
            await connection.execute(insert(decisions).values(_row(decision_id, merge, given, decider)))
            await journal.record(connection, _made(decision_id, merge, given, decider))
    except _NOTED as refusal:
        async with store.transaction() as connection:
            event = _refused(merge.database_id, merge_id, given.kind, None, decider.token_id, refusal.code)
            await journal.record(connection, event)
        raise
    return merge, decision_id


async def why_not(connection: AsyncConnection, merge: MergeRow, kind: Kind, decider: Decider) -> Refusal | None:
    """Why somebody could not decide so on a merge now; None: they could."""
    try:
        await _demand_pending(connection, merge)
        await _demand_may(connection, merge, kind, decider)
    except (AlreadyDecided, MergeNotPending, PersonRequired, RoleMissing, OwnRequest, NotRequester) as refusal:
        return refusal
    return None


def claimed_id(told: str | None) -> UUID | None:
    """The id that a run was told. Raises DecisionNotFound for what is none: whoever can write to Temporal tells it."""
    try:
        return UUID(told) if told else None
    except ValueError:
        raise DecisionNotFound from None


def claimed_kind(told: str | None) -> Kind | None:
    """The same for a kind; None says that the time is up."""
    try:
        return None if told is None else Kind(told)
    except ValueError:
        raise DecisionNotFound from None


@asynccontextmanager
async def refusals_noted(
    store: Store, merge_id: UUID, decision_id: UUID | None, kind: Kind | None
) -> AsyncIterator[None]:
    """Around the transaction that would act on a decision: why it did not is noted before anybody is told."""
    try:
        yield
    except UNDECIDED as refusal:
        if decision_id is not None and kind is not None:
            await refuse(store, merge_id, decision_id, kind, refusal.code)
        raise


async def refuse(store: Store, merge_id: UUID, decision_id: UUID, kind: Kind, code: str) -> None:
    """Has a decision never take effect. One that has taken it keeps it, and the first refusal stays."""
    decision = {"id": decision_id, "merge_id": merge_id, "kind": kind.value}
    async with store.transaction() as connection:
        await connection.execute(_HELD, {"id": decision_id})  # the next statement sees what its holder committed
        row = (await connection.execute(_REFUSE, {**decision, "code": code})).one_or_none()
        if row is not None:
            event = _refused(row.database_id, merge_id, kind, decision_id, row.token_id, code)
            await journal.record(connection, event)


async def demand_approval(
    connection: AsyncConnection, merge_id: UUID, decision_id: UUID | None, plan: Plan
) -> DecisionRecord:
    """The approval of exactly this plan, by somebody who may, in time. The caller has claimed the merge.

    Raises DecisionRequired, DecisionNotFound, DecisionLate, RoleMissing, OwnRequest or PlanStale.
    """
    row = await _read(connection, merge_id, decision_id, Kind.APPROVE)
    await _demand_specialist(connection, row.database_id, row.person_id, row.token_id, row)
    if row.is_late:
        raise DecisionLate
    _demand_seen(row, plan)
    return _record(row)


async def demand_ending(
    connection: AsyncConnection, merge_id: UUID, decision_id: UUID | None, kind: Kind, shown: Plan
) -> tuple[DecisionRecord, bool]:
    """The decision that ends a merge without effect, and whether it says that they are not the same person.

    Raises DecisionRequired, DecisionNotFound, RoleMissing, OwnRequest, NotRequester or PlanStale.
    """
    row = await _read(connection, merge_id, decision_id, kind)
    if kind is Kind.REJECT:
        await _demand_specialist(connection, row.database_id, row.person_id, row.token_id, row)
        _demand_seen(row, shown)
    elif not (row.asked_first and await is_valid(connection, row.token_id)):
        raise NotRequester
    return _record(row), row.not_same_person


async def decisions_of(connection: AsyncConnection, merge_id: UUID) -> list[Decision]:
    """All that were stored for a merge, the first first."""
    rows = await connection.execute(_OF_MERGE, {"merge_id": merge_id})
    return [
        Decision(
            id=row.id,
            kind=Kind(row.kind),
            revision=row.revision,
            plan_digest=row.plan_digest,
            reason=row.reason,
            not_same_person=row.not_same_person,
            person_id=row.person_id,
            person=row.name,
            token_id=row.token_id,
            at=row.at,
            took_effect=bool(row.took_effect),
            refused=row.refused,
        )
        for row in rows
    ]


async def already_decided(connection: AsyncConnection, merge: MergeRow) -> AlreadyDecided:
    """Says who decided what, and when."""
    effective = next((one for one in await decisions_of(connection, merge.id) if one.took_effect), None)
    by = {"decision": effective.kind.value, "by": effective.person, "at": rfc3339(effective.at)} if effective else {}
    return AlreadyDecided(_told(merge, effective), mergeId=str(merge.id), outcome=merge.outcome, **by)


def stale(merge: MergeRow) -> PlanStale:
    return PlanStale("", **_standing(merge))


def _standing(merge: MergeRow) -> dict[str, object]:
    return {"mergeId": str(merge.id), "revision": merge.revision, "digest": merge.plan_digest}


def _told(merge: MergeRow, effective: Decision | None) -> str:
    if effective is None:
        return f"The merge ended before: {merge.outcome}."
    who = effective.person or "Its requester"
    return f"{who} decided before ({effective.kind.value}, {rfc3339(effective.at)}): the merge is {merge.outcome}."


async def _demand_acceptable(connection: AsyncConnection, merge: MergeRow, given: Given, decider: Decider) -> None:
    await _demand_pending(connection, merge)
    await _demand_may(connection, merge, given.kind, decider)
    if given.kind is Kind.REJECT and not (given.reason or "").strip():
        raise ReasonMissing
    if given.reason and (fault := prose_flaw(given.reason)):
        raise ValueInvalid(f"The reason {fault}.")
    if given.kind is not Kind.WITHDRAW and given.digest != merge.plan_digest:
        raise await _not_as_it_stands(connection, merge, given.digest)


async def _not_as_it_stands(connection: AsyncConnection, merge: MergeRow, digest: str) -> PlanStale | DigestUnknown:
    shown = (await connection.execute(_SHOWN, {"merge_id": merge.id, "digest": digest})).scalar_one()
    return stale(merge) if shown else DigestUnknown("", **_standing(merge))


async def _demand_pending(connection: AsyncConnection, merge: MergeRow) -> None:
    if merge.outcome is not None:
        raise await already_decided(connection, merge)
    if merge.state != PENDING_APPROVAL:
        raise MergeNotPending


async def _demand_may(connection: AsyncConnection, merge: MergeRow, kind: Kind, decider: Decider) -> None:
    parameters = {"merge_id": merge.id, "person_id": decider.person_id, "token_id": decider.token_id}
    may = (await connection.execute(_MAY, parameters)).one()
    if kind is Kind.WITHDRAW:
        if not may.asked_first:
            raise NotRequester
        return
    if decider.person_id is None:
        raise PersonRequired
    await _demand_specialist(connection, merge.database_id, decider.person_id, decider.token_id, may)


async def _demand_specialist(
    connection: AsyncConnection, database_id: int, person_id: int, token_id: str, ties: Row[Any]
) -> None:
    """Who asked is told so first: no role would help them."""
    if ties.is_requester:
        raise OwnRequest
    await demand_role(connection, person_id, database_id, Role.SPECIALIST)
    if not await is_valid(connection, token_id):
        raise RoleMissing("The token that it was decided with was revoked or has expired.")


def _demand_seen(row: Row[Any], plan: Plan) -> None:
    """A plan that comes back after others were shown is another revision: what was said of the first is not of it."""
    if (row.revision, row.plan_digest) != (row.revision_shown, plan.digest):
        raise PlanStale


async def _read(connection: AsyncConnection, merge_id: UUID, decision_id: UUID | None, kind: Kind) -> Row[Any]:
    if decision_id is None:
        raise DecisionRequired
    asked = {"id": decision_id, "merge_id": merge_id, "kind": kind.value}
    row = (await connection.execute(_DECISION, asked)).one_or_none()
    if row is None:
        raise DecisionNotFound
    if row.refused is not None:
        raise _REFUSALS[row.refused]
    return row


def _record(row: Row[Any]) -> DecisionRecord:
    return DecisionRecord(row.id, row.kind, row.revision, row.person_id, row.token_id, row.at)


def _made(decision_id: UUID, merge: MergeRow, given: Given, decider: Decider) -> Event:
    detail = {
        "decision": str(decision_id),
        "says": given.kind.value,
        "revision": merge.revision,
        "notSamePerson": given.not_same_person,
    }
    return Event(EventKind.DECISION_MADE, merge.database_id, merge.id, token_id=decider.token_id, detail=detail)


def _refused(database_id: int, merge_id: UUID, kind: Kind, decision_id: UUID | None, token_id: str, code: str) -> Event:
    """`decision_id` None: it was not even stored."""
    detail = {"decision": decision_id and str(decision_id), "says": kind.value, "code": code}
    return Event(EventKind.DECISION_REFUSED, database_id, merge_id, token_id=token_id, detail=detail)


def _row(decision_id: UUID, merge: MergeRow, given: Given, decider: Decider) -> Mapping[str, Any]:
    return {
        "id": decision_id,
        "merge_id": merge.id,
        "kind": given.kind.value,
        "revision": merge.revision,
        "plan_digest": merge.plan_digest,
        "reason": given.reason,
        "not_same_person": given.not_same_person,
        "person_id": decider.person_id,
        "token_id": decider.token_id,
    }
