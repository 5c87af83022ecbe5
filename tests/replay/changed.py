"""Copies of the workflow that do something else: what a replay of a stored history must not accept."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.names import MERGE, PREPARE
    from domain.messages import EstablishIdentityInput, MergeInput, MergeResult, PrepareResult, Settled, SettleInput

NAME = "EstablishIdentity"
_WITHIN = timedelta(seconds=10)


class _Steps:
    """What the workflow does today, a step a method."""

    def __init__(self) -> None:
        self._settled: Settled | None = None

    async def _prepare(self, asked: EstablishIdentityInput) -> PrepareResult:
        prepared: PrepareResult = await workflow.execute_local_activity(
            PREPARE, asked, result_type=PrepareResult, start_to_close_timeout=_WITHIN
        )
        return prepared

    async def _merge(self, merge_id: str, activity: str = MERGE) -> str:
        merged: MergeResult = await workflow.execute_activity(
            activity, MergeInput(merge_id), result_type=MergeResult, start_to_close_timeout=_WITHIN
        )
        return str(merged.outcome)

    async def _end(self, asked: EstablishIdentityInput, outcome: str) -> Settled:
        self._settled = Settled(asked.merge_id, outcome, asked.fingerprint)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._settled

    async def _answer(self) -> Settled:
        await workflow.wait_condition(lambda: self._settled is not None)
        assert self._settled is not None
        return self._settled


@workflow.defn(name=NAME)
class Same(_Steps):
    """Does what the workflow does: the copies below fail for what they do otherwise, not for being copies."""

    @workflow.run
    async def run(self, asked: EstablishIdentityInput) -> Settled:
        prepared = await self._prepare(asked)
        return await self._end(asked, prepared.outcome or await self._merge(asked.merge_id))

    @workflow.update
    async def settle(self, _: SettleInput) -> Settled:
        return await self._answer()


@workflow.defn(name=NAME)
class TimerFirst(_Steps):
    @workflow.run
    async def run(self, asked: EstablishIdentityInput) -> Settled:
        await workflow.sleep(1)
        prepared = await self._prepare(asked)
        return await self._end(asked, prepared.outcome or await self._merge(asked.merge_id))

    @workflow.update
    async def settle(self, _: SettleInput) -> Settled:
        return await self._answer()


@workflow.defn(name=NAME)
class OrdinaryPrepare(_Steps):
    @workflow.run
    async def run(self, asked: EstablishIdentityInput) -> Settled:
        prepared = await workflow.execute_activity(
            PREPARE, asked, result_type=PrepareResult, start_to_close_timeout=_WITHIN
        )
        return await self._end(asked, prepared.outcome or await self._merge(asked.merge_id))

    @workflow.update
    async def settle(self, _: SettleInput) -> Settled:
        return await self._answer()


@workflow.defn(name=NAME)
class MergeRenamed(_Steps):
    @workflow.run
    async def run(self, asked: EstablishIdentityInput) -> Settled:
        prepared = await self._prepare(asked)
        return await self._end(asked, prepared.outcome or await self._merge(asked.merge_id, "merge-contacts"))

    @workflow.update
    async def settle(self, _: SettleInput) -> Settled:
        return await self._answer()


@workflow.defn(name=NAME)
class MergeForgotten(_Steps):
    @workflow.run
    async def run(self, asked: EstablishIdentityInput) -> Settled:
        prepared = await self._prepare(asked)
        return await self._end(asked, prepared.outcome or "merged")

    @workflow.update
    async def settle(self, _: SettleInput) -> Settled:
        return await self._answer()


@workflow.defn(name=NAME)
class OneMoreStepAtTheEnd(_Steps):
    @workflow.run
    async def run(self, asked: EstablishIdentityInput) -> Settled:
        prepared = await self._prepare(asked)
        settled = await self._end(asked, prepared.outcome or await self._merge(asked.merge_id))
        await self._merge(asked.merge_id)
        return settled

    @workflow.update
    async def settle(self, _: SettleInput) -> Settled:
        return await self._answer()


ALWAYS_OTHERWISE = (TimerFirst, OrdinaryPrepare, OneMoreStepAtTheEnd)
OTHERWISE_WHERE_IT_MERGES = (MergeRenamed, MergeForgotten)
