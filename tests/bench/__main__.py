"""`make bench`: what a merge request costs over HTTP, beside what it can't cost less than, to verify, and to tell.

All in one run on one server. Rounds alternate between the contenders, so that a noisy neighbour is everybody's;
the ratios are what counts.
"""

import asyncio
import itertools
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from rich.console import Console
from rich.table import Table
from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy

from domain.address import Address, Channel
from domain.contact import Consent, Contact, Device, SystemAttributes
from domain.identity import Identity
from domain.request import MergeRequest
from ledger.merge_record import Execution
from onefold import temporal
from onefold.children import Child, running
from store import loading, merge_transaction
from store.engine import Store
from tests.bench.baseline import TASK_QUEUE, Cheapest, Nothing, SameSteps
from tests.bench.record import measure_record
from tests.bench.story import measure_story
from tests.stack import KEYRING, LEDGER_KEYRING, Stack, whole_stack
from tests.tenant import APP_KEY, Tenant, new_tenant

ROUNDS = 5
ONE_AT_A_TIME = 40
IN_FLIGHT = 16
TOGETHER = 160

Operation = Callable[[], Awaitable[None]]
# Prepares this many operations, untimed, and gives them back to be timed.
Contender = Callable[[int], Awaitable[list[Operation]]]


class Pairs:
    """Pairs of contacts to merge: a device contact without identity, and the one that holds it."""

    def __init__(self, store: Store, tenant: Tenant) -> None:
        self._store, self._tenant, self._numbers = store, tenant, itertools.count()

    async def new(self) -> tuple[str, str]:
        """The device's destination and the identity's value."""
        number = next(self._numbers)
        device, value = f"benchMuid{number}|chan{number}", f"identity{number}"
        await loading.load(self._store, self._contact(device, {}))
        await loading.load(self._store, self._contact(f"olderMuid{number}|chan{number}", {"userId": value}))
        return device, value

    def _contact(self, destination: str, identities: dict[str, str]) -> Contact:
        address = Address(Channel.PUSH, APP_KEY, destination)
        now = datetime.now(UTC)
        return Contact(
            id=0,
            database_id=self._tenant.id,
            created=now,
            last_modified=now,
            version=1,
            system=SystemAttributes(email="somebody@example.org", muid=address.channel_identifier),
            custom={"Favorite Food": "Burger", "Visits": "3"},
            identities=identities,
            devices=(Device(0, address, Consent("OPTED-IN")),),
        )


def over_http(tenant: Tenant, pairs: Pairs) -> Contender:
    async def prepare(count: int) -> list[Operation]:
        return [operation(*await pairs.new()) for _ in range(count)]

    def operation(device: str, value: str) -> Operation:
        async def run() -> None:
            answer = await tenant.establish(device, value)
            assert answer.json()["outcome"] == "merged", answer.text

        return run

    return prepare


def same_steps(client: Client) -> Contender:
    async def run() -> None:
        operation = WithStartWorkflowOperation(
            SameSteps.run,
            Nothing(),
            id=f"same-steps-{uuid4()}",
            task_queue=TASK_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
        )
        await client.execute_update_with_start_workflow(SameSteps.settle, Nothing(), start_workflow_operation=operation)

    async def prepare(count: int) -> list[Operation]:
        return [run] * count

    return prepare


def cheapest(client: Client) -> Contender:
    async def run() -> None:
        await client.execute_workflow(Cheapest.run, Nothing(), id=f"cheapest-{uuid4()}", task_queue=TASK_QUEUE)

    async def prepare(count: int) -> list[Operation]:
        return [run] * count

    return prepare


def bare_transaction(store: Store, tenant: Tenant, pairs: Pairs, requester: str) -> Contender:
    async def prepare(count: int) -> list[Operation]:
        return [await operation(*await pairs.new()) for _ in range(count)]

    async def operation(device: str, value: str) -> Operation:
        request = MergeRequest(tenant.id, Address(Channel.PUSH, APP_KEY, device), Identity("userId", value))
        merge_id = uuid4()
        await merge_transaction.prepare(store, request, Execution(merge_id, "bench", "bench", 1, requester))

        async def run() -> None:
            await merge_transaction.merge(store, merge_id, "bench", 1)

        return run

    return prepare


async def latency(contender: Contender) -> float:
    """The median of one at a time, in ms."""
    taken = []
    for operation in await contender(ONE_AT_A_TIME):
        began = time.perf_counter()
        await operation()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


async def throughput(contender: Contender) -> float:
    """Operations a second, with 16 in flight."""
    gate = asyncio.Semaphore(IN_FLIGHT)

    async def gated(operation: Operation) -> None:
        async with gate:
            await operation()

    operations = await contender(TOGETHER)
    began = time.perf_counter()
    await asyncio.gather(*(gated(operation) for operation in operations))
    return TOGETHER / (time.perf_counter() - began)


async def measure(stack: Stack, console: Console) -> None:
    async with contenders(stack) as entered:
        measured: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in entered}
        for contender in entered.values():
            await throughput(contender)  # warms pools, caches and pollers
        for number in range(1, ROUNDS + 1):
            console.print(f"round {number} of {ROUNDS}")
            for name, contender in entered.items():
                measured[name][0].append(await latency(contender))
                measured[name][1].append(await throughput(contender))
    report(console, measured)


@asynccontextmanager
async def contenders(stack: Stack) -> AsyncIterator[dict[str, Contender]]:
    os.environ["TEMPORAL_ADDRESS"] = stack.temporal.address
    client = await temporal.connect(KEYRING)
    store = Store.connect(stack.database_url, IN_FLIGHT, ledger_keys=LEDGER_KEYRING)
    tenant = await new_tenant(store, stack.url)
    pairs = Pairs(store, tenant)
    requester = tenant.http.headers["Authorization"].split("_")[1]
    yield {
        "a merge request over HTTP": over_http(tenant, pairs),
        "(a) same steps, empty bodies": same_steps(client),
        "(b) cheapest durable workflow": cheapest(client),
        "(c) bare merge transaction": bare_transaction(store, tenant, pairs, requester),
    }
    await tenant.http.aclose()
    await store.close()


def report(console: Console, measured: dict[str, tuple[list[float], list[float]]]) -> None:
    (ours, *_) = measured.values()
    table = Table("", "latency, ms", "ours / it", "with 16 in flight, per s", "ours / it", title="median (spread)")
    for name, (latencies, rates) in measured.items():
        slower = statistics.median(mine / other for mine, other in zip(ours[0], latencies, strict=True))
        faster = statistics.median(mine / other for mine, other in zip(ours[1], rates, strict=True))
        table.add_row(name, spread(latencies), f"{slower:.2f}", spread(rates), f"{faster:.2f}")
    console.print(table)
    console.print(
        f"{ROUNDS} rounds; Python {sys.version.split()[0]}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} ({min(values):.1f} to {max(values):.1f})"


def main() -> None:
    console = Console(width=110)
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="onefold-bench-")))
        stack = held.enter_context(whole_stack(folder))
        argv = (sys.executable, "-m", "tests.bench.worker")
        worker = Child(
            name="baseline", title="baseline", argv=argv, env=stack.env, log=stack.log("baseline"), ready=lambda: None
        )
        held.enter_context(running(worker))
        asyncio.run(measure(stack, console))
        asyncio.run(measure_record(stack, console))
        asyncio.run(measure_story(stack, console))


if __name__ == "__main__":
    main()
