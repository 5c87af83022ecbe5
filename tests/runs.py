"""Runs of the workflow as Temporal keeps them: found by their merge, read through the codec, held up by a row lock."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import psycopg
from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle, WorkflowHistory
from temporalio.service import RPCError

from domain.messages import Settled
from onefold.temporal import data_converter
from tests.stack import KEYRING, Stack
from workflows.establish_identity import PLAN_ANEW, EstablishIdentity

SHORT_HISTORY = "limit.historyCount.suggestContinueAsNew=30"
"""A dynamic configuration of the server, which suggests it after 4,096 events otherwise."""
Run = WorkflowHandle[EstablishIdentity, Settled]
CONVERTER = data_converter(KEYRING)


async def connect(stack: Stack) -> Client:
    return await Client.connect(stack.env["TEMPORAL_ADDRESS"], data_converter=CONVERTER)


async def runs_of(client: Client, database_id: int, count: int = 1) -> list[Run]:
    """The runs for a database, oldest first, once Temporal lists as many."""
    query = f"DatabaseId = '{database_id}'"
    await until(lambda: _listed(client, query, count))
    found = sorted([one async for one in client.list_workflows(query)], key=lambda one: one.start_time)
    return [client.get_workflow_handle(one.id, run_id=one.run_id, result_type=Settled) for one in found]


async def history_of(client: Client, database_id: int) -> WorkflowHistory:
    (run,) = await runs_of(client, database_id)
    return await run.fetch_history()


@asynccontextmanager
async def row_held(stack: Stack, contact_id: int) -> AsyncIterator[None]:
    """Nobody else can lock the contact until the block ends: a merge of it waits, and gives up after 2 s."""
    async with await psycopg.AsyncConnection.connect(stack.database_url) as connection:
        await connection.execute("SELECT FROM contacts WHERE id = %s FOR UPDATE", [contact_id])
        yield


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await holds():  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(0.02)


async def until_it_went_on(run: Run) -> None:
    """In another run, on a server with SHORT_HISTORY: it looks at its plan again until its history is long."""
    async with asyncio.timeout(60):
        while (await run.describe()).status is WorkflowExecutionStatus.RUNNING:
            with suppress(RPCError):  # it has ended between
                await run.signal(PLAN_ANEW)
            await asyncio.sleep(0.2)


async def is_merging(run: Run) -> bool:
    return any(pending.attempt >= 1 for pending in (await run.describe()).raw_description.pending_activities)


async def is_retrying(run: Run) -> bool:
    return any(pending.attempt > 1 for pending in (await run.describe()).raw_description.pending_activities)


def of_type(history: WorkflowHistory, kind: "EventType.ValueType") -> list[HistoryEvent]:
    return [event for event in history.events if event.event_type == kind]


def attributes(event: HistoryEvent) -> Message:
    """What is particular to this kind of event."""
    name = event.WhichOneof("attributes")
    assert name is not None
    found: Message = getattr(event, name)
    return found


async def text_of(payload: Payload) -> str:
    """A summary or details, decrypted."""
    (text,) = await CONVERTER.decode([payload], [str])
    assert isinstance(text, str)
    return text


async def settled_in(payloads: Sequence[Payload]) -> Settled:
    (settled,) = await CONVERTER.decode(payloads, [Settled])
    assert isinstance(settled, Settled)
    return settled


async def _listed(client: Client, query: str, count: int) -> bool:
    return (await client.count_workflows(query)).count >= count
