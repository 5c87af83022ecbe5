"""Records the histories that are not stored yet, each from a real run: `python -m tests.replay.record`, or names.

A name records that history anew: needed when the workflow changes what it does while nothing is deployed yet. Once it
is, a stored history is never recorded again: runs that began with it may still be open, and a new branch gets a new
history beside the old ones.

Histories are encrypted with the tests' key. The names of processes, at which replay does not look, are taken out.
"""

import asyncio
import gc
import json
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHistory, WorkflowUpdateFailedError

from domain.messages import DecideInput, SettleInput
from onefold.embedded.temporal import Temporal
from store.engine import Store
from tests.replay.stored import HISTORIES, path
from tests.runs import (
    SHORT_HISTORY,
    Run,
    connect,
    is_merging,
    is_retrying,
    of_type,
    row_held,
    runs_of,
    until,
    until_it_went_on,
)
from tests.scenarios.approvals import Reviewer, asks, execute, pending, reviewers, when_done, when_revised
from tests.stack import LEDGER_KEYRING, Stack, whole_stack
from tests.tenant import Tenant, new_tenant
from workflows.establish_identity import DECIDE, SETTLE

DEVICE = "m1|c1"
RUN_RECORDED = {"approved-in-another-run": 1}
"""Which run of the database, where not the first."""
_PROCESS = re.compile(r"[0-9]+@\S+")
_STICKY_QUEUE = re.compile(r"\S+-[0-9a-f]{32}")


class ImpatientTemporal(Temporal):
    """Suggests that a run goes on in another as soon as one has waited for a person a little."""

    def _server_options(self) -> list[str]:
        return [*super()._server_options(), f"--dynamic-config-value={SHORT_HISTORY}"]


@dataclass(frozen=True)
class Scene:
    """A database of its own, on a stack that runs."""

    stack: Stack
    client: Client
    store: Store
    tenant: Tenant

    async def asked(self, outcome: str = "", status: int = 200) -> None:
        answer = await self.tenant.establish(DEVICE, "1")
        assert (answer.status_code, answer.json().get("outcome", "")) == (status, outcome), answer.text

    @asynccontextmanager
    async def merge_under_way(self) -> AsyncIterator[Run]:
        """A run whose merge waits for the device contact's row until the block ends; then it must have merged."""
        contact_id = await self.pair()
        async with asyncio.TaskGroup() as group, row_held(self.stack, contact_id):
            group.create_task(self.asked("merged"))
            (run,) = await runs_of(self.client, self.tenant.id)
            await until(lambda: is_merging(run))
            yield run

    async def pair(self) -> int:
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


@asynccontextmanager
async def held_back(scene: Scene, **approval: Any) -> AsyncIterator[tuple[Reviewer, dict[str, Any]]]:
    """A specialist, and a merge that waits for one."""
    async with reviewers(scene.store, scene.stack.url, scene.tenant) as make:
        await scene.pair()
        await asks(scene.tenant, **approval)
        yield await make(), await pending(scene.tenant, DEVICE, "1")


async def decided(
    scene: Scene, by: Reviewer, merge: dict[str, Any], decision: str = "approve", status: int = 200
) -> None:
    """On the plan that stands now."""
    digest = (await scene.tenant.merge(merge["id"]))["plan"]["digest"]
    answer = await by.decide(merge["id"], digest, decision)
    assert answer.status_code == status, answer.text


async def approved(scene: Scene) -> None:
    async with held_back(scene) as (specialist, merge):
        await decided(scene, specialist, merge)


async def assigned_as_approved(scene: Scene) -> None:
    await scene.tenant.register(DEVICE)
    await asks(scene.tenant, outcomes=["assigned"])
    async with reviewers(scene.store, scene.stack.url, scene.tenant) as make:
        await decided(scene, await make(), await pending(scene.tenant, DEVICE, "1"))


async def stale_then_approved(scene: Scene) -> None:
    async with held_back(scene) as (specialist, merge):
        await scene.tenant.patch_contact(merge["plan"]["survivor"], leadSource="fair")
        await decided(scene, specialist, merge, status=412)
        await decided(scene, specialist, merge)


async def planned_anew_then_approved(scene: Scene) -> None:
    async with held_back(scene) as (specialist, merge):
        answer = await scene.tenant.establish("m0|c0", "also-1", "Alias Id")
        assert answer.json()["outcome"] == "assigned", answer.text
        await when_revised(scene.tenant, merge["id"])
        await decided(scene, specialist, merge)


async def decision_refused_then_approved(scene: Scene) -> None:
    async with held_back(scene) as (specialist, merge):
        (run,) = await runs_of(scene.client, scene.tenant.id)
        invented = DecideInput(str(uuid4()), "approve", merge["plan"]["digest"])
        try:
            await run.execute_update(DECIDE, invented)
        except WorkflowUpdateFailedError:
            await decided(scene, specialist, merge)
            return
        raise AssertionError("an invented decision was accepted")


async def decided_twice_at_once(scene: Scene) -> None:
    """The second is brought to the run while the first is carried out, which its contact's row holds up."""
    async with (
        held_back(scene) as (specialist, merge),
        asyncio.TaskGroup() as group,
        row_held(scene.stack, merge["plan"]["survivor"]),
    ):
        (run,) = await runs_of(scene.client, scene.tenant.id)
        group.create_task(decided(scene, specialist, merge))
        await until(lambda: is_merging(run))
        group.create_task(decided(scene, specialist, merge, "reject", 409))
        await until(lambda: _is_accepted(run, 3))


async def rejected(scene: Scene) -> None:
    async with held_back(scene) as (specialist, merge):
        await decided(scene, specialist, merge, "reject")


async def withdrawn(scene: Scene) -> None:
    async with held_back(scene) as (_, merge):
        answer = await scene.tenant.http.post(f"/v1/merges/{merge['id']}/withdrawal", json={})
        assert answer.status_code == 200, answer.text


async def went_on_in_another_run(scene: Scene) -> None:
    """Its history had grown long, by the measure of ImpatientTemporal."""
    async with held_back(scene) as (specialist, merge):
        (first,) = await runs_of(scene.client, scene.tenant.id)
        await until_it_went_on(first)
        await decided(scene, specialist, merge)


async def reminded_then_expired(scene: Scene) -> None:
    async with held_back(scene, deadlineSeconds=2) as (_, merge):
        await when_done(scene.tenant, merge["id"])


async def expired_at_the_second_attempt(scene: Scene) -> None:
    """By PostgreSQL's clock the run believed too early that its time was up."""
    async with held_back(scene, deadlineSeconds=2) as (_, merge):
        later = "UPDATE merges SET deadline = deadline + interval '2 seconds' WHERE id = :id"
        await execute(scene.store, later, id=merge["id"])
        await when_done(scene.tenant, merge["id"])


async def device_gone_while_it_waited(scene: Scene) -> None:
    async with held_back(scene) as (_, merge):
        device = (await scene.tenant.by_channel(DEVICE)).json()["channels"][0]["id"]
        await scene.tenant.http.delete(f"/v1/databases/{scene.tenant.id}/devices/{device}")
        await when_done(scene.tenant, merge["id"])


async def blocked_while_it_waited(scene: Scene) -> None:
    async with held_back(scene) as (_, merge):
        await scene.tenant.http.delete(f"/databases/{scene.tenant.id}/lookupkeys/userId")
        await when_done(scene.tenant, merge["id"])


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
    "approved": approved,
    "assigned-as-approved": assigned_as_approved,
    "stale-then-approved": stale_then_approved,
    "planned-anew-then-approved": planned_anew_then_approved,
    "decision-refused-then-approved": decision_refused_then_approved,
    "decided-twice-at-once": decided_twice_at_once,
    "rejected": rejected,
    "withdrawn": withdrawn,
    "went-on-in-another-run": went_on_in_another_run,
    "approved-in-another-run": went_on_in_another_run,
    "reminded-then-expired": reminded_then_expired,
    "expired-at-the-second-attempt": expired_at_the_second_attempt,
    "device-gone-while-it-waited": device_gone_while_it_waited,
    "blocked-while-it-waited": blocked_while_it_waited,
}


async def _is_joined(run: Run) -> bool:
    return await _is_accepted(run, 2)  # the caller who started the run, and one for all who joined it


async def _is_accepted(run: Run, updates: int) -> bool:
    accepted = of_type(await run.fetch_history(), EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED)
    return len(accepted) == updates


async def record(stack: Stack, name: str) -> WorkflowHistory:
    store = Store.connect(stack.database_url, pool_size=2, ledger_keys=LEDGER_KEYRING)
    tenant = await new_tenant(store, stack.url, required=("Country",) if name == "blocked" else ())
    client = await connect(stack)
    try:
        await SCENES[name](Scene(stack, client, store, tenant))
        at = RUN_RECORDED.get(name, 0)
        run = (await runs_of(client, tenant.id, at + 1))[at]
        await run.result()
        return await run.fetch_history()
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
    with tempfile.TemporaryDirectory() as folder, whole_stack(Path(folder), ImpatientTemporal) as stack:
        for name in sys.argv[1:] or [name for name in HISTORIES if not path(name).exists()]:
            history = await record(stack, name)
            document = without_processes(json.loads(history.to_json()))
            path(name).write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")
            print(f"{name}: {len(history.events)} events")


if __name__ == "__main__":
    try:
        asyncio.run(main())
    finally:
        gc.collect()  # a process that used the Temporal SDK can crash at exit if garbage is left
