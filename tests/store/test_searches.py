"""What people search by has an index each: none of the searches reads a whole table, however large it gets."""

from typing import Any

import pytest
from sqlalchemy import TextClause, text

from store import finding, inbox
from store.finding import By
from store.inbox import COUNTED, Filter, Onlooker, Tab
from tests.waiting import Waiting

_MERGES = text("""
    INSERT INTO merges (id, database_id, state, outcome, settled, deadline, requester, workflow_id, run_id, channel,
      qualifier, destination, identity_name, identity_value, use_crm_contact_as_winner, merge_events, plan, plan_digest,
      device_snapshot, lookup_snapshot)
    SELECT gen_random_uuid(), database_id, 'done', 'expired', now(), now(), requester, workflow_id, run_id,
      channel, qualifier, 'muid' || n || '|channel' || n, identity_name, 'value' || n, use_crm_contact_as_winner,
      merge_events, plan, plan_digest,
      jsonb_build_object('id', n, 'email', n || '@one.example',
        'identities', jsonb_build_array(jsonb_build_object('name', 'userId', 'value', 'one' || n))),
      jsonb_build_object('id', n, 'email', n || '@other.example',
        'identities', jsonb_build_array(jsonb_build_object('name', 'userId', 'value', 'other' || n)))
    FROM merges, generate_series(1, 5000) AS n
""")
_CONTACTS = text("""
    WITH made AS (
      INSERT INTO contacts (database_id, created, last_modified, email)
      SELECT :database_id, now(), now(), 'Person' || n || '@contacts.example' FROM generate_series(1, 5000) AS n
      RETURNING id
    )
    INSERT INTO devices (database_id, channel, qualifier, destination, contact_id, consent_status)
    SELECT :database_id, 'SMS', 'spring', '+43' || id, id, 'OPTED-IN' FROM made
""")
_QUALIFIER = text("INSERT INTO qualifiers (database_id, channel, name) VALUES (:database_id, 'SMS', 'spring')")


async def explained(waiting: Waiting, statement: TextClause, **parameters: Any) -> str:
    """Five thousand rows are read as quickly as they are looked up: a whole table is read only where it has to be."""
    async with waiting.store.transaction() as connection:
        await connection.execute(text("SET LOCAL enable_seqscan = off"))
        rows = await connection.execute(text(f"EXPLAIN {statement.text}"), parameters)
        return "\n".join(rows.scalars())


@pytest.fixture
async def many(waiting: Waiting) -> Waiting:
    await waiting.merge(deadline=None, state="merging")
    async with waiting.store.transaction() as connection:
        await connection.execute(_MERGES)
        await connection.execute(_QUALIFIER, {"database_id": waiting.database_id})
        await connection.execute(_CONTACTS, {"database_id": waiting.database_id})
        for table in ("merges", "contacts", "devices"):
            await connection.execute(text(f"ANALYZE {table}"))
    return waiting


@pytest.mark.parametrize(
    "sought",
    [
        *("value4711", "muid4711", "muid4711|channel4711", "4711@ONE.example", "4711@other.example"),
        *("one4711", "other4711"),
    ],
)
async def test_the_inbox_finds_what_is_sought_by_index(many: Waiting, sought: str) -> None:
    everything = Onlooker(0, None)
    async with many.store.statements() as connection:
        found = await inbox.search(connection, everything, sought)
        assert [item.merge.request.identity.value for item in found] == ["value4711"]
        assert await inbox.search(connection, everything, str(found[0].merge.id).upper()) == found
    plan = await explained(many, inbox._SEARCH, reach=None, sought=sought, merge_id=None)
    assert "Seq Scan on merges" not in plan, plan


@pytest.mark.parametrize(("by", "value"), [(By.EMAIL, "person7@CONTACTS.example"), (By.DEVICE, "431007")])
async def test_a_contact_is_found_by_index(many: Waiting, by: By, value: str) -> None:
    assert len(await finding.find(many.store, many.database_id, by, value, None)) == 1
    plan = await explained(many, finding._BY[by], database_id=many.database_id, value=value, most=50)
    assert "Seq Scan" not in plan, plan


async def test_nobody_waits_until_all_that_was_ever_decided_is_counted(many: Waiting) -> None:
    async with many.store.statements() as connection:
        counts = await inbox.count_items(connection, Onlooker(0, None), Filter())
    assert counts[Tab.DECIDED] == COUNTED + 1
    assert counts[Tab.OPEN] == 0
