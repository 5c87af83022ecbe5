"""Places of checkpoints: real folders, and a real receiver."""

import asyncio
import os
import resource
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ledger.checkpoint import Checkpoint
from ledger.checkpoint_file import notes_in
from ledger.note import SigningKey
from onefold.places import folder as folder_module
from onefold.places import own_thread
from onefold.places.folder import Folder
from onefold.places.place import PlaceFailed, Publication
from onefold.places.webhook import Webhook
from tests.onefold.receivers import WEBHOOK_SECRET, Receiver, webhook_receiver

KEY = SigningKey("onefold", b"k" * 32)
ORIGIN = "onefold/10000"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with webhook_receiver() as running:
        yield running


def publication(size: int, origin: str = ORIGIN) -> Publication:
    checkpoint = Checkpoint(origin, size, bytes([size % 256]) * 32)
    return Publication(10000, checkpoint, checkpoint.signed(KEY), datetime(2026, 11, 23, 9, tzinfo=UTC))


async def test_a_folder_keeps_every_checkpoint_and_gives_back_the_last_of_each_origin(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    assert await folder.last(ORIGIN) is None
    for size in range(1, 100):
        await folder.put(publication(size))
    await folder.put(publication(7, "onefold/20000"))
    assert await folder.last(ORIGIN) == publication(99).note
    assert await folder.last("onefold/20000") == publication(7, "onefold/20000").note
    text = folder.file(ORIGIN).read_text(encoding="utf-8")
    assert notes_in(text) == [publication(size).note for size in range(1, 100)]
    assert len(text) > folder_module._TAIL


async def test_two_writers_of_one_file_never_mix(tmp_path: Path) -> None:
    await asyncio.gather(*(Folder(tmp_path).put(publication(size)) for size in range(1, 50)))
    text = Folder(tmp_path).file(ORIGIN).read_text(encoding="utf-8")
    assert sorted(notes_in(text)) == sorted(publication(size).note for size in range(1, 50))
    assert "cut short" not in text


async def test_a_write_that_was_cut_short_is_left_and_the_next_one_is_whole(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    await folder.put(publication(1))
    with folder.file(ORIGIN).open("a", encoding="utf-8") as file:
        file.write(publication(2).note[:-20])
    assert await folder.last(ORIGIN) == publication(1).note
    await folder.put(publication(3))
    assert await folder.last(ORIGIN) == publication(3).note
    assert publication(2).note[:-20] in folder.file(ORIGIN).read_text(encoding="utf-8")


async def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "unmounted")
    with pytest.raises(PlaceFailed, match=r"^cannot be written to: No such file or directory$"):
        await folder.put(publication(1))
    with pytest.raises(PlaceFailed, match=r"^is no folder that is there$"):
        await folder.last(ORIGIN)


async def test_a_file_that_holds_nothing_readable_is_not_an_empty_one(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.file(ORIGIN).write_bytes(b"\xff" * 100)
    with pytest.raises(PlaceFailed, match=r"^holds nothing that can be read in onefold_10000.checkpoints$"):
        await folder.last(ORIGIN)


async def test_a_folder_without_room_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """/dev/full is a disk without room."""
    folder = Folder(tmp_path)
    monkeypatch.setattr(Folder, "file", lambda *_: Path("/dev/full"))
    with pytest.raises(PlaceFailed, match=r"^cannot be written to: No space left on device$"):
        await folder.put(publication(1))


async def test_a_write_that_ends_half_way_is_a_failure(tmp_path: Path) -> None:
    """A limit on the size of files cuts a write short, as a disk does that is nearly full."""
    folder = Folder(tmp_path)
    await folder.put(publication(1))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(publication(1).note.encode()) + 50, limits[1]))
    try:
        with pytest.raises(PlaceFailed, match=r"^cannot be written to: No space left on device$"):
            await folder.put(publication(2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert await folder.last(ORIGIN) == publication(1).note


async def test_what_was_put_is_on_the_disk_and_so_is_the_name_of_a_new_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[str] = []
    fsync = os.fsync

    def watched(opened: int) -> None:
        kept.append(Path(f"/proc/self/fd/{opened}").readlink().name)
        fsync(opened)

    monkeypatch.setattr(os, "fsync", watched)
    folder = Folder(tmp_path)
    for size in (1, 2):
        await folder.put(publication(size))
    file = folder.file(ORIGIN).name
    assert kept == [file, tmp_path.name, file]


async def test_a_folder_that_hangs_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a network's folder does whose server is gone. A pipe that nobody writes to hangs as well."""
    folder = Folder(tmp_path)
    os.mkfifo(folder.file(ORIGIN))
    monkeypatch.setattr(own_thread, "_SECONDS", 0.2)
    try:
        with pytest.raises(PlaceFailed, match=r"^does not answer in time$"):
            await folder.last(ORIGIN)
        monkeypatch.setattr(own_thread, "_SECONDS", 60)
        async with asyncio.timeout(5):  # nor by the next chain, of which there may be a thousand
            with pytest.raises(PlaceFailed, match=r"^does not answer in time$"):
                await folder.put(publication(1))
    finally:
        os.close(os.open(folder.file(ORIGIN), os.O_RDWR | os.O_NONBLOCK))  # lets the thread go
    folder.file(ORIGIN).unlink()
    async with asyncio.timeout(5):
        while not await has_taken(folder, publication(1)):  # noqa: ASYNC110 - what is waited for is a thread
            await asyncio.sleep(0.02)
    assert await folder.last(ORIGIN) == publication(1).note


async def has_taken(folder: Folder, one: Publication) -> bool:
    try:
        await folder.put(one)
    except PlaceFailed:
        return False
    return True


async def test_a_webhook_gets_the_note_signed_and_a_repeat_can_be_told(receiver: Receiver) -> None:
    webhook = Webhook(receiver.url, WEBHOOK_SECRET)
    for size in (1, 1, 2):
        await webhook.put(publication(size))
    first, again, second = receiver.deliveries
    assert first.verified() == {
        "type": "ledger.checkpoint",
        "timestamp": "2026-11-23T09:00:00Z",
        "data": {"databaseId": 10000, "origin": ORIGIN, "size": 1, "note": publication(1).note},
    }
    assert first.headers["webhook-id"] == again.headers["webhook-id"] != second.headers["webhook-id"]


@pytest.mark.parametrize("status", [302, 410, 500])
async def test_a_webhook_that_does_not_take_it_says_so_and_no_redirect_is_followed(
    receiver: Receiver, status: int
) -> None:
    receiver.answers.put(status)
    with pytest.raises(PlaceFailed, match=f"^answers {status}$"):
        await Webhook(receiver.url, WEBHOOK_SECRET).put(publication(1))
    assert len(receiver.deliveries) == 1


async def test_a_webhook_where_nobody_listens_says_so_without_its_secrets() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        webhook = Webhook(f"http://user:hunter2@127.0.0.1:{bound.getsockname()[1]}/hunter2", WEBHOOK_SECRET)
        with pytest.raises(PlaceFailed, match=r"^cannot be reached: ConnectError$") as failed:
            await webhook.put(publication(1))
    assert "hunter2" not in f"{webhook.name}{webhook!r}{failed.value}"
    assert failed.value.__cause__ is None
