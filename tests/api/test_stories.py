"""A merge's story over HTTP: what happened in order, and where the ledger holds it."""

import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from domain.canonical import canonical
from domain.plan import Outcome
from domain.roles import Role
from tests.store.scratch import Scratch
from tests.store.world import ASKING, World
from tests.tenant import person_token
from tests.web.served import pages_on


@pytest.fixture
async def auditor(scratch: Scratch) -> AsyncIterator[httpx.AsyncClient]:
    bearer = await person_token(scratch.store, [ASKING], Role.AUDITOR)
    async with pages_on(scratch.store) as client:
        client.headers["Authorization"] = f"Bearer {bearer}"
        yield client


async def story(client: httpx.AsyncClient, merge_id: UUID) -> dict[str, Any]:
    answer = await client.get(f"/v1/merges/{merge_id}/story")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_it_tells_what_happened_and_where_it_is_on_record(
    auditor: httpx.AsyncClient, scratch: Scratch, world: World
) -> None:
    told = await story(auditor, world.approved)
    assert (told["mergeId"], told["databaseId"], told["outcome"]) == (str(world.approved), ASKING, "merged")
    kinds = [one["kind"] for one in told["story"]]
    assert kinds == ["merge.requested", "plan.made", "decision.made", "merge.executed"]
    decided, executed = told["story"][2:]
    assert (decided["by"], decided["said"]) == ("Sam Specialist", "Looked at both.")
    assert decided["digest"] == told["story"][1]["digest"]
    assert decided["record"]["words"]["id"] == decided["event"]
    assert all(one["record"]["intact"] for one in told["story"])
    # Its words are the hashed bytes: whoever has them can check the hash.
    leaf = hashlib.sha256(b"\x00" + canonical(executed["record"]["words"])).hexdigest()
    receipt = (await auditor.get(f"/v1/merges/{world.approved}")).json()["receipt"]
    assert leaf == executed["record"]["entry_hash"] == receipt["entry_hash"]


async def test_it_tells_nobodys_value_and_of_a_sealed_batch_only_its_own(
    auditor: httpx.AsyncClient, world: World
) -> None:
    told = json.dumps(await story(auditor, world.approved))
    assert [value for value in ("Pizza", "Burger", "approve|") if value in told] == []
    assert str(world.merges[Outcome.REJECTED]) not in told


async def test_what_was_changed_is_not_intact(auditor: httpx.AsyncClient, scratch: Scratch, world: World) -> None:
    change = b"UPDATE ledger_events SET kind = 'plan.seen' WHERE merge_id = %(id)s AND kind = 'plan.made'"
    scratch.break_by_hand(change, {"id": world.approved})
    scratch.break_by_hand(b"UPDATE ledger_entries SET canonical = 'x' WHERE merge_id = %(id)s", {"id": world.approved})
    records = [one["record"] for one in (await story(auditor, world.approved))["story"] if one["record"]]
    assert [record["intact"] for record in records] == [True, False, True, False]
    assert records[-1]["words"] is None


async def test_the_newest_checkpoint_is_named_where_it_covers_an_entry(
    auditor: httpx.AsyncClient, scratch: Scratch, world: World
) -> None:
    sign = text("""
        INSERT INTO ledger_checkpoints (database_id, origin, size, root, note, at)
        VALUES (:database_id, 'tests', :size, '', '', now())
    """)
    seqs = {one["record"]["seq"] for one in (await story(auditor, world.approved))["story"]}
    async with scratch.store.transaction() as connection:
        await connection.execute(sign, {"database_id": ASKING, "size": min(seqs)})
    told = (await story(auditor, world.approved))["story"]
    covered = {one["record"]["seq"]: one["record"]["checkpoint"] for one in told}
    assert {seq: found and found["size"] for seq, found in covered.items()} == {
        seq: min(seqs) if seq == min(seqs) else None for seq in seqs
    }


async def test_a_story_of_another_database_or_of_no_merge_is_none(auditor: httpx.AsyncClient, world: World) -> None:
    for merge_id in (world.merges[Outcome.ASSIGNED], uuid4()):
        answer = await auditor.get(f"/v1/merges/{merge_id}/story")
        assert (answer.status_code, answer.json()["code"]) == (404, "merge-not-found")
