"""A decision's way: stored under its maker's token, brought to the run, and what became of it. For routes and pages."""

from uuid import UUID

from api.gateway import DecisionRefused, RunClosed
from api.services import Services
from domain.errors import PlanStale, Refusal, ServiceUnavailable, refusals
from domain.messages import DecideInput
from store import decisions
from store.decisions import UNDECIDED, Decider, Given
from store.merges import MergeRow, read_merge
from store.tokens import OwnerKind, Token


async def carry_out(wired: Services, merge_id: UUID, token: Token, given: Given) -> MergeRow:
    """The merge as the decision ended it, or still open where its run goes on past the wait budget.

    Raises what `decisions.decide` raises, PlanStale where another revision stands by now, AlreadyDecided where
    another decision was first, what the merge refused when it looked again, or ServiceUnavailable.
    """
    person_id = token.person_id if token.owner_kind is OwnerKind.PERSON else None
    merge, decision_id = await decisions.decide(wired.store, merge_id, given, Decider(token.id, person_id))
    message = DecideInput(str(decision_id), given.kind.value, merge.plan_digest)
    refused = await _bring(wired, merge, message)
    if isinstance(refused, UNDECIDED):
        # Also what its run refused without asking the merge: nobody is told so of what could take effect later.
        await decisions.refuse(wired.store, merge_id, decision_id, given.kind, refused.code)
    async with wired.store.statements() as connection:
        now = await read_merge(connection, merge_id)
        if now.decision_id == decision_id:
            return now
        if now.outcome is not None:
            raise await decisions.already_decided(connection, now)
    if refused is not None:
        raise decisions.stale(now) if isinstance(refused, PlanStale) else refused
    return now


async def _bring(wired: Services, merge: MergeRow, message: DecideInput) -> Refusal | None:
    """Why the run did not act on it; None: it did, or it has it and goes on. The merge knows better what was done."""
    try:
        decided = await wired.gateway.decide(merge, message)
    except DecisionRefused as refused:
        known = {kind.code: kind for kind in refusals()}
        return known[refused.code]() if refused.code in known else ServiceUnavailable()
    except (RunClosed, ServiceUnavailable):
        return ServiceUnavailable()
    return PlanStale() if decided is not None and decided.outcome is None else None
