"""EstablishIdentity: one run for one open request about one device."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.names import MERGE, PREPARE
    from domain.messages import EstablishIdentityInput, MergeInput, MergeResult, PrepareResult, Settled, SettleInput

NAME = "EstablishIdentity"
SETTLE = "settle"
OTHER_REQUEST = "other-request"

# Above every time-out of the store's sessions, so that an attempt has ended before the next one begins.
_START_TO_CLOSE = timedelta(seconds=10)
# A database that is down comes back; a request that was acknowledged is never given up.
_RETRY = RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=5))


@workflow.defn(name=NAME)
class EstablishIdentity:
    """`run` does the work, the update `settle` waits for it.

    An update that was never accepted is lost with its caller, so nothing depends on one.
    """

    @workflow.init
    def __init__(self, asked: EstablishIdentityInput) -> None:
        self._fingerprint = asked.fingerprint
        self._settled: Settled | None = None

    @workflow.run
    async def run(self, asked: EstablishIdentityInput) -> Settled:
        workflow.set_current_details("Finding the device and its contacts, and planning what would become of them.")
        prepared = await workflow.execute_local_activity(
            PREPARE,
            asked,
            result_type=PrepareResult,
            start_to_close_timeout=_START_TO_CLOSE,
            retry_policy=_RETRY,
            summary="Find the device, read both contacts, plan what would become of them",
        )
        outcome = prepared.outcome or await self._merge(asked.merge_id)
        self._settled = Settled(asked.merge_id, outcome, asked.fingerprint)
        workflow.set_current_details(_ENDS[outcome])
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._settled

    async def _merge(self, merge_id: str) -> str:
        workflow.set_current_details("Executing the plan, made again under lock. This can't be undone.")
        merged: MergeResult = await workflow.execute_activity(
            MERGE,
            MergeInput(merge_id),
            result_type=MergeResult,
            start_to_close_timeout=_START_TO_CLOSE,
            retry_policy=_RETRY,
            summary="Execute once: claim, lock, plan again, apply, record in the ledger",
        )
        return merged.outcome

    @workflow.update(name=SETTLE)
    async def settle(self, waiter: SettleInput) -> Settled:
        """Answers when the request is done. Returned in the task that closes the run, so that none can join later."""
        await workflow.wait_condition(lambda: self._settled is not None)
        assert self._settled is not None  # noqa: S101 - waited for
        return self._settled

    @settle.validator
    def validate_settle(self, waiter: SettleInput) -> None:
        """Another request about the same device has to wait its turn; its refusal leaves no event."""
        if waiter.fingerprint != self._fingerprint:
            raise ApplicationError(OTHER_REQUEST, type=OTHER_REQUEST, non_retryable=True)


_ENDS = {
    "merged": "Merged: one contact remains, the other's id is an alias of it.",
    "assigned": "Assigned: nobody held the identity, the device's contact has it now.",
    "reassigned": "Reassigned: the device's contact has the new identity, its old value is free.",
    "unchanged": "Unchanged: the device's contact already held the identity.",
    "not_found": "Not found: no such device; nothing was changed.",
    "blocked": "Blocked: a required column would be left empty; nothing was changed.",
}
