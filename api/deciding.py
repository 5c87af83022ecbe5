"""A decision's way: stored under its maker's token, brought to the run, and what became of it. For routes and pages."""

from uuid import UUID

from api.gateway import DecisionRefused, RunClosed
from api.services import Services
from domain.errors import Refusal, ServiceUnavailable, refusals
from domain.messages import DecideInput
from store import decisions
from store.decisions import Decider, Given
from store.merges import MergeRow, read_merge
from store.tokens import OwnerKind, Token


async def carry_out(wired: Services, merge_id: UUID, token: Token, given: Given) -> MergeRow | None:
    """The merge as the decision ended it; None where its run goes on past the wait budget.

    Raises what `decisions.decide` raises, PlanStale where another revision stands by now, AlreadyDecided where
    another decision was first, what the merge refused when it looked again, or ServiceUnavailable.
    """
    person_id = token.person_id if token.owner_kind is OwnerKind.PERSON else None
    merge, decision_id = await decisions.decide(wired.store, merge_id, given, Decider(token.id, person_id))
    message = DecideInput(str(decision_id), given.kind.value, merge.plan_digest)
    unheard: Refusal | None = None
    decided = None
    try:
        decided = await wired.gateway.decide(merge.workflow_id, merge.run_id, message)
    except DecisionRefused as refused:
        raise _refusal(refused.code) from None
    except (RunClosed, ServiceUnavailable):
        unheard = ServiceUnavailable()  # unless the merge itself tells what became of it
    async with wired.store.statements() as connection:
        now = await read_merge(connection, merge_id)
        if now.decision_id == decision_id:
            return now
        if now.outcome is not None:
            raise await decisions.already_decided(connection, now)
    if unheard is not None:
        raise unheard
    if decided is not None:
        raise decisions.stale(now)
    return None


def _refusal(code: str) -> Refusal:
    """What the merge itself refused, when it looked again."""
    known = {kind.code: kind for kind in refusals()}
    return known[code]() if code in known else ServiceUnavailable()
