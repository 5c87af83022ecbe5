"""Each invariant is broken by hand, in a copy of a database with every outcome in it, and is named."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from domain.plan import Outcome, Plan
from domain.ruleset import make_plan
from ledger import recompute
from store import invariants, plans
from store.invariants import Violation
from tests.store.scratch import Scratch
from tests.store.world import HERE, World, settle


@dataclass(frozen=True)
class Break:
    """A statement that breaks something, the invariants that it violates, and what is said of one of them."""

    statement: str
    numbers: set[int]
    sentence: str


_LAST_ENTRY = "database_id = %(here)s AND seq = (SELECT max(seq) FROM ledger_entries WHERE database_id = %(here)s)"
_ENTRY = "(SELECT seq FROM ledger_entries WHERE merge_id = %(merged)s)"

BREAKS = {
    "a device of an absorbed contact": Break(
        "UPDATE devices SET contact_id = %(first)s WHERE contact_id = %(bystander)s",
        {1},
        "device {device} belongs to absorbed contact {first}",
    ),
    "an identity of an absorbed contact": Break(
        "UPDATE identities SET contact_id = %(first)s WHERE contact_id = %(bystander)s AND name = 'userId'",
        {2},
        "an identity of database {here} is held by contact {first}, which is absorbed",
    ),
    "an identity under a key that is not active": Break(
        "UPDATE lookup_keys SET status = 'CREATE_PENDING' WHERE database_id = %(here)s AND name = 'Alias Id'",
        {2},
        "contact {bystander} holds an identity under a key of database {here} that is not active",
    ),
    "an absorbed contact that leads to another database": Break(
        "UPDATE contacts SET merged_into = %(stranger)s WHERE id = %(second)s",
        {3},
        "absorbed contact {first} leads to no live contact of its database",
    ),
    "absorbed contacts that lead to each other": Break(
        "UPDATE contacts SET merged_into = %(first)s WHERE id = %(second)s",
        {3},
        "absorbed contact {second} leads to no live contact of its database",
    ),
    "an absorbed contact that was written to": Break(
        "UPDATE contacts SET lead_source = 'x', version = version + 1 WHERE id = %(first)s",
        {3},
        "absorbed contact {first} was written to, or still is in a list",
    ),
    "an absorbed contact in a list": Break(
        """WITH list AS (INSERT INTO contact_lists (database_id, name) VALUES (%(here)s, 'VIP') RETURNING id)
           INSERT INTO contact_list_members SELECT id, %(first)s FROM list""",
        {3},
        "absorbed contact {first} was written to, or still is in a list",
    ),
    "a contact that was absorbed by nobody": Break(
        "UPDATE contacts SET merged_into = %(bystander)s WHERE id = %(bare)s",
        {4},
        "contact {bare} was absorbed 0 times according to the ledger",
    ),
    "an absorbed contact that is live again": Break(
        "UPDATE contacts SET merged_into = NULL WHERE id = %(first)s",
        {4},
        "ledger entry 1 of database {here} absorbed a contact that is live",
    ),
    "a result that lacks a value": Break(
        """UPDATE ledger_payloads SET content = jsonb_set(content, '{result,leadSource}', 'null')
           WHERE database_id = %(here)s AND seq = 1 AND content ? 'result'""",
        {5, 6},
        "ledger entry 1 of database {here} loses a value of leadSource without naming it",
    ),
    "a result that lacks a device": Break(
        """UPDATE ledger_payloads SET content = content #- '{result,channels,0}'
           WHERE database_id = %(here)s AND seq = 1 AND content ? 'result'""",
        {1, 6},
        "ledger entry 1 of database {here} loses a device",
    ),
    "a live row that is not as its last entry left it": Break(
        "UPDATE contacts SET lead_source = 'x' WHERE id = %(last)s",
        {6},
        "ledger entry 4 of database {here} left contact {last} otherwise than it is",
    ),
    "a value beside an entry": Break(
        """UPDATE ledger_payloads SET content = jsonb_set(content, '{fields/Favorite Food}', '"Salad"')
           WHERE database_id = %(here)s AND seq = 1 AND content ? 'fields/Favorite Food'""",
        {6},
        "ledger entry 1 of database {here} records another plan or result than the ruleset gives",
    ),
    "a value beside an entry that it does not commit to": Break(
        """UPDATE ledger_payloads SET content = content || '{"note": "he agreed"}'
           WHERE database_id = %(here)s AND seq = 1 AND part = 0""",
        {6},
        "ledger entry 1 of database {here} keeps other values beside it than the ruleset gives",
    ),
    "a snapshot": Break(
        """UPDATE ledger_payloads SET content = jsonb_set(content, '{snapshot,leadSource}', '"x"')
           WHERE database_id = %(here)s AND seq = 1 AND content ? 'result'""",
        {6, 7},
        "ledger entry 1 of database {here} names another digest than its plan has",
    ),
    "a salt": Break(
        r"UPDATE ledger_payloads SET salt = '\x00' WHERE database_id = %(here)s AND seq = 1 AND part = 1",
        {6},
        "ledger entry 1 of database {here} records another plan or result than the ruleset gives",
    ),
    "a payload that is gone": Break(
        "DELETE FROM ledger_payloads WHERE database_id = %(here)s AND seq = 1 AND part = 1",
        {6},
        "ledger entry 1 of database {here} cannot be recomputed from its bytes and the values beside it",
    ),
    "all payloads gone": Break(
        "DELETE FROM ledger_payloads WHERE database_id = %(here)s AND seq = 1",
        {6},
        "ledger entry 1 of database {here} cannot be recomputed from its bytes and the values beside it",
    ),
    "the digest that a merge shows": Break(
        "UPDATE merges SET plan_digest = repeat('0', 64) WHERE id = %(merged)s",
        {7},
        "ledger entry {merged_seq} of database {here} executed another plan than its merge shows",
    ),
    "the plan that a merge shows": Break(
        "UPDATE merges SET plan = jsonb_set(plan, '{fields,0,lost}', '[]') WHERE id = %(merged)s",
        {7},
        "ledger entry {merged_seq} of database {here} executed another plan than its merge shows",
    ),
    "a merge that changed nothing and yet absorbed somebody": Break(
        "UPDATE merges SET absorbed_id = %(bystander)s WHERE id = %(not_found)s",
        {9, 10},
        "merge {not_found} ended not_found and yet names an absorbed contact",
    ),
    "a merge without an entry": Break(
        """WITH other AS (SELECT (jsonb_populate_record(m, jsonb_build_object('id', gen_random_uuid()))).*
                          FROM merges m WHERE id = %(unchanged)s)
           INSERT INTO merges SELECT * FROM other""",
        {10},
        " has 0 entries in the ledger",
    ),
    "an entry without a merge": Break(
        "UPDATE ledger_entries SET merge_id = NULL WHERE merge_id = %(unchanged)s",
        {10},
        "merge {unchanged} has 0 entries in the ledger",
    ),
    "a merge that is gone": Break(
        "DELETE FROM merges WHERE id = %(unchanged)s",
        {10},
        "ledger entry 2 of database {here} belongs to no merge",
    ),
    "a receipt's place": Break(
        "UPDATE merges SET ledger_seq = 77 WHERE id = %(not_found)s",
        {10},
        "merge {not_found} answers with another receipt than its entry's",
    ),
    "a receipt's hash": Break(
        r"UPDATE merges SET ledger_hash = '\x00' WHERE id = %(not_found)s",
        {10},
        "merge {not_found} answers with another receipt than its entry's",
    ),
    "a receipt that is gone": Break(
        "UPDATE merges SET ledger_seq = NULL, ledger_hash = NULL WHERE id = %(not_found)s",
        {10},
        "merge {not_found} answers with another receipt than its entry's",
    ),
    "the outcome that a merge answers with": Break(
        "UPDATE merges SET outcome = 'blocked' WHERE id = %(not_found)s",
        {10},
        "records another end than its merge answers with",
    ),
    "the survivor that a merge answers with": Break(
        "UPDATE merges SET survivor_id = %(bystander)s WHERE id = %(merged)s",
        {10},
        "ledger entry {merged_seq} of database {here} records another end than its merge answers with",
    ),
    "the channel identifier that a merge answers with": Break(
        "UPDATE merges SET winner_channel_identifier = 'm9' WHERE id = %(merged)s",
        {10},
        "ledger entry {merged_seq} of database {here} records another end than its merge answers with",
    ),
    "a device of another database's contact": Break(
        "UPDATE devices SET contact_id = %(stranger)s WHERE contact_id = %(bystander)s",
        {12},
        "device {device} and its contact {stranger} are of different databases",
    ),
    "an identity of another database's contact": Break(
        "UPDATE identities SET contact_id = %(stranger)s WHERE contact_id = %(bystander)s AND name = 'Alias Id'",
        {12},
        "contact {stranger} holds an identity of database {here}, which is not its own",
    ),
    "a value in the hashed bytes": Break(
        """UPDATE ledger_entries SET canonical = convert_to(replace(convert_from(canonical, 'UTF8'),
             '"body":{', '"body":{"a":"albert@jerm.example",'), 'UTF8') WHERE database_id = %(here)s AND seq = 1""",
        {0, 6, 13},
        "ledger entry 1 of database {here} may have a personal value in its hashed bytes, at body.a",
    ),
    "the bytes of an entry": Break(
        r"UPDATE ledger_entries SET canonical = canonical || '\x20' WHERE database_id = %(here)s AND seq = 1",
        {0},
        "ledger entry 1 of database {here} has another hash than its bytes",
    ),
    "bytes that cannot be read": Break(
        r"UPDATE ledger_entries SET canonical = '\x7b' WHERE database_id = %(here)s AND seq = 1",
        {0, 6},
        "ledger entry 1 of database {here} has bytes that cannot be read",
    ),
    "the hash of an entry": Break(
        r"UPDATE ledger_entries SET entry_hash = '\x00' WHERE database_id = %(here)s AND seq = 1",
        {0, 10},
        "ledger entry 2 of database {here} does not name the hash of the entry before it",
    ),
    "the time of an entry": Break(
        "UPDATE ledger_entries SET at = at - interval '1 second' WHERE database_id = %(here)s AND seq = 1",
        {0},
        "ledger entry 1 of database {here} is filed under another database, id, kind or time than its bytes say",
    ),
    "an entry that is gone": Break(
        "DELETE FROM ledger_entries WHERE database_id = %(here)s AND merge_id = %(unchanged)s",
        {0, 10},
        "ledger entry 3 of database {here} follows 1",
    ),
    "the last entry gone": Break(
        f"DELETE FROM ledger_entries WHERE {_LAST_ENTRY}",
        {0, 10},
        "the ledger of database {here} ends at 5, its head at 6",
    ),
    "a head that is further than its chain": Break(
        "UPDATE ledger_heads SET seq = seq + 1 WHERE database_id = %(here)s",
        {0},
        "the ledger of database {here} ends at 6, its head at 7",
    ),
}


async def test_what_the_store_made_violates_nothing(scratch: Scratch, world: World) -> None:
    told: list[int] = []
    report = await invariants.check(scratch.store, told.append)
    assert report.violations == []
    assert report.checked == {"contacts": 7, "merges": 7, "entries": 7}
    assert told == [1] * 7
    assert set(world.merges) == set(Outcome)


@pytest.mark.parametrize("what", BREAKS)
async def test_it_is_named_when_somebody_broke(what: str, scratch: Scratch, world: World) -> None:
    broken, known = BREAKS[what], _names(world)
    device = await _device_of(scratch, world.bystander)
    seq = await _seq_of(scratch, world)
    scratch.break_by_hand(broken.statement.encode(), known)
    violations = (await invariants.check(scratch.store)).violations
    assert {one.invariant for one in violations} == broken.numbers
    sentence = broken.sentence.format(**known, device=device, merged_seq=seq)
    assert any(sentence in one.what for one in violations)
    assert not any(value in one.what for one in violations for value in ("Pizza", "Burger", "m1|c1", "jerm", "Salad"))


async def test_a_ruleset_that_loses_a_value_unnamed_is_told_from_its_entries(
    scratch: Scratch, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(*given: Any) -> Plan:
        plan = make_plan(*given)
        if plan.result is None:
            return plan
        kept = {name: value for name, value in plan.result.custom.items() if name != "Visits"}
        fields = tuple(row for row in plan.fields if row.name != "Visits")
        return replace(plan, fields=fields, result=replace(plan.result, custom=kept))

    requester = await _requester(scratch)
    for module in (plans, recompute):
        monkeypatch.setattr(module, "make_plan", forgetful)
    assert (await settle(scratch.store, HERE, "m4|c4", "two", requester))[0] is Outcome.MERGED
    violations = (await invariants.check(scratch.store)).violations
    of_that_merge = [one for one in violations if one.what.startswith(f"ledger entry 7 of database {HERE} ")]
    assert of_that_merge == [
        Violation(5, f"ledger entry 7 of database {HERE} loses a value of Visits without naming it")
    ]


def test_every_statement_is_broken_by_some_test() -> None:
    """A statement that no test breaks could be one that never finds anything."""
    told = [one.sentence for one in BREAKS.values()]
    for _, sentence, _ in invariants._STATEMENTS:
        pattern = r"\S+".join(re.escape(part) for part in re.split(r"\{\w+\}", sentence))
        assert any(re.fullmatch(pattern, one) for one in told), sentence


def _names(world: World) -> Mapping[str, object]:
    merges = {outcome.value: merge_id for outcome, merge_id in world.merges.items()}
    return {**vars(world), **merges, "here": HERE}


async def _device_of(scratch: Scratch, contact_id: int) -> int:
    return int(await _one(scratch, f"SELECT id FROM devices WHERE contact_id = {contact_id}"))


async def _seq_of(scratch: Scratch, world: World) -> int:
    return int(await _one(scratch, f"SELECT seq FROM ledger_entries WHERE merge_id = '{world.merges[Outcome.MERGED]}'"))


async def _requester(scratch: Scratch) -> str:
    return str(await _one(scratch, "SELECT id FROM tokens"))


async def _one(scratch: Scratch, query: str) -> Any:
    async with scratch.store.transaction() as connection:
        return (await connection.exec_driver_sql(query)).scalar_one()
