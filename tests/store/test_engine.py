"""A snapshot: what reads a whole record reads one moment, and is not cut off for taking its time."""

from pathlib import Path

import pytest
from sqlalchemy import text

import store
from domain.errors import ServiceUnavailable
from store.engine import Store
from tests.store.scratch import Scratch
from tests.store.world import HERE

_LIMITS = ("statement_timeout", "idle_in_transaction_session_timeout")
_RENAME = text("UPDATE databases SET name = 'another' WHERE id = :database_id")
_NAMES = text("SELECT name FROM databases WHERE id = :database_id")


async def limits(store: Store, *, snapshot: bool) -> list[str]:
    async with store.snapshot() if snapshot else store.transaction() as connection:
        return [str((await connection.exec_driver_sql(f"SHOW {name}")).scalar_one()) for name in _LIMITS]


async def test_a_snapshot_may_take_its_time_and_nothing_else_may(scratch: Scratch) -> None:
    """Thousands of checkpoints are verified between two statements, which takes longer than a transaction may rest."""
    assert await limits(scratch.store, snapshot=True) == ["0", "0"]
    assert await limits(scratch.store, snapshot=False) == ["5s", "7s"]


async def test_a_snapshot_sees_nothing_of_what_comes_after_it_and_writes_nothing(scratch: Scratch) -> None:
    here = {"database_id": HERE}
    async with scratch.store.snapshot() as connection:
        before = (await connection.execute(_NAMES, here)).scalar_one()
        async with scratch.store.statements() as another:
            await another.execute(_RENAME, here)
        assert (await connection.execute(_NAMES, here)).scalar_one() == before != "another"
    with pytest.raises(ServiceUnavailable):
        async with scratch.store.snapshot() as connection:
            await connection.execute(_RENAME, here)


def test_whoever_reads_one_moment_takes_a_snapshot() -> None:
    """A transaction with a level of its own would be cut off after seconds."""
    files = Path(store.__file__).parent.glob("*.py")
    assert {file.name for file in files if "REPEATABLE READ" in file.read_text()} == {"engine.py"}
