"""A run that is not the one that its merge names any more: reset in Temporal by an operator, or ended from outside."""

import base64
from datetime import timedelta
from uuid import UUID, uuid4

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client

from api.gateway import Gateway
from domain.messages import Settled
from domain.plan import Outcome
from store.engine import Store
from tests.runs import Run, of_type, runs_of, until
from tests.scenarios.approvals import A, asks, refusal, when_revised
from tests.stack import WORKFLOW_ID_KEY
from tests.store.world import expire
from tests.tenant import Tenant
from tests.workflows.pending import Waiting


async def reset(temporal: Client, run: Run) -> Run:
    """The run that takes its place, from its first step on, once it waits for a person."""
    first, *_ = of_type(await run.fetch_history(), EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED)
    answer = await temporal.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=temporal.namespace,
            workflow_execution=WorkflowExecution(workflow_id=run.id, run_id=str(run.run_id)),
            reason="a test",
            workflow_task_finish_event_id=first.event_id,
            request_id=str(uuid4()),
        )
    )
    anew: Run = temporal.get_workflow_handle(run.id, run_id=answer.run_id, result_type=Settled)
    await until(lambda: _waits(anew))
    return anew


async def _waits(run: Run) -> bool:
    started = of_type(await run.fetch_history(), EventType.EVENT_TYPE_TIMER_STARTED)
    return bool(started)


async def test_a_decision_goes_to_the_run_that_goes_on(waiting: Waiting, temporal: Client) -> None:
    anew = await reset(temporal, waiting.run)

    await waiting.goes_on()

    assert (await anew.result()).outcome == "merged"


async def test_so_does_what_happened_to_a_contact(waiting: Waiting, temporal: Client, tenant: Tenant) -> None:
    await reset(temporal, waiting.run)
    await tenant.patch_contact(waiting.merge["plan"]["survivor"], custom={"Favorite Food": "Salad"})
    gateway = Gateway(temporal, "onefold", base64.b64decode(WORKFLOW_ID_KEY), timedelta(seconds=60))

    await gateway.plan_anew(waiting.run.id, str(waiting.run.run_id))

    revised = await when_revised(tenant, waiting.merge["id"])
    assert (await waiting.specialist.approve(revised)).json()["outcome"] == "merged"


async def test_a_decision_never_goes_to_another_merges_run(
    waiting: Waiting, temporal: Client, tenant: Tenant, store: Store
) -> None:
    """The device is free for the next request once its run was ended from outside; the row still waits."""
    await waiting.run.terminate()
    await asks(tenant, outcomes=["merged", "assigned"])
    other = await tenant.establish(A, "888485")
    assert other.status_code == 202, other.text
    before = await _length(temporal, tenant)

    assert refusal(await waiting.specialist.approve(waiting.merge)) == (503, "service-unavailable")

    assert await _length(temporal, tenant) == before
    assert await expire(store, UUID(waiting.merge["id"])) is Outcome.EXPIRED


async def _length(temporal: Client, tenant: Tenant) -> int:
    *_, last = await runs_of(temporal, tenant.id, 2)
    return len((await last.fetch_history()).events)
