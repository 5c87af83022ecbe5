"""A merge happens once, whenever its worker is struck. Real processes, real signals."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from subprocess import Popen
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

from store.engine import Store
from tests.chaos.patience import eventually
from tests.chaos.rows import entries, number
from tests.chaos.struck_worker import AFTER, BEFORE, FROZEN, INSIDE
from tests.stack import LEDGER_KEYRING, Stack, free_port, named, new_database, servers
from tests.tenant import Tenant, new_tenant

pytestmark = pytest.mark.slow

_RUN = text("SELECT workflow_id, run_id FROM merges WHERE id = :id")
_STATES = text("SELECT state, outcome FROM merges WHERE database_id = :database_id")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Servers and an API; which workers there are is each test's own affair."""
    with servers(tmp_path_factory.mktemp("exactly-once")) as stack, ExitStack() as held:
        with stack.worker("first"):  # without one the API is not ready
            held.enter_context(stack.api())
        yield stack
        stack.check_invariants()


@dataclass(frozen=True)
class Site:
    """A database with two contacts, one of which holds the identity that the other's device will ask for."""

    stack: Stack
    store: Store
    tenant: Tenant
    env: dict[str, str]

    async def asked(self) -> asyncio.Task[dict[str, Any]]:
        await self.tenant.register("lookup|1", custom={"userId": "777374"})
        await self.tenant.register("device|1", custom={"Favorite Food": "Burger"})
        return asyncio.create_task(self.tenant.established("device|1", "777374"))

    async def states(self) -> list[tuple[str, str | None]]:
        async with self.store.transaction() as connection:
            rows = await connection.execute(_STATES, {"database_id": self.tenant.id})
            return [(row.state, row.outcome) for row in rows]

    async def attempts(self, merge_id: str) -> "Attempts":
        """What history says of the merge's activity."""
        async with self.store.transaction() as connection:
            row = (await connection.execute(_RUN, {"id": merge_id})).one()
        client = await Client.connect(self.stack.env["TEMPORAL_ADDRESS"])
        history = await client.get_workflow_handle(row.workflow_id, run_id=row.run_id).fetch_history()
        return Attempts(list(history.events))


@dataclass(frozen=True)
class Attempts:
    events: list[HistoryEvent]

    @property
    def last(self) -> int:
        """Only the attempt that completed has an event."""
        return max(event.activity_task_started_event_attributes.attempt for event in self.events)

    @property
    def why_not_the_first(self) -> str:
        """How the attempt before it ended: the type of a failure, or that it never reported."""
        for event in self.events:
            if event.HasField("activity_task_started_event_attributes"):
                failure = event.activity_task_started_event_attributes.last_failure
                return failure.application_failure_info.type or failure.WhichOneof("failure_info") or ""
        return ""

    @property
    def start_to_close(self) -> timedelta:
        for event in self.events:
            if event.HasField("activity_task_scheduled_event_attributes"):
                return event.activity_task_scheduled_event_attributes.start_to_close_timeout.ToTimedelta()
        raise LookupError


@asynccontextmanager
async def site(stack: Stack, env: dict[str, str] | None = None) -> AsyncIterator[Site]:
    env = env or {}
    store = Store.connect(env.get("DATABASE_URL", stack.database_url), ledger_keys=LEDGER_KEYRING)
    tenant = await new_tenant(store, f"http://127.0.0.1:{env.get('ONEFOLD_PORT', stack.port)}")
    yield Site(stack, store, tenant, env)
    await tenant.http.aclose()
    await store.close()


@pytest.fixture
async def here(own: Stack) -> AsyncIterator[Site]:
    async with site(own) as made:
        yield made


@dataclass(frozen=True)
class Story:
    """What was to be seen of one request whose worker was struck: before another took over, and in the end."""

    committed: list[tuple[str, str | None]]
    answer: dict[str, Any]
    attempts: Attempts
    entries: dict[str, int]

    def is_of_one_merge(self) -> None:
        assert self.attempts.last == 2
        assert self.entries == {"merge.executed": 1}
        assert self.answer["outcome"] == "merged"


async def struck(at: Site, moment: str) -> Story:
    with at.stack.worker(f"struck-{moment}", at.env, ("tests.chaos.struck_worker", moment)) as process:
        asked = await at.asked()
        assert await asyncio.to_thread(process.wait, 60) == -signal.SIGKILL
    committed = await at.states()
    with at.stack.worker("rescuer", at.env):
        answer = await asked
    return Story(committed, answer, await at.attempts(answer["mergeId"]), await entries(at.store, at.tenant.id))


@pytest.mark.parametrize(
    ("moment", "committed"), [(BEFORE, ("merging", None)), (INSIDE, ("merging", None)), (AFTER, ("done", "merged"))]
)
async def test_a_worker_killed_before_within_and_right_after_the_transaction(
    here: Site, moment: str, committed: tuple[str, str | None]
) -> None:
    story = await struck(here, moment)

    assert story.committed == [committed]
    story.is_of_one_merge()
    assert story.attempts.why_not_the_first == "timeout_failure_info"
    stored = await here.tenant.merge(story.answer["mergeId"])
    assert (stored["state"], stored["receipt"]) == ("done", story.answer["receipt"])


async def test_without_the_unique_merge_id_it_would_be_recorded_and_answered_twice(own: Stack) -> None:
    """The guard is what the test above tests: taken out, that one fails."""
    env = {
        "DATABASE_URL": new_database(own, "unguarded"),
        "ONEFOLD_PORT": str(free_port()),
        "ONEFOLD_TASK_QUEUE": "unguarded",
    }
    with psycopg.connect(named(own.postgres.owner_url, "unguarded")) as connection:
        connection.execute("ALTER TABLE merge_executions DROP CONSTRAINT merge_executions_pkey")
    with ExitStack() as held:
        with own.worker("unguarded", env):
            held.enter_context(own.api("unguarded-api", env))
        async with site(own, env) as there:
            story = await struck(there, AFTER)

    with pytest.raises(AssertionError):
        story.is_of_one_merge()
    assert story.committed == [("done", "merged")]
    assert story.answer["outcome"] == "unchanged"
    assert story.entries == {"merge.executed": 1, "identity.unchanged": 1}
    with pytest.raises(AssertionError, match="2 entries in the ledger"):
        own.check_invariants(env)


async def test_a_worker_frozen_inside_the_transaction_lets_go_and_its_late_commit_is_refused(here: Site) -> None:
    with here.stack.worker("frozen", program=("tests.chaos.struck_worker", FROZEN)) as frozen:
        asked = await here.asked()
        await eventually(lambda: is_stopped(frozen))
        # It holds the contact until PostgreSQL ends its idle transaction.
        refused = 0
        contact = (await here.tenant.by_channel("device|1")).json()["id"]
        async with asyncio.timeout(20):
            while (await here.tenant.patch_contact(contact, leadSource="fair")).status_code == 503:
                refused += 1
        assert refused

        frozen.send_signal(signal.SIGCONT)
        answer = await asked

    assert b"IdleInTransactionSessionTimeout" in here.stack.log("frozen").read_bytes()
    assert (await here.attempts(answer["mergeId"])).last > 1
    assert answer["outcome"] == "merged"
    assert await entries(here.store, here.tenant.id) == {"merge.executed": 1}
    # Written after the frozen transaction had read the contact: planned again, not overwritten.
    assert (await here.tenant.contact(contact))["leadSource"] == "fair"


async def test_slow_sql_is_ended_before_the_attempt_is_given_up(here: Site) -> None:
    """lock < statement < idle < start_to_close, so that no attempt begins while the one before it still works."""
    with psycopg.connect(here.stack.postgres.owner_url) as connection:
        connection.execute("""
            CREATE SEQUENCE naps;
            GRANT USAGE ON SEQUENCE naps TO PUBLIC;
            CREATE FUNCTION nap() RETURNS trigger LANGUAGE plpgsql AS
              'BEGIN PERFORM CASE WHEN nextval(''naps'') = 1 THEN pg_sleep(60) END; RETURN NEW; END';
            CREATE TRIGGER nap BEFORE INSERT ON ledger_entries
              FOR EACH ROW WHEN (NEW.merge_id IS NOT NULL) EXECUTE FUNCTION nap();
        """)
    try:
        with here.stack.worker("slow"):
            answer = await (await here.asked())
    finally:
        with psycopg.connect(here.stack.postgres.owner_url) as connection:
            connection.execute("DROP TRIGGER nap ON ledger_entries; DROP FUNCTION nap; DROP SEQUENCE naps")

    attempts = await here.attempts(answer["mergeId"])
    assert (attempts.last, attempts.why_not_the_first) == (2, "service-unavailable")
    assert await entries(here.store, here.tenant.id) == {"merge.executed": 1}
    bounds = [
        await number(here.store, "SELECT setting::int FROM pg_settings WHERE name = :name", name=name)
        for name in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
    ]
    bounds.append(int(attempts.start_to_close.total_seconds() * 1000))
    assert bounds[0] > 0  # 0 is no bound
    assert bounds == sorted(set(bounds))


async def test_one_of_two_workers_is_killed_under_load(here: Site) -> None:
    for pair in range(40):
        await here.tenant.register(f"a{pair}|1", custom={"userId": f"v{pair}"})
        await here.tenant.register(f"b{pair}|1")
    with here.stack.worker("one"), here.stack.worker("other") as other:
        asked = [asyncio.create_task(here.tenant.established(f"b{pair}|1", f"v{pair}")) for pair in range(40)]
        await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        other.kill()
        told = await asyncio.gather(*asked)

    assert {one["outcome"] for one in told} == {"merged"}
    assert await entries(here.store, here.tenant.id) == {"merge.executed": 40}


def is_stopped(process: "Popen[bytes]") -> bool:
    return Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "T"
