"""The relay, with a real database, a real mail server and a real receiver."""

import asyncio
import json
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, AsyncExitStack
from datetime import timedelta
from subprocess import Popen
from typing import LiteralString, TypeAlias
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text

from domain.errors import ServiceUnavailable
from onefold import relay as module
from onefold.loops import running_beside
from onefold.relay import Relay, create_relay
from onefold.settings import Settings, read
from store.outbox import KEPT, LEASE, Due
from tests.chaos.patience import eventually
from tests.onefold.receivers import WEBHOOK_SECRET, Mailbox, Receiver, mail_server, told, webhook_receiver
from tests.runs import until
from tests.stack import CODEC_KEYS, LEDGER_KEYS, WORKFLOW_ID_KEY, Stack
from tests.waiting import CANARIES, Waiting

READER = "reader@people.example"
StartWorker: TypeAlias = Callable[[str], AbstractContextManager["Popen[bytes]"]]


class Runs:
    """The open runs that were told to plan anew; `failures` of the calls find nobody first."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.failures = 0

    async def plan_anew(self, workflow_id: str, run_id: str) -> None:
        if self.failures:
            self.failures -= 1
            raise ServiceUnavailable
        self.told.append(workflow_id)


@pytest.fixture
def runs() -> Runs:
    return Runs()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as running:
        yield running


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with webhook_receiver() as running:
        yield running


@pytest.fixture
def env(mailbox: Mailbox, receiver: Receiver, waiting: Waiting) -> dict[str, str]:
    return {
        "DATABASE_URL": waiting.scratch.url,
        "ONEFOLD_WORKFLOW_ID_KEY": WORKFLOW_ID_KEY,
        "ONEFOLD_CODEC_KEYS": CODEC_KEYS,
        "ONEFOLD_LEDGER_KEYS": LEDGER_KEYS,
        "ONEFOLD_PUBLIC_URL": "https://onefold.example",
        "ONEFOLD_SMTP_URL": f"smtp://127.0.0.1:{mailbox.port}",
        "ONEFOLD_SMTP_FROM": "notices@onefold.example",
        "ONEFOLD_WEBHOOK_URL": receiver.url,
        "ONEFOLD_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "NO_PROXY": "*",
    }


@pytest.fixture
def settings(env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    return read(Settings)


@pytest.fixture
def relay(settings: Settings, waiting: Waiting, runs: Runs) -> Relay:
    return create_relay(waiting.store, settings, runs.plan_anew)


@pytest.fixture
def worker(stack: Stack, env: dict[str, str]) -> StartWorker:
    """A worker process under this name, on the test's own database and a task queue of its own."""
    return lambda name: stack.worker(name, {**env, "ONEFOLD_TASK_QUEUE": str(uuid4())})


async def test_each_notice_is_sent_once(
    waiting: Waiting, relay: Relay, mailbox: Mailbox, receiver: Receiver, runs: Runs
) -> None:
    await waiting.reviewer(READER)
    merge_id = await waiting.merge(workflow_id="establish-identity-x")
    await waiting.notify(merge_id, "email", "webhook")
    await waiting.plan_anew(1)

    for _ in range(2):
        for channel in ("email", "webhook", "workflow"):
            await relay.deliver(channel)
        await waiting.age(due=LEASE * 2)

    (message,), (delivery,) = mailbox.messages, receiver.deliveries
    assert mailbox.envelopes == [("notices@onefold.example", [READER])]
    link = f"https://onefold.example/merges/{merge_id}"
    assert link in message.get_content()
    assert "until 2099-12-31 09:30 UTC" in message.get_content()
    assert delivery.verified()["type"] == "merge.pending"
    assert delivery.verified()["data"] == {
        "mergeId": str(merge_id),
        "databaseId": waiting.database_id,
        "deadline": "2099-12-31T09:30:00Z",
        "reasons": 2,
        "link": link,
    }
    assert runs.told == ["establish-identity-x"]
    rows = await waiting.rows()
    assert {(row.attempts, row.sent is None, row.given_up) for row in rows} == {(1, False, None)}
    ids = {row.channel: str(row.id) for row in rows}
    assert message["Message-ID"] == f"<{ids['email']}@onefold.example>"
    assert delivery.headers["webhook-id"] == ids["webhook"]


async def test_what_failed_is_sent_again_later(waiting: Waiting, relay: Relay, mailbox: Mailbox) -> None:
    await waiting.reviewer(READER)
    await waiting.notify(await waiting.merge(), "email")
    mailbox.answers.append("451 come back later")

    assert await relay.deliver("email") == 1
    assert await relay.deliver("email") == 0
    assert mailbox.messages == []
    await waiting.age(due=timedelta(seconds=5))
    assert await relay.deliver("email") == 1

    assert len(mailbox.messages) == 1
    assert (await waiting.row()).sent is not None


async def test_a_run_is_told_once_temporal_answers(waiting: Waiting, relay: Relay, runs: Runs) -> None:
    await waiting.merge(workflow_id="establish-identity-x")
    await waiting.plan_anew(1)
    runs.failures = 1
    await relay.deliver("workflow")
    assert (runs.told, (await waiting.row()).sent) == ([], None)
    await waiting.age(due=timedelta(seconds=5))
    await relay.deliver("workflow")
    assert runs.told == ["establish-identity-x"]


async def test_two_relays_never_send_the_same(waiting: Waiting, relay: Relay, receiver: Receiver) -> None:
    for _ in range(40):
        await waiting.notify(await waiting.merge(), "webhook")

    async def until_nothing_is_due() -> None:
        while await relay.deliver("webhook"):
            pass

    await asyncio.gather(*(until_nothing_is_due() for _ in range(4)))
    ids = [delivery.headers["webhook-id"] for delivery in receiver.deliveries]
    assert len(ids) == len(set(ids)) == 40


async def test_who_wants_no_more_gets_no_more(waiting: Waiting, relay: Relay, receiver: Receiver) -> None:
    await waiting.notify(await waiting.merge(), "webhook")
    receiver.answers.put(410)
    await relay.deliver("webhook")
    await waiting.age(due=timedelta(days=1))
    assert await relay.deliver("webhook") == 0
    assert (await waiting.row()).given_up is not None
    assert len(receiver.deliveries) == 1


async def test_after_three_days_it_is_given_up(waiting: Waiting, relay: Relay, receiver: Receiver) -> None:
    await waiting.notify(await waiting.merge(), "webhook")
    receiver.answers.put(500)
    await waiting.age(created=timedelta(days=3, seconds=1))
    await relay.deliver("webhook")
    row = await waiting.row()
    assert (row.given_up is None, row.sent) == (False, None)


async def test_what_is_moot_is_not_sent(waiting: Waiting, relay: Relay, mailbox: Mailbox, receiver: Receiver) -> None:
    await waiting.reviewer(READER)
    merge_id = await waiting.merge()
    await waiting.notify(merge_id, "email", "webhook")
    await waiting.change(merge_id, state="done", outcome="rejected")
    for channel in ("email", "webhook"):
        assert await relay.deliver(channel) == 1
    assert (mailbox.messages, receiver.deliveries) == ([], [])
    assert all(row.given_up is not None and row.sent is None for row in await waiting.rows())


async def test_what_has_no_way_waits_for_a_process_that_has(waiting: Waiting, relay: Relay, runs: Runs) -> None:
    """And loses no time by it: nobody has tried."""
    await waiting.notify(await waiting.merge(workflow_id="establish-identity-x"), "webhook")
    await waiting.plan_anew(1)
    async with running_beside(Relay(waiting.store, {"workflow": relay.senders["workflow"]}).run()):
        await eventually(lambda: runs.told == ["establish-identity-x"])
        await asyncio.sleep(0.5)
    (notice,) = [row for row in await waiting.rows() if row.channel == "webhook"]
    assert (notice.attempts, notice.sent, notice.given_up) == (0, None, None)


async def test_what_ended_long_ago_is_purged_again_and_again(
    waiting: Waiting, relay: Relay, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BETWEEN_PURGES", timedelta(seconds=0.1))
    async with running_beside(relay.run()):
        for _ in range(2):
            await waiting.notify(await waiting.merge(), "webhook")
            await until(lambda: _holds(waiting, [False]))
            await waiting.age(sent=KEPT * 2)
            await until(lambda: _holds(waiting, []))


async def _holds(waiting: Waiting, unsent: list[bool]) -> bool:
    return [row.sent is None for row in await waiting.rows()] == unsent


async def test_what_takes_too_long_has_failed(waiting: Waiting, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the lease ends: nobody else may have it yet."""
    assert module._LONGEST < LEASE
    monkeypatch.setattr(module, "_LONGEST", timedelta(seconds=0.1))
    await waiting.merge()
    await waiting.plan_anew(1)
    await Relay(waiting.store, {"workflow": lambda due: asyncio.sleep(60)}).deliver("workflow")
    row = await waiting.row()
    assert (row.attempts, row.sent) == (1, None)
    assert row.due - row.created < timedelta(seconds=10)


async def test_a_slow_way_keeps_no_other_waiting_nor_the_end(waiting: Waiting, runs: Runs) -> None:
    merge_id = await waiting.merge(workflow_id="establish-identity-x")
    await waiting.notify(merge_id, "webhook")
    reached = asyncio.Event()

    async def never_done(due: object) -> None:
        reached.set()
        await asyncio.sleep(3600)

    relay = Relay(
        waiting.store, {"webhook": never_done, "workflow": lambda due: runs.plan_anew(due.workflow_id, due.run_id)}
    )
    async with asyncio.timeout(10):
        async with running_beside(relay.run()):
            await reached.wait()
            await waiting.plan_anew(1)
            await eventually(lambda: bool(runs.told))
    assert (await waiting.rows())[0].sent is None


async def test_more_than_one_round_takes_is_sent_without_a_pause(
    waiting: Waiting, relay: Relay, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_POLL", timedelta(hours=1))
    for _ in range(23):
        await waiting.notify(await waiting.merge(), "webhook")
    async with running_beside(relay.run()):
        await eventually(lambda: len(receiver.deliveries) == 23)


async def test_the_others_of_a_round_are_sent_when_one_cannot_be_noted(waiting: Waiting) -> None:
    for device in (11, 12):
        await waiting.merge(device)
        await waiting.plan_anew(device)
    noted = asyncio.Event()

    async with AsyncExitStack() as held:

        async def send(due: Due) -> None:
            if due.id == first.id:
                locker = await held.enter_async_context(waiting.store.transaction())
                await locker.execute(text("SELECT id FROM outbox WHERE id = :id FOR UPDATE"), {"id": due.id})
            else:
                await noted.wait()

        first, _ = await waiting.rows()
        delivering = asyncio.create_task(Relay(waiting.store, {"workflow": send}).deliver("workflow"))
        await asyncio.sleep(2.5)  # PostgreSQL's lock_timeout is two seconds
        assert not delivering.done()
        noted.set()
        with pytest.raises(ServiceUnavailable):
            await delivering
    assert [row.sent is None for row in await waiting.rows()] == [True, False]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("away", "back"),
    [
        (
            "UPDATE pg_database SET datallowconn = false WHERE datname = current_database()",
            "UPDATE pg_database SET datallowconn = true WHERE datname = current_database()",
        ),
        ("ALTER TABLE outbox RENAME TO away", "ALTER TABLE away RENAME TO outbox"),
    ],
)
async def test_it_survives_what_happens_to_the_database(
    waiting: Waiting, relay: Relay, runs: Runs, away: LiteralString, back: LiteralString
) -> None:
    await waiting.merge(workflow_id="first")
    await waiting.plan_anew(1)
    async with running_beside(relay.run()):
        await eventually(lambda: runs.told == ["first"])
        with psycopg.connect(waiting.scratch.admin_url, autocommit=True) as admin:
            admin.execute(away)
            _end_sessions(admin)
            await asyncio.sleep(2.5)
            admin.execute(back)
        await waiting.merge(device=7, workflow_id="second")
        await waiting.plan_anew(7)
        await eventually(lambda: runs.told == ["first", "second"])


@pytest.mark.slow
async def test_the_worker_relays_and_says_nothing_of_anybody(
    stack: Stack, waiting: Waiting, worker: StartWorker, mailbox: Mailbox, receiver: Receiver
) -> None:
    await waiting.reviewer(READER)
    await waiting.notify(await waiting.merge(), "email", "webhook")
    await waiting.plan_anew(1)
    mailbox.refused_recipient = "is away"
    with worker("relaying") as process:
        log = stack.log("relaying")
        await eventually(lambda: b"outbox.failed" in log.read_bytes())
        mailbox.refused_recipient = None
        await eventually(lambda: len(mailbox.messages) == len(receiver.deliveries) == 1)
        await eventually(lambda: log.read_bytes().count(b"outbox.sent") == 3)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 15) == 0

    written = log.read_text(encoding="utf-8")
    failures = [json.loads(line) for line in written.splitlines() if "outbox.failed" in line]
    (email,) = [str(row.id) for row in await waiting.rows() if row.channel == "email"]
    assert {(one["id"], one["channel"], one["error"], one["code"]) for one in failures} == {
        (email, "email", "NotAccepted", 550)
    }
    secrets = (READER, WEBHOOK_SECRET, "let-me-in")
    assert [value for value in (*CANARIES, *secrets) if value in written] == []
    (message,), (delivery,) = mailbox.messages, receiver.deliveries
    left = told(message) + delivery.body.decode() + str(delivery.headers)
    assert [value for value in CANARIES if value in left] == []


@pytest.mark.slow
async def test_a_worker_that_dies_between_sending_and_noting_it_sends_again(
    waiting: Waiting, worker: StartWorker, receiver: Receiver
) -> None:
    await waiting.notify(await waiting.merge(), "webhook")
    receiver.may_answer.clear()
    with worker("dying") as process:
        await eventually(lambda: len(receiver.deliveries) == 1)
        process.kill()
        process.wait()
    receiver.may_answer.set()
    await waiting.age(due=LEASE)
    with worker("next"):
        await eventually(lambda: len(receiver.deliveries) == 2)
    first, second = receiver.deliveries
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.verified() == second.verified()


def _end_sessions(admin: "psycopg.Connection[tuple[object, ...]]") -> None:
    admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
