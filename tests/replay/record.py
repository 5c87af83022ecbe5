"""Records the stored histories anew, each from a real run on a stack of its own: `python -m tests.replay.record`.

Needed when the workflow changes what it does while nothing is deployed yet. Once it is, a stored history is never
recorded again: runs that began with it may still be open, and a new branch gets a new history beside the old ones.

Histories are encrypted with the tests' key. The names of processes, at which replay does not look, are taken out.
"""

import asyncio
import gc
import json
import re
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHistory, WorkflowUpdateFailedError

from domain.messages import SettleInput
from store.engine import Store
from tests.replay.stored import HISTORIES, path
from tests.runs import Run, connect, is_merging, is_retrying, of_type, row_held, runs_of, until
from tests.stack import Stack, whole_stack
from tests.tenant import Tenant, new_tenant
from workflows.establish_identity import SETTLE

DEVICE = "m1|c1"
_PROCESS = re.compile(r"[0-9]+@\S+")
_STICKY_QUEUE = re.compile(r"\S+-[0-9a-f]{32}")


@dataclass(frozen=True)
class Scene:
    """A database of its own, on a stack that runs."""

    stack: Stack
    client: Client
    tenant: Tenant

    async def asked(self, outcome: str = "", status: int = 200) -> None:
        answer = await self.tenant.establish(DEVICE, "1")
        assert (answer.status_code, answer.json().get("outcome", "")) == (status, outcome), answer.text

    @asynccontextmanager
    async def merge_under_way(self) -> AsyncIterator[Run]:
        """A run whose merge waits for the device contact's row until the block ends; then it must have merged."""
        contact_id = await self._pair()
        async with asyncio.TaskGroup() as group, row_held(self.stack, contact_id):
            group.create_task(self.asked("merged"))
            (run,) = await runs_of(self.client, self.tenant.id)
            await until(lambda: is_merging(run))
            yield run

    async def _pair(self) -> int:
        await self.tenant.register("m0|c0", custom={"userId": "1"})
        return await self.tenant.register(DEVICE)


async def merged(scene: Scene) -> None:
    async with scene.merge_under_way():
        pass


async def assigned(scene: Scene) -> None:
    await scene.tenant.register(DEVICE)
    await scene.asked("assigned")


async def reassigned(scene: Scene) -> None:
    await scene.tenant.register(DEVICE, custom={"userId": "7"})
    await scene.asked("reassigned")


async def unchanged(scene: Scene) -> None:
    await scene.tenant.register(DEVICE, custom={"userId": "1"})
    await scene.asked("unchanged")


async def not_found(scene: Scene) -> None:
    await scene.asked("not_found", 404)


async def blocked(scene: Scene) -> None:
    await scene.tenant.register(DEVICE)
    await scene.asked("blocked", 500)


async def merged_at_the_second_attempt(scene: Scene) -> None:
    async with scene.merge_under_way() as run:
        await until(lambda: is_retrying(run))


async def joined(scene: Scene) -> None:
    async with asyncio.TaskGroup() as group, scene.merge_under_way() as run:
        for _ in range(3):
            group.create_task(scene.asked("merged"))
        await until(lambda: _is_joined(run))


async def another_request_refused(scene: Scene) -> None:
    async with scene.merge_under_way() as run:
        try:
            await run.execute_update(SETTLE, SettleInput("another"))
        except WorkflowUpdateFailedError:
            return
        raise AssertionError("the validator accepted another request")


SCENES: dict[str, Callable[[Scene], Awaitable[None]]] = {
    "merged": merged,
    "assigned": assigned,
    "reassigned": reassigned,
    "unchanged": unchanged,
    "not-found": not_found,
    "blocked": blocked,
    "merged-at-the-second-attempt": merged_at_the_second_attempt,
    "joined": joined,
    "another-request-refused": another_request_refused,
}


async def _is_joined(run: Run) -> bool:
    accepted = of_type(await run.fetch_history(), EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED)
    return len(accepted) == 2  # the caller who started the run, and one for all who joined it


async def record(stack: Stack, name: str) -> WorkflowHistory:
    store = Store.connect(stack.database_url, pool_size=2)
    tenant = await new_tenant(store, stack.url, required=("Country",) if name == "blocked" else ())
    client = await connect(stack)
    try:
        await SCENES[name](Scene(stack, client, tenant))
        first, *_ = await runs_of(client, tenant.id)
        return await first.fetch_history()
    finally:
        await tenant.http.aclose()
        await store.close()


def without_processes(value: Any) -> Any:
    match value:
        case dict():
            return {name: without_processes(member) for name, member in value.items()}
        case list():
            return [without_processes(item) for item in value]
        case str() if _PROCESS.fullmatch(value) or _STICKY_QUEUE.fullmatch(value):
            return "a worker"
    return value


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder, whole_stack(Path(folder)) as stack:
        for name in HISTORIES:
            history = await record(stack, name)
            document = without_processes(json.loads(history.to_json()))
            path(name).write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")
            print(f"{name}: {len(history.events)} events")


if __name__ == "__main__":
    try:
        asyncio.run(main())
    finally:
        gc.collect()  # a process that used the Temporal SDK can crash at exit if garbage is left
