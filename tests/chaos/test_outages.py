"""PostgreSQL, Temporal and the API are killed under load, and come back. A caller who repeats gets an answer."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg
import pytest

from domain.roles import Role
from store import histories, people, sessions
from store.engine import Store
from store.histories import BEFORE_ALL
from tests.chaos.patience import eventually
from tests.chaos.rows import entries, live_contacts, number
from tests.stack import LEDGER_KEYRING, Stack, free_port, servers
from tests.tenant import Tenant, new_tenant
from tests.web.visitors import COOKIE

pytestmark = pytest.mark.slow

PAIRS = 40


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Its requests wait 5 s for an answer, so that a test sees the end of that wait."""
    with servers(tmp_path_factory.mktemp("outages")) as stack, ExitStack() as held:
        stack.env["ONEFOLD_WAIT"] = "5"
        held.enter_context(stack.worker())
        held.enter_context(stack.api())
        yield stack
        stack.check_invariants()


@pytest.fixture
async def tenant(own: Stack) -> AsyncIterator[Tenant]:
    store = Store.connect(own.database_url, ledger_keys=LEDGER_KEYRING)
    made = await new_tenant(store, own.url)
    yield made
    await made.http.aclose()
    await store.close()


@pytest.fixture
async def store(own: Stack) -> AsyncIterator[Store]:
    """Connected anew: the servers of these tests do not keep connections."""
    connected = Store.connect(own.database_url, ledger_keys=LEDGER_KEYRING)
    yield connected
    await connected.close()


@dataclass
class Load:
    """A service that repeats its requests until they are done, 8 at once, and keeps every answer."""

    tenant: Tenant
    statuses: set[int] = field(default_factory=set)
    done: dict[int, str] = field(default_factory=dict)
    errors: int = 0

    async def prepare(self) -> None:
        for pair in range(PAIRS):
            await self.tenant.register(f"a{pair}|1", custom={"userId": f"v{pair}"})
            await self.tenant.register(f"b{pair}|1")

    async def run(self) -> None:
        at_once = asyncio.Semaphore(8)

        async def persist(pair: int) -> None:
            async with at_once:
                while pair not in self.done:
                    await self._ask(pair)

        await asyncio.gather(*(persist(pair) for pair in range(PAIRS)))

    async def _ask(self, pair: int) -> None:
        try:
            answer = await self.tenant.establish(f"b{pair}|1", f"v{pair}")
        except httpx.TransportError:
            self.errors += 1
            await asyncio.sleep(0.2)
            return
        self.statuses.add(answer.status_code)
        if answer.status_code == 200:
            self.done[pair] = answer.json()["outcome"]
        else:
            await asyncio.sleep(0.2)


async def is_merged_once_each(load: Load, store: Store) -> None:
    """`unchanged` answers a repetition of a request whose first answer was lost."""
    assert set(load.done.values()) <= {"merged", "unchanged"}
    assert load.statuses <= {200, 202, 503}
    assert (await entries(store, load.tenant.id))["merge.executed"] == PAIRS
    assert await live_contacts(store, load.tenant.id) == PAIRS
    assert await number(store, "SELECT count(*) FROM merges WHERE state <> 'done'") == 0


async def is_refused(tenant: Tenant, part: str) -> None:
    """As long as a part is away: 503 that says so as a problem, when to come back, and /readyz names the part."""
    answer = await tenant.establish("b0|1", "v0")
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "service-unavailable"
    assert int(answer.headers["retry-after"]) > 0
    ready = await tenant.http.get("/readyz")
    assert ready.status_code == 503
    assert ready.json()["checks"][part] == "does not answer"
    assert (await tenant.http.get("/healthz")).status_code == 200


@pytest.mark.parametrize(("server", "part"), [("postgres", "database"), ("temporal", "temporal")])
async def test_a_server_is_killed_under_load_and_comes_back(
    own: Stack, tenant: Tenant, store: Store, server: str, part: str
) -> None:
    load = Load(tenant)
    await load.prepare()
    under_way = asyncio.create_task(load.run())
    await eventually(lambda: len(load.done) > PAIRS // 4)

    own.kill(server)
    try:
        assert len(load.done) < PAIRS
        await is_refused(tenant, part)
    finally:
        own.start(server)
    await under_way

    await is_ready(tenant)
    await is_merged_once_each(load, store)


async def test_the_api_is_killed_between_the_start_of_a_run_and_its_answer(
    own: Stack, tenant: Tenant, store: Store
) -> None:
    """The run goes on without it, and the repeated PUT is answered by another."""
    lookup = await tenant.register("a|1", custom={"userId": "v"})
    await tenant.register("b|1")
    port = free_port()
    held = psycopg.connect(own.database_url)
    with own.api("doomed", {"ONEFOLD_PORT": str(port)}) as doomed, held:
        # Keeps the merge from happening, for as long as this transaction is open.
        held.execute("SELECT id FROM contacts WHERE id = %s FOR UPDATE", [lookup])
        first = asyncio.create_task(tenant.http.put(f"http://127.0.0.1:{port}{tenant.path('b|1')}", json=body("v")))
        merge = await started(tenant)
        doomed.kill()
        with pytest.raises(httpx.TransportError):
            await first
    # `with` has ended the transaction.
    answer = await tenant.established("b|1", "v")

    assert answer["outcome"] in {"merged", "unchanged"}
    assert (await tenant.merge(merge))["outcome"] == "merged"
    assert (await entries(store, tenant.id))["merge.executed"] == 1
    assert (await tenant.established("b|1", "v"))["outcome"] == "unchanged"


async def test_a_database_that_takes_no_writes_for_a_while(own: Stack, tenant: Tenant, store: Store) -> None:
    """As after a failover to a standby that is not promoted yet."""
    lookup = await tenant.register("a|1", custom={"userId": "v"})
    await tenant.register("b|1")
    with psycopg.connect(own.postgres.admin_url, autocommit=True) as admin:
        admin.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        admin.execute("SELECT pg_reload_conf()")
        while (refused := await tenant.patch_contact(lookup, leadSource="fair")).status_code == 204:
            pass  # until every session has heard of it
        asked = asyncio.create_task(tenant.established("b|1", "v"))
        await asyncio.sleep(0.5)
        admin.execute("SET default_transaction_read_only = off")
        admin.execute("ALTER SYSTEM RESET default_transaction_read_only")
        admin.execute("SELECT pg_reload_conf()")

    assert (refused.status_code, refused.json()["code"]) == (503, "service-unavailable")
    assert (await asked)["outcome"] == "merged"
    assert await entries(store, tenant.id) == {"merge.executed": 1}


async def test_an_internal_error_takes_no_other_request_with_it(own: Stack, tenant: Tenant) -> None:
    """The connection stays open: the caller's next request is on its way while the 500 comes back."""
    contact = await tenant.register("a|1")
    with psycopg.connect(own.postgres.owner_url, autocommit=True) as owner:
        owner.execute("ALTER TABLE contacts ADD CONSTRAINT refused_by_a_test CHECK (version < 0) NOT VALID")
        try:
            for _ in range(10):
                failed = await tenant.patch_contact(contact, leadSource="fair")
                assert (failed.status_code, failed.json()["code"]) == (500, "internal-error")
                assert (await tenant.http.get("/healthz")).status_code == 200
        finally:
            owner.execute("ALTER TABLE contacts DROP CONSTRAINT refused_by_a_test")


async def test_what_was_archived_is_told_replayed_and_verified_when_temporals_file_is_gone(
    own: Stack, tenant: Tenant, store: Store
) -> None:
    """As when every retention has passed. The last test of its stack: what was open would be lost."""
    await tenant.register("archived|1")
    merge_id = (await tenant.established("archived|1", "v"))["mergeId"]
    async with asyncio.timeout(60):
        while await histories.unarchived(store, BEFORE_ALL, 1):  # noqa: ASYNC110 - the worker does it
            await asyncio.sleep(0.1)
    lose_temporals_file(own)

    async with await auditor(own, store) as browser:
        shown = await browser.get(f"/merges/{merge_id}/history")

    assert "Execute once: claim, lock, plan again, apply, record in the ledger" in shown.text
    for arguments in (("replay",), ("verify",)):
        argv = [sys.executable, "-m", "onefold", "audit", *arguments]
        told = await asyncio.to_thread(subprocess.run, argv, env=own.env, capture_output=True, text=True, check=False)
        assert told.returncode == 0, told.stdout + told.stderr


def lose_temporals_file(stack: Stack) -> None:
    stack.kill("temporal")
    for file in stack.temporal.data.glob("temporal.db*"):
        file.unlink()
    stack.start("temporal")


async def auditor(stack: Stack, store: Store) -> httpx.AsyncClient:
    person_id = await people.add(store, "auditor@people.example", "Alex Auditor")
    await people.give_role(store, person_id, Role.AUDITOR, None)
    secret = await sessions.start(store, await people.find(store, "auditor@people.example"), "Firefox")
    return httpx.AsyncClient(base_url=stack.url, cookies={COOKIE: secret}, timeout=60, trust_env=False)


def body(value: str) -> dict[str, Any]:
    return {"identity": {"name": "userId", "value": value}}


async def started(tenant: Tenant) -> str:
    """The id of the database's first merge, as soon as its run has stored it."""
    async with asyncio.timeout(30):
        while True:
            listed = (await tenant.http.get("/v1/merges", params={"databaseId": tenant.id})).json()["merges"]
            if listed:
                return str(listed[0]["id"])
            await asyncio.sleep(0.05)


async def is_ready(tenant: Tenant) -> None:
    ready = await tenant.http.get("/readyz")
    assert ready.json() == {"status": "ready", "checks": {"database": "ok", "temporal": "ok"}}
