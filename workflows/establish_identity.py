"""EstablishIdentity: one run for one open request about one device."""

from collections import deque
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NoReturn

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.names import END, MERGE, PREPARE, PROPOSE, REMIND
    from domain.decision import Kind
    from domain.messages import (
        Continued,
        Decided,
        DecideInput,
        EndInput,
        EstablishIdentityInput,
        MergeInput,
        MergeResult,
        PrepareResult,
        Proposal,
        ProposeInput,
        RemindInput,
        Settled,
        SettleInput,
    )
    from workflows.prose import ENDS, proposed

NAME = "EstablishIdentity"
SETTLE = "settle"
DECIDE = "decide"
PLAN_ANEW = "plan-anew"

# What a validator refuses with; it leaves no event.
OTHER_REQUEST = "other-request"
PENDING = "merge-pending"
NOT_PENDING = "merge-not-pending"

_PLAN_STALE = "plan-stale"
_CONTACTS_CHANGED = "contacts-changed"
_DECIDED_ON_ANOTHER = "decided-on-another"

# Above every time-out of the store's sessions, so that an attempt has ended before the next one begins.
_START_TO_CLOSE = timedelta(seconds=10)
# A database that is down comes back; a request that was acknowledged is never given up.
_RETRY = RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=5))


@workflow.defn(name=NAME)
class EstablishIdentity:
    """`run` does the work; the update `settle` waits for it, and `decide` brings what a person decided.

    An update that was never accepted is lost with its caller, so nothing depends on one.
    """

    @workflow.init
    def __init__(self, asked: EstablishIdentityInput) -> None:
        self._asked = asked
        self._merge_id = asked.merge_id
        self._fingerprint = asked.fingerprint
        self._settled: Settled | None = None
        self._proposal: Proposal | None = asked.continued.shown if asked.continued else None
        self._reminded = asked.continued is not None and asked.continued.reminded
        self._executing = False
        self._contacts_changed = False
        self._decisions: deque[DecideInput] = deque()
        # By decision, None while it is in hand: whoever sends one again is told what became of it the first time.
        self._answers: dict[str, Decided | ApplicationError | None] = {}

    @workflow.run
    async def run(self, asked: EstablishIdentityInput) -> Settled:
        outcome = await self._undecided(asked) if asked.continued is None else None
        if outcome is None:
            outcome = await self._decided()
        self._settled = Settled(self._merge_id, outcome, self._fingerprint)
        workflow.set_current_details(ENDS[outcome])
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._settled

    async def _undecided(self, asked: EstablishIdentityInput) -> str | None:
        """The outcome where nobody is asked; None: a person has to decide."""
        workflow.set_current_details("Finding the device and its contacts, and planning what would become of them.")
        prepared: PrepareResult = await workflow.execute_local_activity(
            PREPARE,
            asked,
            result_type=PrepareResult,
            start_to_close_timeout=_START_TO_CLOSE,
            retry_policy=_RETRY,
            summary="Find the device, read both contacts, plan what would become of them",
        )
        if prepared.outcome is None and not prepared.asks:
            return (await self._merge()).outcome
        return prepared.outcome

    async def _merge(self, decision_id: str | None = None) -> MergeResult:
        workflow.set_current_details("Executing the plan, made again under lock. This can't be undone.")
        merged: MergeResult = await workflow.execute_activity(
            MERGE,
            MergeInput(self._merge_id, decision_id),
            result_type=MergeResult,
            start_to_close_timeout=_START_TO_CLOSE,
            retry_policy=_RETRY,
            summary="Execute once: claim, lock, plan again, apply, record in the ledger",
        )
        return merged

    async def _decided(self) -> str:
        """The outcome that a person decided, or the end of the request's time."""
        proposal = await self._propose(_CONTACTS_CHANGED)
        now = workflow.now()
        deadline = now + timedelta(seconds=proposal.remaining)
        reminder = now + timedelta(seconds=proposal.until_reminder)
        while proposal.outcome is None:
            self._executing = False
            if self._decisions:
                outcome = await self._act_on(self._decisions.popleft(), proposal)
                if outcome is not None:
                    return outcome
                proposal = self._proposal or proposal
            elif self._contacts_changed:
                self._contacts_changed = False
                proposal = await self._propose(_CONTACTS_CHANGED)
            elif workflow.now() >= deadline:
                outcome = await self._expire()
                if outcome is not None:
                    return outcome
                proposal = await self._propose(_CONTACTS_CHANGED)
                deadline = workflow.now() + timedelta(seconds=proposal.remaining)
            elif not self._reminded and workflow.now() >= reminder:
                self._reminded = True
                await self._remind()
            elif workflow.info().is_continue_as_new_suggested():
                self._go_on_in_another_run(proposal)
            else:
                await self._wait_until(deadline if self._reminded else reminder, reminding=not self._reminded)
        return proposal.outcome

    def _go_on_in_another_run(self, shown: Proposal) -> NoReturn:
        """The server ends a run whose history grows too long. No decision is in hand: its maker waits for this run."""
        workflow.continue_as_new(replace(self._asked, continued=Continued(shown, self._reminded)))

    async def _wait_until(self, moment: datetime, *, reminding: bool) -> None:
        """Until something happens or the moment has come."""
        try:
            await workflow.wait_condition(
                lambda: bool(self._decisions or self._contacts_changed),
                timeout=moment - workflow.now(),
                timeout_summary="Time to remind the reviewers" if reminding else "Time is up: expired, never approved",
            )
        except TimeoutError:
            return

    async def _propose(self, cause: str) -> Proposal:
        proposal: Proposal = await workflow.execute_activity(
            PROPOSE,
            ProposeInput(self._merge_id, cause),
            result_type=Proposal,
            start_to_close_timeout=_START_TO_CLOSE,
            retry_policy=_RETRY,
            summary="Plan as of now, and show the plan to the reviewers",
        )
        if proposal.outcome is None:
            self._proposal = proposal
            workflow.set_current_details(proposed(proposal))
        return proposal

    async def _act_on(self, decision: DecideInput, proposal: Proposal) -> str | None:
        """The outcome where the decision takes effect; None where the request goes on waiting."""
        if decision.kind != Kind.WITHDRAW and decision.digest != proposal.digest:
            self._answers[decision.decision_id] = Decided(None)
            return None
        self._executing = True
        if decision.kind == Kind.APPROVE:
            result = await self._merge(decision.decision_id)
        else:
            result = await self._end(EndInput(self._merge_id, decision.kind, decision.decision_id))
        if result.outcome is not None:
            self._answers[decision.decision_id] = Decided(result.outcome)
            return result.outcome
        if result.refused == _PLAN_STALE:
            again = await self._propose(_DECIDED_ON_ANOTHER)
            self._answers[decision.decision_id] = Decided(again.outcome)
            return again.outcome
        # Refused in the handler, not by a validator: a decision that nobody stored has to leave evidence.
        self._answers[decision.decision_id] = ApplicationError(
            str(result.refused), type=result.refused, non_retryable=True
        )
        workflow.set_current_details(proposed(proposal))
        return None

    async def _expire(self) -> str | None:
        """None where time is not up by the database's clock, which is the one that counts."""
        self._executing = True
        ended = await self._end(EndInput(self._merge_id, kind=None, decision_id=None))
        return ended.outcome

    async def _end(self, due: EndInput) -> MergeResult:
        ended: MergeResult = await workflow.execute_activity(
            END,
            due,
            result_type=MergeResult,
            start_to_close_timeout=_START_TO_CLOSE,
            retry_policy=_RETRY,
            summary="End without a merge: record it in the ledger, change nothing else",
        )
        return ended

    async def _remind(self) -> None:
        await workflow.execute_activity(
            REMIND,
            RemindInput(self._merge_id),
            start_to_close_timeout=_START_TO_CLOSE,
            retry_policy=_RETRY,
            summary="Remind the reviewers",
        )

    @workflow.update(name=SETTLE)
    async def settle(self, waiter: SettleInput) -> Settled:
        """Answers when the request is done, or waits for a person.

        Done, it is returned in the task that closes the run, so that none can join later.
        """
        await workflow.wait_condition(lambda: self._settled is not None or self._proposal is not None)
        return self._settled or Settled(self._merge_id, None, self._fingerprint)

    @settle.validator
    def validate_settle(self, waiter: SettleInput) -> None:
        """Another request about the same device waits its turn, unless this one waits for a person."""
        if waiter.fingerprint == self._fingerprint:
            return
        waits = self._proposal is not None and not self._executing
        kind = PENDING if waits else OTHER_REQUEST
        raise ApplicationError(kind, self._merge_id, type=kind, non_retryable=True)

    @workflow.update(name=DECIDE)
    async def decide(self, decision: DecideInput) -> Decided:
        """Answers when the decision has taken effect, was refused, or another one has ended the request."""
        if decision.decision_id not in self._answers:
            self._answers[decision.decision_id] = None
            self._decisions.append(decision)
        await workflow.wait_condition(lambda: bool(self._answers[decision.decision_id] or self._settled))
        answer = self._answers[decision.decision_id]
        if isinstance(answer, ApplicationError):
            raise answer
        if answer is None:
            assert self._settled is not None  # noqa: S101 - waited for
            return Decided(self._settled.outcome)
        return answer

    @decide.validator
    def validate_decide(self, decision: DecideInput) -> None:
        if self._proposal is None:
            raise ApplicationError(NOT_PENDING, type=NOT_PENDING, non_retryable=True)

    @workflow.signal(name=PLAN_ANEW)
    def plan_anew(self) -> None:
        """Something that the plan depends on has changed: people should see what became of it."""
        self._contacts_changed = True
