"""`onefold audit verify` on a live database, and what is done to it by its superuser."""

import base64
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import MappingProxyType

import pytest

from ledger.checkpoint_file import appended
from ledger.findings import FindingKind
from ledger.note import SigningKey
from store import sealing
from tests.audit.made import KEY, SIGNING, Ended, onefold
from tests.audit.tar import Tar
from tests.stack import LEDGER_KEYS, Stack
from tests.store.scratch import Scratch, copy_of
from tests.store.world import HERE


@pytest.fixture
async def live(stack: Stack, audited: str) -> AsyncIterator[Scratch]:
    """A copy of the database that was exported, to be broken."""
    assert audited.endswith("/audited")
    async with copy_of(stack, "audited") as copy:
        await sealing.seal_all(copy.store)  # the exports are on record
        yield copy


def verify(stack: Stack, live: Scratch, *arguments: object, places: str = "/nowhere") -> Ended:
    env = {**stack.env, **SIGNING, "DATABASE_URL": live.url, "ONEFOLD_CHECKPOINT_PLACES": places}
    return onefold(env, "audit", "verify", "--json", *arguments)


def test_what_was_not_touched_has_nothing_wrong(stack: Stack, live: Scratch, exported: Tar, tmp_path: Path) -> None:
    """With a place of checkpoints, a checkpoint and a receipt that were kept elsewhere."""
    place = tmp_path / "place"
    place.mkdir()
    notes = [exported.checkpoint(size, KEY) for size in (2, 6)]
    (place / f"onefold.example_{HERE}.checkpoints").write_text("".join(appended(note, "\n\n") for note in notes))
    (tmp_path / "known").write_text(exported.checkpoint(4, KEY))
    (tmp_path / "receipt").write_text(json.dumps(exported.receipt(3)))
    kept = ["--checkpoint", tmp_path / "known", "--receipt", tmp_path / "receipt"]
    ended = verify(stack, live, *kept, places=str(place))
    assert (ended.code, ended.json["findings"]) == (0, []), ended.err
    (unproven,) = ended.json["notProven"]
    assert unproven.endswith("no checkpoint outside the database was at hand, of 20000, 30000")
    of_here = next(one for one in ended.json["databases"] if one["database"] == HERE)
    assert (of_here["checkpoints"], of_here["receipts"], of_here["replayed"]) == (3, 1, 6)


@pytest.mark.parametrize(
    "command", ["audit verify", "audit export --values --token x --database 10000 --out", "invariants"]
)
def test_keys_that_read_nothing_are_not_told_as_changes(
    command: str, stack: Stack, live: Scratch, tmp_path: Path
) -> None:
    """Another key under the same id, as another installation has one."""
    (key_id, _), *_ = (one.split(":") for one in LEDGER_KEYS.split(","))
    other = f"{key_id}:{base64.b64encode(bytes(32)).decode()}"
    env = {**stack.env, **SIGNING, "DATABASE_URL": live.url, "ONEFOLD_LEDGER_KEYS": other}
    out = tmp_path / "export.tar"

    ended = onefold(env, *command.split(), *([out] if command.endswith("--out") else []))

    assert (ended.code, ended.out) == (1, "")
    assert f"which key {key_id} wraps: nothing was done" in ended.err
    assert not out.exists()


BROKEN = MappingProxyType(
    {
        "an entry's bytes": (
            f"""UPDATE ledger_entries SET canonical = set_byte(canonical, 40, get_byte(canonical, 40) # 1)
                WHERE database_id = {HERE} AND seq = 3""",
            FindingKind.ALTERED,
            3,
        ),
        "an entry is deleted": (
            f"DELETE FROM ledger_entries WHERE database_id = {HERE} AND seq = 3",
            FindingKind.MISSING,
            3,
        ),
        "an event is changed": (
            f"UPDATE ledger_events SET contact_id = 77 WHERE database_id = {HERE}",
            FindingKind.EVENTS,
            7,
        ),
        "values are changed": (
            f"UPDATE ledger_payloads SET encrypted = '\\x00' WHERE database_id = {HERE} AND seq = 1 AND part = 1",
            FindingKind.VALUES,
            1,
        ),
        "the live row is changed": (
            "UPDATE contacts SET lead_source = 'another' WHERE id = 1002",
            FindingKind.LIVE,
            4,
        ),
        "a plan is put in place of one that people saw": (
            "UPDATE merge_revisions SET plan_digest = repeat('0', 64)",
            FindingKind.LIVE,
            None,
        ),
        "a contact is brought back": (
            "UPDATE contacts SET merged_into = NULL WHERE id = 1000",
            FindingKind.BIJECTION,
            1,
        ),
        "an answer has another receipt": (
            f"UPDATE merges SET ledger_hash = '\\x00' WHERE database_id = {HERE} AND ledger_seq = 3",
            FindingKind.RECEIPT,
            None,
        ),
        "a merge names no decision": (
            "UPDATE merges SET decision_id = NULL WHERE decision_id IS NOT NULL AND outcome = 'merged'",
            FindingKind.DECISION,
            None,
        ),
    }
)
"""What the superuser did, what is found, and at which entry of HERE."""


@pytest.mark.parametrize("what", BROKEN)
def test_the_superuser_is_found_out_when(what: str, stack: Stack, live: Scratch) -> None:
    statement, kind, seq = BROKEN[what]
    live.break_by_hand(statement.encode())
    ended = verify(stack, live)
    assert ended.code == kind.exit_code, ended.out
    found = [one for one in ended.json["findings"] if one["kind"] == kind.word]
    assert any(one["seq"] == seq or seq is None for one in found), ended.out


def test_a_tail_that_was_cut_is_told_by_the_place(stack: Stack, live: Scratch, exported: Tar, place: Path) -> None:
    """Head and all: nothing in the database speaks of it any more but the merges."""
    (place / f"onefold.example_{HERE}.checkpoints").write_text(exported.checkpoint(7, KEY))
    live.break_by_hand(f"DELETE FROM ledger_seals WHERE database_id = {HERE}".encode())
    live.break_by_hand(f"DELETE FROM ledger_entries WHERE database_id = {HERE} AND seq > 6".encode())
    live.break_by_hand(
        f"UPDATE ledger_heads h SET seq = 6, entry_hash = e.entry_hash FROM ledger_entries e"
        f" WHERE h.database_id = {HERE} AND e.database_id = {HERE} AND e.seq = 6".encode()
    )
    ended = verify(stack, live, places=str(place))
    assert ended.code == FindingKind.CUT.exit_code
    assert "ends at entry 6, while" in ended.out


@pytest.mark.parametrize(("key", "origin"), [(SigningKey(KEY.name, bytes(32)), None), (KEY, "onefold.example/77")])
def test_a_checkpoint_that_is_not_of_here_is_named(
    key: SigningKey, origin: str | None, stack: Stack, live: Scratch, exported: Tar, tmp_path: Path
) -> None:
    note = exported.checkpoint(4, KEY)
    (tmp_path / "known").write_text(
        note.replace(f"onefold.example/{HERE}", origin) if origin else exported.checkpoint(4, key)
    )
    ended = verify(stack, live, "--checkpoint", tmp_path / "known")
    assert (ended.code, ended.kinds) == (FindingKind.CHECKPOINT.exit_code, {"checkpoint"})


def test_a_receipt_of_a_database_that_is_not_here_is_named(
    stack: Stack, live: Scratch, exported: Tar, tmp_path: Path
) -> None:
    (tmp_path / "receipt").write_text(json.dumps({**exported.receipt(3), "database": 77}))
    ended = verify(stack, live, "--receipt", tmp_path / "receipt")
    assert (ended.code, ended.kinds) == (FindingKind.RECEIPT.exit_code, {"receipt"})


def test_a_file_that_holds_nothing_of_the_kind_is_wrong_usage(stack: Stack, live: Scratch, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("nothing")
    for option in ("--checkpoint", "--receipt"):
        ended = verify(stack, live, option, tmp_path / "empty")
        assert (ended.code, "nothing of that kind" in ended.err) == (2, True)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "place"
    folder.mkdir()
    yield folder
