"""The journal: an event is there exactly where what it tells is there."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from ledger.events import Event, EventKind
from store import journal
from tests.store.scratch import Scratch
from tests.store.world import ASKING, HERE, World

_EVENTS = text(
    "SELECT * FROM ledger_events WHERE database_id = :database_id AND merge_id = :merge_id ORDER BY position"
)


async def recorded(scratch: Scratch, **of: object) -> list[dict[str, Any]]:
    async with scratch.store.statements() as connection:
        return [dict(row._mapping) for row in await connection.execute(_EVENTS, of)]


async def test_events_are_recorded_whole_and_in_their_order(scratch: Scratch, world: World) -> None:
    merge_id, told = uuid4(), {"revision": 1, "masked": False}
    async with scratch.store.transaction() as connection:
        await journal.record(
            connection,
            Event(EventKind.PLAN_SEEN, ASKING, merge_id, token_id=world.decider.token_id, detail=told),
            Event(EventKind.MERGE_CLAIMED, ASKING, merge_id, contact_id=world.first),
        )
    seen, claimed = await recorded(scratch, database_id=ASKING, merge_id=merge_id)
    assert (seen["kind"], seen["token_id"], seen["detail"]) == ("plan.seen", world.decider.token_id, told)
    assert (claimed["kind"], claimed["contact_id"], claimed["detail"]) == ("merge.claimed", world.first, {})
    assert seen["position"] < claimed["position"]
    assert seen["id"] != claimed["id"]


async def test_a_persons_own_token_says_who_did_it_and_a_services_says_nobody(scratch: Scratch, world: World) -> None:
    async with scratch.store.transaction() as connection:
        service = (await connection.exec_driver_sql("SELECT id FROM tokens WHERE owner_kind = 'service'")).scalar_one()
    merge_id = uuid4()
    async with scratch.store.transaction() as connection:
        for token_id in (world.decider.token_id, service, None):
            await journal.record(connection, Event(EventKind.MERGE_JOINED, HERE, merge_id, token_id=token_id))
    people = [event["person_id"] for event in await recorded(scratch, database_id=HERE, merge_id=merge_id)]
    assert people == [world.decider.person_id, None, None]


async def test_what_is_rolled_back_was_never_recorded(scratch: Scratch) -> None:
    merge_id = uuid4()
    with pytest.raises(RuntimeError):
        async with scratch.store.transaction() as connection:
            await journal.record(connection, Event(EventKind.MERGE_JOINED, HERE, merge_id))
            raise RuntimeError
    assert await recorded(scratch, database_id=HERE, merge_id=merge_id) == []
