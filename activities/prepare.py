"""Prepare: find the device, snapshot both contacts, compute the plan and its digest."""

from dataclasses import dataclass
from uuid import UUID

from temporalio import activity

from activities.failures import coded_failures
from activities.names import PREPARE
from domain.address import Address, Channel
from domain.identity import Identity
from domain.messages import EstablishIdentityInput, PrepareResult
from domain.plan import Outcome
from domain.request import MergeRequest
from ledger.merge_record import Execution
from store import merge_transaction
from store.engine import Store


@dataclass(frozen=True)
class Prepare:
    store: Store

    @activity.defn(name=PREPARE)
    async def prepare(self, asked: EstablishIdentityInput) -> PrepareResult:
        """Stores the merge with its plan or, where nothing will change, at once its outcome."""
        info = activity.info()
        execution = Execution(
            merge_id=UUID(asked.merge_id),
            workflow_id=str(info.workflow_id),
            run_id=str(info.workflow_run_id),
            attempt=info.attempt,
            requester=asked.requester,
        )
        async with coded_failures():
            prepared = await merge_transaction.prepare(self.store, _request(asked), execution)
        if isinstance(prepared, Outcome):
            return PrepareResult(prepared.value)
        return PrepareResult(None, asks=bool(prepared.reasons))


def _request(asked: EstablishIdentityInput) -> MergeRequest:
    return MergeRequest(
        database_id=asked.database_id,
        address=Address(Channel(asked.channel), asked.qualifier, asked.destination),
        identity=Identity(asked.identity_name, asked.identity_value),
        use_crm_contact_as_winner=asked.use_crm_contact_as_winner,
        merge_events=asked.merge_events,
    )
