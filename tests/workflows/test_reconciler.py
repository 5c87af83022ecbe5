"""An orphan of each kind is made by hand, and healed or named."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from api.search_attributes import MERGE_ID
from domain.findings import FindingKind
from domain.plan import Outcome
from onefold import orphans
from onefold.reconciler import Reconciler
from store import merge_transaction, reconciliation, tokens
from store.engine import Store
from tests.runs import until
from tests.scenarios.approvals import when_done
from tests.store.world import expire
from tests.tenant import Tenant
from tests.workflows.lost import lost_merge, lost_request
from tests.workflows.pending import Waiting

_HEALED = text("SELECT kind, detail FROM ledger_events WHERE merge_id = :id AND kind = 'reconciler.healed'")


async def found(store: Store, about: str | UUID) -> dict[FindingKind, int]:
    """What stands of this merge or run, and how often it was tried to heal it."""
    standing = await reconciliation.current(store, None)
    return {
        one.finding.kind: one.attempts
        for one in standing
        if str(about) in {one.finding.subject, str(one.finding.merge_id)}
    }


async def healed(store: Store, merge_id: UUID) -> list[str]:
    async with store.statements() as connection:
        return [row.detail["what"] for row in await connection.execute(_HEALED, {"id": merge_id})]


async def test_a_merge_whose_run_is_gone_is_executed_after_all(
    tenant: Tenant, store: Store, reconciler: Reconciler
) -> None:
    merge_id = await lost_merge(tenant, store)

    await reconciler.reconcile()

    assert await found(store, merge_id) == {FindingKind.RUN_MISSING: 1}
    assert (await when_done(tenant, str(merge_id)))["outcome"] == "assigned"
    assert (await tenant.by_identity("777374")).status_code == 200
    await reconciler.reconcile()
    assert await found(store, merge_id) == {}
    assert await healed(store, merge_id) == ["run-missing"]


async def test_also_where_its_token_would_not_do_any_more(tenant: Tenant, store: Store, reconciler: Reconciler) -> None:
    """It was asked when the request came."""
    merge_id = await lost_merge(tenant, store)
    await tokens.revoke(store, tenant.http.headers["Authorization"].split("_")[1])

    await reconciler.reconcile()

    async with store.statements() as connection:
        outcome = text("SELECT outcome FROM merges WHERE id = :id")

        async def is_done() -> bool:
            return bool((await connection.execute(outcome, {"id": merge_id})).scalar_one())

        await until(is_done)


async def test_but_not_after_a_later_request_for_its_device(
    tenant: Tenant, store: Store, reconciler: Reconciler
) -> None:
    merge_id = await lost_merge(tenant, store)
    later = await lost_request(tenant, store, "888485")
    assert await merge_transaction.merge(store, later, str(uuid4()), 1) is Outcome.ASSIGNED

    await reconciler.reconcile()

    assert await found(store, merge_id) == {FindingKind.RUN_MISSING: 0}
    await reconciler.reconcile()
    assert (await tenant.by_identity("777374")).status_code == 404
    await merge_transaction.merge(store, merge_id, str(uuid4()), 1)


async def test_a_merge_that_a_person_decides_on_waits_in_another_run(
    waiting: Waiting, store: Store, reconciler: Reconciler
) -> None:
    await waiting.run.terminate("a test")

    await reconciler.reconcile()

    assert await found(store, waiting.merge["id"]) == {FindingKind.RUN_MISSING: 1}
    await waiting.goes_on()
    await reconciler.reconcile()
    assert await healed(store, UUID(waiting.merge["id"])) == ["run-missing"]


async def test_it_is_not_tried_without_end(tenant: Tenant, store: Store, reconciler: Reconciler) -> None:
    merge_id = await lost_merge(tenant, store)
    async with store.statements() as connection:
        at_its_end = text("INSERT INTO findings (kind, subject, attempts) VALUES ('run-missing', :id, 5)")
        await connection.execute(at_its_end, {"id": str(merge_id)})

    await reconciler.reconcile()

    assert await found(store, merge_id) == {FindingKind.RUN_MISSING: 5}
    assert (await tenant.merge(str(merge_id)))["state"] == "merging"
    await merge_transaction.merge(store, merge_id, str(uuid4()), 1)
    await reconciler.reconcile()


async def test_a_run_whose_merge_is_done_is_ended(waiting: Waiting, store: Store, reconciler: Reconciler) -> None:
    assert await expire(store, UUID(waiting.merge["id"])) is Outcome.EXPIRED

    await reconciler.reconcile()

    assert (await waiting.run.result()).outcome == "expired"
    await reconciler.reconcile()
    assert await found(store, waiting.merge["id"]) == {}
    assert await healed(store, UUID(waiting.merge["id"])) == ["run-left"]


@pytest.mark.parametrize("named", [lambda: str(uuid4()), lambda: "nobody's"], ids=["unknown", "no id"])
async def test_a_run_that_has_stored_nothing_is_named(
    temporal: Client, store: Store, reconciler: Reconciler, named: Callable[[], str]
) -> None:
    async def tells(findings: dict[FindingKind, int]) -> bool:
        await reconciler.reconcile()
        return await found(store, run_id) == findings

    async with run_of_nobody(temporal, named()) as run_id:
        await until(lambda: tells({FindingKind.ROW_MISSING: 0}))  # Temporal lists it some time after it began
    await until(lambda: tells({}))


async def test_what_is_settled_before_the_second_look_is_no_finding(
    tenant: Tenant, store: Store, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch
) -> None:
    merge_id = await lost_merge(tenant, store)

    async def settle(_: float) -> None:
        await merge_transaction.merge(store, merge_id, str(uuid4()), 1)

    monkeypatch.setattr("onefold.orphans.asyncio.sleep", settle)
    assert merge_id not in [
        one.finding.merge_id for one in await orphans.orphans(store, reconciler.gateway.client, timedelta())
    ]


async def test_what_may_be_under_way_is_no_finding(
    temporal: Client, tenant: Tenant, store: Store, reconciler: Reconciler
) -> None:
    """For a minute: the grace."""
    merge_id = await lost_merge(tenant, store)
    async with run_of_nobody(temporal, str(uuid4())) as run_id:
        await Reconciler(store, reconciler.gateway).reconcile()
        assert (await found(store, run_id), await found(store, merge_id)) == ({}, {})
    await merge_transaction.merge(store, merge_id, str(uuid4()), 1)


async def test_what_goes_on_as_it_should_is_no_finding(waiting: Waiting, store: Store, reconciler: Reconciler) -> None:
    await reconciler.reconcile()
    assert await found(store, waiting.merge["id"]) == {}
    await waiting.goes_on()


@asynccontextmanager
async def run_of_nobody(temporal: Client, merge_id: str) -> AsyncIterator[str]:
    """A run that no worker executes."""
    handle = await temporal.start_workflow(
        "EstablishIdentity",
        id=f"test-{uuid4()}",
        task_queue="nobody",
        search_attributes=TypedSearchAttributes([SearchAttributePair(MERGE_ID, merge_id)]),
    )
    yield str(handle.result_run_id)
    await handle.terminate()
