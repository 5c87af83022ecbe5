"""The worker process."""

import asyncio
import signal
from base64 import b64decode
from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import PollerBehaviorAutoscaling, Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.end import End
from activities.merge import Merge
from activities.prepare import Prepare
from activities.propose import Propose
from activities.remind import Remind
from api.gateway import Gateway
from onefold import temporal
from onefold.archiver import Archiver
from onefold.loops import running_beside
from onefold.reconciler import Reconciler
from onefold.relay import create_relay
from onefold.sealer import sealing
from onefold.settings import Settings, WorkerSettings
from onefold.signer import create_signer
from store.engine import Store
from workflows.establish_identity import EstablishIdentity

WORKFLOWS = [EstablishIdentity]
_PATIENCE = timedelta(minutes=1)


async def work(settings: WorkerSettings) -> None:
    """Executes runs until a signal ends it, and beside that whatever belongs to no run.

    Activities under way get ten seconds.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, stopped.set)
    client = await temporal.connect_when_up(settings.codec_keyring, _PATIENCE)
    store = Store.connect(settings.database_url.get_secret_value(), settings.pool, ledger_keys=settings.ledger_keyring)
    ours = gateway(client, settings)
    relay = create_relay(store, settings, ours.plan_anew)
    reconciler = Reconciler(store, ours)
    worker = create_worker(client, store, settings.task_queue, settings.notice_channels)
    signer = create_signer(store, settings)
    archiver = Archiver(store, client)
    loops = [relay.run(), sealing(store), archiver.run(), reconciler.run(), reconciler.run_comparisons()]
    if signer:
        loops.append(signer.run())
    async with worker, running_beside(*loops):
        await stopped.wait()
    await store.close()


def create_worker(client: Client, store: Store, task_queue: str, channels: frozenset[str]) -> Worker:
    """`channels`: by which reviewers are told."""
    return Worker(
        client,
        task_queue=task_queue,
        workflows=WORKFLOWS,
        activities=[
            Prepare(store).prepare,
            Propose(store, channels).propose,
            Remind(store, channels).remind,
            Merge(store).merge,
            End(store).end,
        ],
        workflow_runner=sandbox(),
        # Measured: 2 s instead of the default 10 cut the recovery from a killed worker from 14 s to 3.5 s.
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=2),
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
        graceful_shutdown_timeout=timedelta(seconds=10),
    )


def gateway(client: Client, settings: Settings) -> Gateway:
    return Gateway(
        client=client,
        task_queue=settings.task_queue,
        workflow_id_key=b64decode(settings.workflow_id_key.get_secret_value()),
        wait=timedelta(seconds=settings.wait),
    )


def sandbox() -> SandboxedWorkflowRunner:
    """Messages and names pass through; only the workflow file itself is loaded anew for each run."""
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules("activities", "domain")
    )
