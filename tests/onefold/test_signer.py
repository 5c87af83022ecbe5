"""The signer: a real PostgreSQL, real folders, a real receiver."""

import asyncio
import shutil
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from ledger.chain import TILE
from ledger.checkpoint import Checkpoint, open_checkpoint
from ledger.checkpoint_file import notes_in
from ledger.entry import GENESIS, Entry, Head
from ledger.note import SigningKey
from ledger.tree import root
from onefold import signer as module
from onefold.checkpoint_settings import CheckpointSettings
from onefold.places import courier as courier_module
from onefold.settings import read
from onefold.signer import Signer, create_signer
from store import databases
from store.checkpoint_state import CheckpointState, read_state, refuse
from store.checkpoints import read_last
from store.engine import Store
from store.leadership import leading
from tests import chains
from tests.onefold.receivers import WEBHOOK_SECRET, Receiver, webhook_receiver
from tests.stack import LEDGER_KEYRING, Stack, new_database
from tests.store.scratch import Scratch, copy_of

HERE, ELSEWHERE = 10000, 20000
ORIGIN = f"onefold/{HERE}"
KEY = SigningKey("onefold", b"k" * 32)


@dataclass(frozen=True)
class Places:
    folders: Sequence[Path]

    def notes(self, folder: int = 0, database_id: int = HERE, name: str = "onefold") -> list[str]:
        file = self.folders[folder] / f"{name}_{database_id}.checkpoints"
        return notes_in(file.read_text(encoding="utf-8")) if file.exists() else []

    def sizes(self, folder: int = 0, database_id: int = HERE) -> list[int]:
        return [open_checkpoint(note, [KEY.verifier]).size for note in self.notes(folder, database_id)]


@pytest.fixture(scope="module")
async def made_once(stack: Stack) -> AsyncIterator[Scratch]:
    store = Store.connect(new_database(stack, "chains"), pool_size=1, ledger_keys=LEDGER_KEYRING)
    for database_id in (HERE, ELSEWHERE):
        await databases.create(store, f"database {database_id}", database_id=database_id)
    await store.close()
    async with copy_of(stack, "chains") as copy:
        yield copy


@pytest.fixture
def scratch(made_once: Scratch) -> Scratch:
    """With empty chains: to copy the whole for each test would take longer than the test."""
    for table in (b"ledger_entries", b"ledger_checkpoints", b"ledger_tiles", b"checkpoint_refusals"):
        made_once.break_by_hand(b"DELETE FROM " + table)
    made_once.break_by_hand(
        b"UPDATE ledger_heads SET seq = 0, entry_hash = %(genesis)s", {"genesis": GENESIS.entry_hash}
    )
    return made_once


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with webhook_receiver() as running:
        yield running


@pytest.fixture
def places(tmp_path: Path) -> Places:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    return Places(folders)


@pytest.fixture
def new_signer(scratch: Scratch, places: Places, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Signer]:
    """As a worker that was just started makes it, which waits for nothing."""
    monkeypatch.setattr(module, "EVERY", timedelta())
    monkeypatch.setattr(module, "AFTER_A_REFUSAL", timedelta())
    monkeypatch.setattr(courier_module, "FIRST_PAUSE", 0.0)
    monkeypatch.setenv("NO_PROXY", "*")

    def make(*urls: str, folders: Sequence[Path] = places.folders, name: str = "onefold") -> Signer:
        monkeypatch.setenv("ONEFOLD_CHECKPOINT_KEY", b64encode(KEY.seed).decode())
        monkeypatch.setenv("ONEFOLD_CHECKPOINT_NAME", name)
        monkeypatch.setenv("ONEFOLD_CHECKPOINT_PLACES", ",".join([*(str(folder) for folder in folders), *urls]))
        monkeypatch.setenv("ONEFOLD_CHECKPOINT_WEBHOOK_SECRET", WEBHOOK_SECRET)
        signer = create_signer(scratch.store, read(CheckpointSettings))
        assert signer is not None
        return signer

    return make


async def sign(signer: Signer, times: int = 1) -> CheckpointState:
    """Rounds of the one that leads."""
    async with signer.store.statements() as connection:
        for _ in range(times):
            await signer.round(connection)
    return await read_state(signer.store, None)


def grow(scratch: Scratch, count: int, after: Sequence[Entry] = (), database_id: int = HERE) -> list[Entry]:
    """The chain with so many entries more."""
    head = Head(after[-1].seq, after[-1].entry_hash) if after else GENESIS
    more = chains.entries(database_id, count, head)
    chains.write(scratch.admin_url, more)
    return [*after, *more]


def cut(scratch: Scratch, length: int) -> None:
    with psycopg.connect(scratch.admin_url) as connection, connection.cursor() as cursor:
        chains.cut(cursor, HERE, length)


def forget_checkpoints(scratch: Scratch) -> None:
    """What somebody would do first who rewrites a chain."""
    scratch.break_by_hand(b"DELETE FROM ledger_checkpoints")
    scratch.break_by_hand(b"DELETE FROM ledger_tiles")


async def test_a_checkpoint_says_how_long_the_chain_is_and_which_tree_stands_over_it(
    scratch: Scratch, places: Places, new_signer: Callable[..., Signer]
) -> None:
    chain = grow(scratch, 5)
    state = await sign(new_signer())
    (note,) = places.notes(0)
    expected = Checkpoint(ORIGIN, 5, root(entry.entry_hash for entry in chain))
    assert open_checkpoint(note, [KEY.verifier]) == expected
    assert places.notes(1) == [note]
    assert await read_last(scratch.store, HERE, ORIGIN) == note
    assert places.notes(0, ELSEWHERE) == [], "there is nothing to sign over an empty chain"
    assert (state.refusals, state.late, state.is_signing, state.has_places) == ([], 0, True, True)


async def test_what_is_new_is_signed_and_nothing_twice(
    scratch: Scratch, places: Places, new_signer: Callable[..., Signer]
) -> None:
    signer = new_signer()
    chain = grow(scratch, 3)
    await sign(signer, times=3)
    assert places.sizes() == [3]
    chain = grow(scratch, 4, chain)
    await sign(signer, times=3)
    assert places.sizes() == [3, 7]
    await sign(new_signer(), times=3)
    assert places.sizes() == [3, 7]
    chain = grow(scratch, TILE, chain)
    await sign(signer)
    assert places.sizes() == [3, 7, 7 + TILE]
    last = open_checkpoint(places.notes()[-1], [KEY.verifier])
    assert last.root == root(entry.entry_hash for entry in chain)


async def test_it_signs_every_ten_seconds_or_thousand_entries(
    scratch: Scratch, places: Places, new_signer: Callable[..., Signer], monkeypatch: pytest.MonkeyPatch
) -> None:
    signer = new_signer()
    monkeypatch.setattr(module, "EVERY", timedelta(seconds=10))
    chain = grow(scratch, 1)
    await sign(signer)
    chain = grow(scratch, 999, chain)
    await sign(signer)
    assert places.sizes() == [1]
    chain = grow(scratch, 1, chain)
    await sign(signer)
    assert places.sizes() == [1, 1001]
    grow(scratch, 1, chain)
    now = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: now() + 5)
    await sign(signer)
    assert places.sizes() == [1, 1001]
    monkeypatch.setattr(time, "monotonic", lambda: now() + 10)
    await sign(signer)
    assert places.sizes() == [1, 1001, 1002]


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("length", [5, 8])
async def test_nothing_is_signed_over_a_chain_that_was_rewritten(
    scratch: Scratch, places: Places, new_signer: Callable[..., Signer], *, restarted: bool, length: int
) -> None:
    """Well made, from entry 3 on, with all that the database knows of checkpoints removed."""
    signer = new_signer()
    chain = grow(scratch, 5)
    await sign(signer)
    forged = chains.entries(HERE, length - 2, Head(2, chain[1].entry_hash), outcome="merged")
    chains.write(scratch.admin_url, forged)
    forget_checkpoints(scratch)
    grow(scratch, 1, database_id=ELSEWHERE)
    signer = new_signer() if restarted else signer
    state = await sign(signer, times=3)
    (refusal,) = state.refusals
    assert (refusal.database_id, refusal.doubt) in [(HERE, "rewritten"), (HERE, "broken")]
    assert places.sizes() == [5]
    assert await read_last(scratch.store, HERE, ORIGIN) is None
    assert places.sizes(0, ELSEWHERE) == [1], "other chains are signed all the same"
    chains.write(scratch.admin_url, chain)
    state = await sign(signer)
    assert state.refusals == [], "once it is as it was, it goes on"


@pytest.mark.parametrize("restarted", [False, True])
async def test_nothing_is_signed_over_a_chain_whose_end_was_cut_off(
    scratch: Scratch, places: Places, new_signer: Callable[..., Signer], *, restarted: bool
) -> None:
    signer = new_signer()
    chain = grow(scratch, 5)
    await sign(signer)
    cut(scratch, 3)
    forget_checkpoints(scratch)
    signer = new_signer() if restarted else signer
    (refusal,) = (await sign(signer)).refusals
    assert (refusal.doubt, refusal.what) == (
        "cut-short",
        "the chain ends at 3, and a checkpoint was published over 5 entries"
        if restarted
        else "the chain ends at 3, and had 5 entries",
    )
    grow(scratch, 6, chain[:3])
    (refusal,) = (await sign(signer)).refusals
    assert (refusal.doubt, refusal.what) == (
        "rewritten",
        "the first 5 entries are not those that a checkpoint was published over",
    )
    assert places.sizes() == [5]


async def test_a_folder_that_stood_still_meanwhile_does_not_make_it_forget_the_other(
    scratch: Scratch, places: Places, new_signer: Callable[..., Signer]
) -> None:
    """It extends what the frozen folder holds, and not what the other one does."""
    signer = new_signer()
    chain = grow(scratch, 3)
    await sign(signer)
    frozen = places.folders[0].rename(places.folders[0].with_name("unmounted"))
    chain = grow(scratch, 4, chain)
    state = await sign(signer)
    assert places.sizes(1) == [3, 7]
    assert [place.fault for place in state.places] == ["cannot be written to: No such file or directory", None]
    frozen.rename(places.folders[0])
    assert places.sizes(0) == [3]
    cut(scratch, 5)
    forget_checkpoints(scratch)
    for one in (signer, new_signer()):
        (refusal,) = (await sign(one)).refusals
        assert refusal.doubt == "cut-short"
    assert (places.sizes(0), places.sizes(1)) == ([3], [3, 7])
    chains.write(scratch.admin_url, chain)
    signer = new_signer()
    assert (await sign(signer)).refusals == []
    for courier in signer.couriers:
        await signer.supply(courier)
    assert (places.sizes(0), places.sizes(1)) == ([3, 7], [3, 7])


async def test_nothing_is_signed_while_no_folder_can_be_read(
    scratch: Scratch, places: Places, new_signer: Callable[..., Signer]
) -> None:
    signer = new_signer()
    chain = grow(scratch, 3)
    await sign(signer)
    for folder in places.folders:
        folder.rename(folder.with_suffix(".away"))
    grow(scratch, 1, chain)
    for one in (signer, new_signer()):
        state = await sign(one, times=2)
        assert {(refusal.doubt, refusal.what) for refusal in state.refusals} == {
            ("unread", "no folder of checkpoints can be read")
        }
        assert {place.fault for place in state.places} == {"is no folder that is there"}
    for folder in places.folders:
        folder.with_suffix(".away").rename(folder)
    state = await sign(signer)
    assert places.sizes(0) == [3, 4]
    assert HERE not in {refusal.database_id for refusal in state.refusals}


@pytest.mark.parametrize(
    "note",
    [
        Checkpoint(ORIGIN, 2, b"r" * 32).signed(SigningKey("onefold", b"o" * 32)),
        Checkpoint(f"onefold/{ELSEWHERE}", 2, b"r" * 32).signed(KEY),
        Checkpoint(ORIGIN, 2, b"r" * 32).signed(KEY).replace("\n2\n", "\n1\n"),
    ],
)
async def test_a_checkpoint_that_it_did_not_sign_stops_it(
    scratch: Scratch, places: Places, new_signer: Callable[..., Signer], note: str
) -> None:
    grow(scratch, 3)
    (places.folders[1] / f"onefold_{HERE}.checkpoints").write_text(f"{note}\n", encoding="utf-8")
    (refusal,) = (await sign(new_signer())).refusals
    assert refusal.doubt == "foreign"
    assert refusal.what.startswith(f"what {places.folders[1]} holds of it is ") or "bears" in refusal.what
    assert places.sizes(0) == []


async def test_what_the_database_holds_counts_as_published_too(
    scratch: Scratch, places: Places, new_signer: Callable[..., Signer]
) -> None:
    grow(scratch, 5)
    await sign(new_signer())
    for folder in places.folders:
        shutil.rmtree(folder)
        folder.mkdir()
    cut(scratch, 3)
    (refusal,) = (await sign(new_signer())).refusals
    assert refusal.doubt == "cut-short"


async def test_what_it_published_itself_it_remembers_when_every_other_trace_is_gone(
    scratch: Scratch, places: Places, new_signer: Callable[..., Signer]
) -> None:
    signer = new_signer()
    grow(scratch, 5)
    await sign(signer)
    for folder in places.folders:
        shutil.rmtree(folder)
        folder.mkdir()
    forget_checkpoints(scratch)
    cut(scratch, 3)
    for _ in range(3):
        (refusal,) = (await sign(signer)).refusals
        assert refusal.doubt == "cut-short"
    assert places.sizes() == []


async def test_an_entry_that_does_not_name_the_one_before_it_is_not_signed(
    scratch: Scratch, places: Places, new_signer: Callable[..., Signer]
) -> None:
    signer = new_signer()
    chain = grow(scratch, 3)
    await sign(signer)
    chains.write(scratch.admin_url, chains.entries(HERE, 2, Head(3, chain[1].entry_hash)))
    for one in (signer, new_signer()):
        (refusal,) = (await sign(one)).refusals
        assert (refusal.doubt, refusal.what) == ("broken", "entry 4 does not name the hash of the entry before it")
    assert places.sizes() == [3]


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        (b"UPDATE ledger_entries SET canonical = 'x' WHERE seq = 2", "entry 2 has another hash than its bytes"),
        (b"UPDATE ledger_entries SET canonical = 'x' WHERE seq = 4", "entry 4 has another hash than its bytes"),
        (b"DELETE FROM ledger_entries WHERE seq = 2", "entry 2 is missing"),
        (b"DELETE FROM ledger_entries WHERE seq = 4", "entry 5 follows 3"),
        (b"DELETE FROM ledger_entries WHERE seq = 5", "entry 5 is missing"),
        (
            b"UPDATE ledger_heads SET entry_hash = 'x' WHERE seq = 5",
            "entry 5 is not the one that the chain's head names",
        ),
    ],
)
async def test_a_worker_that_starts_reads_every_entry_again(
    scratch: Scratch, places: Places, new_signer: Callable[..., Signer], statement: bytes, what: str
) -> None:
    chain = grow(scratch, 3)
    await sign(new_signer())
    grow(scratch, 2, chain)
    scratch.break_by_hand(statement)
    (refusal,) = (await sign(new_signer())).refusals
    assert refusal.what == what
    assert places.sizes() == [3]


async def test_once_a_day_every_entry_is_read_again(
    scratch: Scratch, new_signer: Callable[..., Signer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of a chain that does not grow, by a worker that runs for months."""
    signer = new_signer()
    grow(scratch, 3)
    await sign(signer)
    scratch.break_by_hand(b"UPDATE ledger_entries SET canonical = canonical || ' '::bytea WHERE seq = 2")
    assert not (await sign(signer, times=2)).refusals
    monkeypatch.setattr(module, "READ_AGAIN", timedelta())
    assert [one.doubt for one in (await sign(signer)).refusals] == ["broken"]


async def test_a_new_name_begins_anew_and_leaves_the_old_checkpoints_where_they_are(
    scratch: Scratch, places: Places, new_signer: Callable[..., Signer]
) -> None:
    """How an operator goes on after a backup was restored: openly."""
    grow(scratch, 5)
    await sign(new_signer())
    cut(scratch, 3)
    assert (await sign(new_signer())).refusals
    state = await sign(new_signer(name="onefold-2"))
    assert state.refusals == []
    assert places.sizes() == [5]
    (note,) = places.notes(0, name="onefold-2")
    (checkpoint,) = [open_checkpoint(note, [SigningKey("onefold-2", KEY.seed).verifier])]
    assert (checkpoint.origin, checkpoint.size) == (f"onefold-2/{HERE}", 3)


async def test_what_a_place_lost_is_told_though_it_gets_the_next_one(
    scratch: Scratch, places: Places, new_signer: Callable[..., Signer]
) -> None:
    signer = new_signer()
    chain = grow(scratch, 3)
    await sign(signer)
    (places.folders[1] / f"onefold_{HERE}.checkpoints").unlink()
    grow(scratch, 1, chain)
    state = await sign(signer)
    assert (places.sizes(0), places.sizes(1)) == ([3, 4], [4])
    assert [place.fault for place in state.places] == [
        None,
        f"had a checkpoint of {ORIGIN} over 3 entries, and then one over 0",
    ]


async def test_a_checkpoint_that_no_place_took_is_none(
    scratch: Scratch, new_signer: Callable[..., Signer], receiver: Receiver
) -> None:
    grow(scratch, 3)
    signer = new_signer(receiver.url, folders=[])
    receiver.answers.put(500)
    state = await sign(signer)
    assert await read_last(scratch.store, HERE, ORIGIN) is None
    assert [(place.name, place.fault) for place in state.places] == [
        (f"http://127.0.0.1:{receiver.port}", "answers 500")
    ]
    assert not state.has_places
    state = await sign(signer)
    assert [place.fault for place in state.places] == [None]
    note = await read_last(scratch.store, HERE, ORIGIN)
    assert note == receiver.deliveries[-1].verified()["data"]["note"]


async def test_a_place_that_failed_gets_a_rest_and_then_the_latest(
    scratch: Scratch,
    places: Places,
    new_signer: Callable[..., Signer],
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    signer = new_signer(receiver.url)
    monkeypatch.setattr(courier_module, "FIRST_PAUSE", 10.0)
    courier = signer.couriers[-1]
    chain = grow(scratch, 1)
    receiver.answers.put(500)
    await sign(signer)
    assert receiver.deliveries == [], "no chain waits for a place that is not read back"
    await signer.supply(courier)
    grow(scratch, 1, chain)
    await sign(signer)
    await signer.supply(courier)
    assert len(receiver.deliveries) == 1
    now = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: now() + 10)
    await signer.supply(courier)
    await signer.supply(courier)
    assert [one.verified()["data"]["size"] for one in receiver.deliveries] == [1, 2]
    assert places.sizes() == [1, 2]


async def test_of_several_workers_one_signs_and_the_next_takes_over(
    scratch: Scratch, places: Places, new_signer: Callable[..., Signer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "POLL", timedelta(seconds=0.05))
    chain = grow(scratch, 1)
    async with leading(scratch.store, "checkpoints") as connection:
        assert connection is not None
        waiting = asyncio.create_task(new_signer().run())
        assert not await can_lead(scratch.url)
        await asyncio.sleep(0.3)
        assert places.sizes() == []
    for size in (1, 2):
        async with asyncio.timeout(20):
            while places.sizes()[-1:] != [size]:  # noqa: ASYNC110 - what is waited for happens in a file
                await asyncio.sleep(0.02)
        chain = grow(scratch, 1, chain)
    waiting.cancel()
    with suppress(asyncio.CancelledError):
        await waiting
    async with asyncio.timeout(20):
        while not await can_lead(scratch.url):  # noqa: ASYNC110 - what is waited for happens in the server
            await asyncio.sleep(0.02)


async def test_who_leads_again_looks_at_every_chain_again(scratch: Scratch, new_signer: Callable[..., Signer]) -> None:
    """Another has refused one meanwhile, rightly or not."""
    signer = new_signer()
    grow(scratch, 1)
    await sign(signer)
    await refuse(scratch.store, HERE, "broken", "somebody else says so")
    assert (await sign(signer)).refusals, "what has not changed is not looked at"
    leads = asyncio.create_task(signer.run())
    async with asyncio.timeout(20):
        while (await read_state(scratch.store, None)).refusals:  # noqa: ASYNC110 - what is waited for is in the store
            await asyncio.sleep(0.02)
    leads.cancel()
    with suppress(asyncio.CancelledError):
        await leads


async def can_lead(url: str) -> bool:
    """With a session of its own: what the other one holds would be granted to itself again."""
    store = Store.connect(url, pool_size=1, ledger_keys=LEDGER_KEYRING)
    try:
        async with leading(store, "checkpoints") as connection:
            return connection is not None
    finally:
        await store.close()


async def test_two_webhooks_of_one_host_are_two_places(
    scratch: Scratch, new_signer: Callable[..., Signer], receiver: Receiver
) -> None:
    signer = new_signer(receiver.url, f"{receiver.url}&other")
    state = await sign(signer)
    host = f"http://127.0.0.1:{receiver.port}"
    assert [place.name for place in state.places][-2:] == [host, f"{host} (2)"]
    state = await sign(new_signer())
    assert len(state.places) == 2, "what is no place any more is not told of"
