"""Copies of the workflow that do something else once a person was asked: what a replay must not accept either."""

from dataclasses import replace
from datetime import datetime
from typing import NoReturn

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from domain.messages import DecideInput, EndInput, EstablishIdentityInput, MergeResult, Proposal, Settled
    from workflows.establish_identity import NAME, EstablishIdentity


@workflow.defn(name=NAME)
class Same(EstablishIdentity):
    """Does what the workflow does: the copies below fail for what they do otherwise, not for being copies."""

    @workflow.init
    def __init__(self, asked: EstablishIdentityInput) -> None:
        super().__init__(asked)

    @workflow.run
    async def run(self, asked: EstablishIdentityInput) -> Settled:
        return await super().run(asked)


@workflow.defn(name=NAME)
class AsksNobody(EstablishIdentity):
    @workflow.init
    def __init__(self, asked: EstablishIdentityInput) -> None:
        super().__init__(asked)

    @workflow.run
    async def run(self, asked: EstablishIdentityInput) -> Settled:
        return await super().run(asked)

    async def _decided(self) -> str:
        return str((await self._merge()).outcome)


@workflow.defn(name=NAME)
class RemindsNobody(EstablishIdentity):
    @workflow.init
    def __init__(self, asked: EstablishIdentityInput) -> None:
        super().__init__(asked)

    @workflow.run
    async def run(self, asked: EstablishIdentityInput) -> Settled:
        return await super().run(asked)

    async def _remind(self) -> None:
        return


@workflow.defn(name=NAME)
class ApprovesWhatExpired(EstablishIdentity):
    @workflow.init
    def __init__(self, asked: EstablishIdentityInput) -> None:
        super().__init__(asked)

    @workflow.run
    async def run(self, asked: EstablishIdentityInput) -> Settled:
        return await super().run(asked)

    async def _expire(self) -> str:
        return str((await self._merge()).outcome)


@workflow.defn(name=NAME)
class ApprovesWhatWasRejected(EstablishIdentity):
    @workflow.init
    def __init__(self, asked: EstablishIdentityInput) -> None:
        super().__init__(asked)

    @workflow.run
    async def run(self, asked: EstablishIdentityInput) -> Settled:
        return await super().run(asked)

    async def _end(self, due: EndInput) -> MergeResult:
        return await self._merge(due.decision_id)


@workflow.defn(name=NAME)
class GivesUpWhenRefused(EstablishIdentity):
    """A decision that has no effect ends the wait."""

    @workflow.init
    def __init__(self, asked: EstablishIdentityInput) -> None:
        super().__init__(asked)

    @workflow.run
    async def run(self, asked: EstablishIdentityInput) -> Settled:
        return await super().run(asked)

    async def _act_on(self, decision: DecideInput, proposal: Proposal) -> str | None:
        return await super()._act_on(decision, proposal) or await self._expire()


@workflow.defn(name=NAME)
class ShowsNoNextRevision(EstablishIdentity):
    """It goes on with the plan that was shown first."""

    @workflow.init
    def __init__(self, asked: EstablishIdentityInput) -> None:
        super().__init__(asked)

    @workflow.run
    async def run(self, asked: EstablishIdentityInput) -> Settled:
        return await super().run(asked)

    async def _propose(self, cause: str) -> Proposal:
        return self._proposal or await super()._propose(cause)


@workflow.defn(name=NAME)
class NeverLooksAtTheClock(EstablishIdentity):
    @workflow.init
    def __init__(self, asked: EstablishIdentityInput) -> None:
        super().__init__(asked)

    @workflow.run
    async def run(self, asked: EstablishIdentityInput) -> Settled:
        return await super().run(asked)

    async def _wait_until(self, moment: datetime, *, reminding: bool) -> None:
        await workflow.wait_condition(lambda: bool(self._decisions or self._contacts_changed))


@workflow.defn(name=NAME)
class StaysInItsRun(EstablishIdentity):
    @workflow.init
    def __init__(self, asked: EstablishIdentityInput) -> None:
        super().__init__(asked)

    @workflow.run
    async def run(self, asked: EstablishIdentityInput) -> Settled:
        return await super().run(asked)

    def _go_on_in_another_run(self, shown: Proposal) -> NoReturn:
        raise ApplicationError("It stays.")


@workflow.defn(name=NAME)
class BeginsAgain(EstablishIdentity):
    """It knows nothing of the run before."""

    @workflow.init
    def __init__(self, asked: EstablishIdentityInput) -> None:
        super().__init__(asked)

    @workflow.run
    async def run(self, asked: EstablishIdentityInput) -> Settled:
        return await super().run(replace(asked, continued=None))


APPROVED = (
    "approved",
    "assigned-as-approved",
    "stale-then-approved",
    "planned-anew-then-approved",
    "decision-refused-then-approved",
    "decided-twice-at-once",
)
WENT_ON = ("went-on-in-another-run",)
IN_ANOTHER_RUN = ("approved-in-another-run",)
ENDED = ("rejected", "withdrawn")
EXPIRED = ("reminded-then-expired", "expired-at-the-second-attempt")
SETTLED_ANEW = ("device-gone-while-it-waited", "blocked-while-it-waited")

OTHERWISE: dict[type, tuple[str, ...]] = {
    AsksNobody: (*APPROVED, *ENDED, *WENT_ON, *IN_ANOTHER_RUN, *EXPIRED, *SETTLED_ANEW),
    NeverLooksAtTheClock: (*APPROVED, *ENDED, *WENT_ON, *EXPIRED, *SETTLED_ANEW),
    StaysInItsRun: WENT_ON,
    BeginsAgain: IN_ANOTHER_RUN,
    RemindsNobody: EXPIRED,
    ApprovesWhatExpired: EXPIRED,
    ApprovesWhatWasRejected: (*ENDED, *EXPIRED),
    GivesUpWhenRefused: ("stale-then-approved", "decision-refused-then-approved"),
    ShowsNoNextRevision: (
        "stale-then-approved",
        "planned-anew-then-approved",
        "expired-at-the-second-attempt",
        *SETTLED_ANEW,
    ),
}
"""Each copy, and the histories that it must fail on."""
