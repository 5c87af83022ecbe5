"""A request that waits for a person outlives every process, and is then decided as if nothing had been."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from store.engine import Store
from tests.chaos.rows import entries
from tests.scenarios.approvals import asks, held_back, pending, reviewers, when_done
from tests.stack import LEDGER_KEYRING, Stack, servers
from tests.tenant import new_tenant

pytestmark = pytest.mark.slow


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Stack]:
    with servers(tmp_path) as stack:
        yield stack


def started(stack: Stack) -> ExitStack:
    """Our own processes; closed, they are stopped as an operator stops them."""
    held = ExitStack()
    held.enter_context(stack.worker())
    held.enter_context(stack.api())
    return held


@pytest.mark.parametrize("how", ["stopped", "killed"])
async def test_it_is_approved_after_every_process_was(own: Stack, how: str) -> None:
    before = started(own)
    store = Store.connect(own.database_url, ledger_keys=LEDGER_KEYRING)
    tenant = await new_tenant(store, own.url)
    async with reviewers(store, own.url, tenant) as make:
        specialist, other = await make(), await make()
        waiting = await held_back(tenant)
        expiring_tenant = await new_tenant(store, own.url)
        await expiring_tenant.register("a|1", custom={"userId": "v"})
        await expiring_tenant.register("b|1")
        await asks(expiring_tenant, deadlineSeconds=5)
        expiring = await pending(expiring_tenant, "b|1", "v")
        await store.close()
        if how == "killed":
            for name in ("worker", "serve", "temporal", "postgres"):
                own.kill(name)
        before.close()
        if how == "stopped":
            own.stop("temporal")
            own.stop("postgres")

        own.start("postgres")
        own.start("temporal")
        with started(own):
            now = await tenant.merge(waiting["id"])
            assert now == waiting
            assert (await other.http.put(f"/v1/merges/{waiting['id']}/claim")).status_code == 200
            answer = await specialist.approve(waiting)
            assert (answer.status_code, answer.json()["outcome"]) == (200, "merged"), answer.text
            assert (await tenant.established("muidA|channelA", "777374"))["outcome"] == "unchanged"
            assert (await when_done(expiring_tenant, expiring["id"]))["outcome"] == "expired", "its time went on"
            again = Store.connect(own.database_url, ledger_keys=LEDGER_KEYRING)
            assert await entries(again, tenant.id) == {"merge.executed": 1, "identity.unchanged": 1}
            await again.close()
            own.check_invariants()
    for made in (tenant, expiring_tenant):
        await made.http.aclose()
