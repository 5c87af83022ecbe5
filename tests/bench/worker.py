"""The worker of the baseline: set up like ours, in a process of its own."""

import asyncio
import signal

from temporalio.worker import PollerBehaviorAutoscaling, Worker

from onefold import temporal
from onefold.worker import sandbox
from tests.bench.baseline import TASK_QUEUE, Cheapest, SameSteps, act, look
from tests.stack import KEYRING


async def main() -> None:
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    client = await temporal.connect(KEYRING)
    async with Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[SameSteps, Cheapest],
        activities=[look, act],
        workflow_runner=sandbox(),
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
    ):
        await stopped.wait()


if __name__ == "__main__":
    asyncio.run(main())
