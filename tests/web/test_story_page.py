"""A merge's story: what happened, in order, and what the page says of the record it stands on."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from api.run_events import RunEvent
from domain.plan import Outcome
from domain.roles import Role
from ledger.entry import Receipt
from ledger.events import Event, EventKind
from ledger.tree import root
from store import reviews, sealing
from store.journal import record
from store.merges import read_merge
from store.story import REMINDED, Passage
from tests.store.scratch import Scratch
from tests.store.world import ASKING, World
from tests.web.desk import Desk
from tests.web.visitors import words
from web.masking import MASK
from web.story_view import Line, lines_of
from web.story_words import WORDS, told, what

APPROVED = ["Asked for by", "Planned as revision 1", "Approved by Sam Specialist seeing revision 1", "Merged"]
HOSTILE = "<script>alert(1)</script> & 'quoted'"


def story(merge_id: UUID) -> str:
    return f"/merges/{merge_id}/story"


async def test_it_tells_all_that_happened_in_order_and_who_looks_at_it(desk: Desk, world: World) -> None:
    await desk.sit(Role.SPECIALIST)
    read = await desk.read(story(world.approved))
    places = [read.find(one) for one in APPROVED]
    assert -1 not in places
    assert places == sorted(places)
    assert "Looked at both." in read
    assert "Seen by Vera Specialist revision 1" in await desk.read(story(world.approved))


async def test_every_outcome_has_a_story_and_a_record_that_stands(desk: Desk, world: World) -> None:
    await desk.sit(Role.AUDITOR)
    assert set(world.merges) == set(Outcome)
    for outcome, merge_id in world.merges.items():
        read = await desk.read(story(merge_id))
        assert "The record stands" in read, outcome
        assert "has the hash of its bytes, and the receipt names it" in read, outcome
        assert "Not in the journal" not in read, outcome


async def test_each_thing_opens_to_its_entry_of_the_chain(desk: Desk, world: World) -> None:
    await desk.sit(Role.SPECIALIST)
    page = (await desk.page(story(world.approved))).text
    receipt = await receipt_of(desk.scratch, world.approved)
    own = re.search(rf"<summary>Entry {receipt.seq} of the chain</summary>.*?<pre[^>]*>(.*?)</pre>", page, re.DOTALL)
    assert own
    assert receipt.entry_hash.hex() in page
    assert "&#34;kind&#34;: &#34;merge.executed&#34;" in own[1]
    (decided,) = re.findall(r"<pre[^>]*>([^<]*&#34;kind&#34;: &#34;decision.made&#34;[^<]*)</pre>", page)
    assert "&lt;U+" not in decided
    assert "plan.made" not in decided  # others of the same entry are others' business


async def test_what_is_not_sealed_yet_says_so(desk: Desk, world: World) -> None:
    await desk.sit(Role.SPECIALIST)
    sam = world.decider
    await reviews.comment(desk.scratch.store, world.approved, sam.person_id or 0, sam.token_id, HOSTILE)
    page = await desk.page(story(world.approved))
    assert "Commented by Sam Specialist" in words(page)
    assert HOSTILE in words(page)
    assert "<script>alert" not in page.text
    assert "Not in the chain yet" in words(page)
    await sealing.seal_all(desk.scratch.store)
    assert "Not in the chain yet" not in await desk.read(story(world.approved))


async def test_a_time_in_which_nothing_happened_is_folded(desk: Desk, world: World) -> None:
    await desk.sit(Role.SPECIALIST)
    assert "in which nothing happened" not in await desk.read(story(world.approved))
    earlier = {"id": world.approved, "by": timedelta(hours=2, minutes=14)}
    statement = b"UPDATE ledger_events SET at = at - %(by)s WHERE merge_id = %(id)s AND kind = 'merge.requested'"
    desk.scratch.break_by_hand(statement, earlier)
    assert "2 h 14 min in which nothing happened" in await desk.read(story(world.approved))


async def test_reviewers_who_were_reminded_at_once_were_reminded_once(desk: Desk, world: World) -> None:
    await desk.sit(Role.SPECIALIST)
    remind = b"""INSERT INTO outbox (kind, merge_id, channel, created)
      VALUES ('merge.reminder', %(id)s, 'webhook', %(at)s), ('merge.reminder', %(id)s, 'email', %(at)s)"""
    desk.scratch.break_by_hand(remind, {"id": world.approved, "at": datetime(2026, 1, 5, tzinfo=UTC)})
    read = await desk.read(story(world.approved))
    assert read.count("Reviewers reminded") == 1
    assert "Not in the journal" not in read


async def test_it_names_people_and_whose_claim_was_given_up(desk: Desk, world: World) -> None:
    await desk.sit(Role.SPECIALIST)
    released = Event(EventKind.MERGE_RELEASED, ASKING, world.approved, detail={"person": world.decider.person_id})
    async with desk.scratch.store.transaction() as connection:
        await record(connection, released)
    assert "Released what Sam Specialist had claimed" in await desk.read(story(world.approved))


def test_whatever_an_event_lacks_it_is_told() -> None:
    """As somebody's hand may have left it."""
    for kind in (*WORDS, "no.such-kind"):
        passage = Passage(kind, datetime(2026, 1, 5, tzinfo=UTC), detail={"says": ["no such thing"], "cause": {}})
        assert what(passage)
        told(passage)


async def test_nobody_but_a_specialist_reads_values_in_it(desk: Desk, world: World) -> None:
    await desk.sit(Role.SPECIALIST)
    assert {"Pizza", "Burger"} <= set(re.findall("Pizza|Burger", (await desk.page(story(world.approved))).text))
    await desk.sit(Role.AUDITOR)
    page = await desk.page(story(world.approved))
    assert re.findall("Pizza|Burger", page.text) == []
    assert MASK in page.text
    assert "Reveal values" in page.text


async def test_a_story_of_another_database_is_none(desk: Desk, world: World) -> None:
    await desk.sit(Role.SPECIALIST, ASKING)
    await desk.page(story(world.approved))
    assert (await desk.http.get(story(world.merges[Outcome.ASSIGNED]))).status_code == 404


async def test_an_entry_that_was_changed_is_named(desk: Desk, world: World) -> None:
    await desk.sit(Role.AUDITOR)
    seq = (await receipt_of(desk.scratch, world.approved)).seq
    where = {"database_id": ASKING, "seq": seq}
    change = b"""
        UPDATE ledger_entries
        SET canonical = convert_to(replace(convert_from(canonical, 'UTF8'), 'oldest', 'newest'), 'UTF8')
        WHERE database_id = %(database_id)s AND seq = %(seq)s
    """
    desk.scratch.break_by_hand(change, where)
    assert f"The bytes of entry {seq} do not have its hash" in await broken(desk, world)


async def test_bytes_that_are_no_entry_any_more_break_no_page(desk: Desk, world: World) -> None:
    await desk.sit(Role.AUDITOR)
    seq = (await receipt_of(desk.scratch, world.approved)).seq
    where = {"database_id": ASKING, "seq": seq}
    desk.scratch.break_by_hand(
        b"UPDATE ledger_entries SET canonical = '\\xff00' WHERE database_id = %(database_id)s AND seq = %(seq)s", where
    )
    assert f"Entry {seq} does not name the hash of the entry before it" in await broken(desk, world)


async def test_an_entry_that_was_rewritten_with_its_hash_is_named_by_its_neighbour_and_its_receipt(
    desk: Desk, world: World
) -> None:
    await desk.sit(Role.AUDITOR)
    seq = (await receipt_of(desk.scratch, world.approved)).seq
    rewrite = b"""
        WITH changed AS (
          SELECT database_id, seq,
            convert_to(replace(convert_from(canonical, 'UTF8'), 'oldest', 'newest'), 'UTF8') AS content
          FROM ledger_entries WHERE database_id = %(database_id)s AND seq = %(seq)s
        )
        UPDATE ledger_entries e SET canonical = content, entry_hash = sha256('\\x00'::bytea || content)
        FROM changed c WHERE c.database_id = e.database_id AND c.seq = e.seq
    """
    desk.scratch.break_by_hand(rewrite, {"database_id": ASKING, "seq": seq})
    read = await broken(desk, world)
    assert f"The entry after entry {seq} does not name its hash" in read
    assert f"The receipt that was handed out names another hash than that of entry {seq}" in read


async def test_an_entry_that_is_gone_is_named(desk: Desk, world: World) -> None:
    await desk.sit(Role.AUDITOR)
    seq = (await receipt_of(desk.scratch, world.approved)).seq
    where = {"database_id": ASKING, "seq": seq}
    desk.scratch.break_by_hand(b"DELETE FROM ledger_entries WHERE database_id=%(database_id)s AND seq=%(seq)s", where)
    assert f"Entry {seq} is gone from the chain" in await broken(desk, world)


async def test_an_event_that_was_changed_is_named(desk: Desk, world: World) -> None:
    await desk.sit(Role.AUDITOR)
    change = b"UPDATE ledger_events SET token_id = 'another' WHERE merge_id = %(id)s AND kind = 'decision.made'"
    desk.scratch.break_by_hand(change, {"id": world.approved})
    assert "“Approved” stands otherwise in entry" in await broken(desk, world)
    change = b"UPDATE ledger_events SET detail = '[7]' WHERE merge_id = %(id)s AND kind = 'decision.made'"
    desk.scratch.break_by_hand(change, {"id": world.approved})
    assert "“Decided” stands otherwise in entry" in await broken(desk, world)


async def test_an_event_that_is_gone_is_told_by_its_row_as_what_it_is(desk: Desk, world: World) -> None:
    await desk.sit(Role.AUDITOR)
    desk.scratch.break_by_hand(b"DELETE FROM ledger_events WHERE merge_id = %(id)s", {"id": world.approved})
    page = await desk.page(story(world.approved))
    assert [one for one in APPROVED if one not in words(page)] == []
    # Asked for, planned, approved, and this look has just been recorded.
    assert words(page).count("Not in the journal") == len(APPROVED) - 1


async def test_two_revisions_of_a_plan_are_compared(desk: Desk, world: World) -> None:
    await desk.sit(Role.SPECIALIST)
    twice = b"""INSERT INTO merge_revisions (merge_id, revision, cause, plan, plan_digest)
      SELECT merge_id, 2, 'contacts-changed', jsonb_set(plan, '{policy,version}', '99'), 'other' FROM merge_revisions
      WHERE merge_id = %(id)s"""
    desk.scratch.break_by_hand(twice, {"id": world.approved})
    compared = await desk.read(f"{story(world.approved)}?before=1&after=2")
    assert re.search(r"Revision 1 and revision 2 What Before Now The version of the policy \d+ 99", compared)
    assert "Revisions 2 and 2 differ in nothing" in await desk.read(f"{story(world.approved)}?before=2&after=2")
    assert "Revision 1 and revision 7" not in await desk.read(f"{story(world.approved)}?before=1&after=7")


async def broken(desk: Desk, world: World) -> str:
    read = await desk.read(story(world.approved))
    assert "The record was touched" in read
    assert "The record stands" not in read
    return read


async def receipt_of(scratch: Scratch, merge_id: UUID) -> Receipt:
    async with scratch.store.statements() as connection:
        receipt = (await read_merge(connection, merge_id)).receipt
    assert receipt is not None
    return receipt


def event(number: int, minute: int) -> RunEvent:
    at = datetime(2026, 11, 23, 10, minute, tzinfo=UTC)
    return RunEvent(number, "ACTIVITY_TASK_SCHEDULED", at, "merge", "", 1, {}, {})


def test_each_step_of_the_run_stands_with_what_came_before_it() -> None:
    passages = [Passage(REMINDED, datetime(2026, 11, 23, 10, minute, tzinfo=UTC)) for minute in (5, 9)]
    run = [event(1, 4), event(2, 5), event(3, 8), event(4, 9), event(5, 30)]
    lines = [line for line in lines_of(passages, {}, run) if isinstance(line, Line)]
    assert [[one.id for one in line.in_run] for line in lines] == [[1, 2, 3], [4, 5]]


async def test_where_temporal_does_not_answer_the_story_is_told_without_it(desk: Desk, world: World) -> None:
    await desk.sit(Role.SPECIALIST)
    read = await desk.read(story(world.approved))
    assert "Temporal does not answer" in read
    assert "The record stands" in read


async def test_the_verdict_names_the_checkpoint_whose_tree_contains_the_entry(desk: Desk, world: World) -> None:
    await desk.sit(Role.AUDITOR)
    await signed_over(desk, b"0" * 32)
    seq = (await receipt_of(desk.scratch, world.approved)).seq
    assert f"over a tree that does not contain entry {seq}" in await broken(desk, world)
    async with desk.scratch.store.statements() as connection:
        hashes = text("SELECT entry_hash FROM ledger_entries WHERE database_id = :id ORDER BY seq")
        tree = root((await connection.execute(hashes, {"id": ASKING})).scalars())
    await signed_over(desk, tree)
    read = await desk.read(story(world.approved))
    assert "The record stands" in read
    assert "covers it: its tree contains the entry" in read


async def signed_over(desk: Desk, tree: bytes) -> None:
    """A checkpoint over the whole chain of ASKING."""
    desk.scratch.break_by_hand(b"DELETE FROM ledger_checkpoints")
    sign = b"""INSERT INTO ledger_checkpoints (database_id, origin, size, root, note, at)
      SELECT database_id, 'tests', seq, %(root)s, '', now() FROM ledger_heads WHERE database_id = %(id)s"""
    desk.scratch.break_by_hand(sign, {"root": tree, "id": ASKING})
