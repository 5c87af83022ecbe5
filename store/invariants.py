"""The design's invariants, checked on a live database. A violation names ids, never values."""

from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import sealed
from ledger.entry import GENESIS, Head
from ledger.keyring import Keyring
from ledger.recompute import Fault, chain_faults, merge_faults
from store import shown_plans
from store.checkpoints import ChainHead, read_heads
from store.engine import Store
from store.walk import Walked, walk


@dataclass(frozen=True)
class Violation:
    """`invariant` is its number in the design; 0 is the chain itself."""

    invariant: int
    what: str


@dataclass(frozen=True)
class Report:
    """`checked` counts what was looked at: contacts, merges, ledger entries."""

    checked: dict[str, int]
    violations: list[Violation]


# Each statement gives a row for every violation; its columns are ids.
_STATEMENTS: tuple[tuple[int, str, str], ...] = (
    (
        0,
        "event {id} of database {database_id} is in no entry of its ledger, a minute after it was recorded",
        """SELECT v.id, v.database_id FROM ledger_events v
           WHERE v.at < now() - interval '1 minute' AND NOT EXISTS (
             SELECT FROM ledger_seals s JOIN ledger_entries e ON e.database_id = s.database_id AND e.seq = s.seq
             WHERE s.event_id = v.id AND e.database_id = v.database_id AND e.kind = 'events.sealed')""",
    ),
    (
        0,
        "merge {id} is said to be archived, and what its run did is not",
        """SELECT id FROM merges m WHERE archived IS NOT NULL
           AND NOT EXISTS (SELECT FROM histories h WHERE h.run_id = m.run_id AND h.merge_id = m.id)""",
    ),
    (
        0,
        "the history of run {run_id} of merge {merge_id} is not what was recorded",
        """SELECT h.run_id, h.merge_id FROM histories h WHERE NOT EXISTS (
             SELECT FROM ledger_events v WHERE v.merge_id = h.merge_id AND v.detail->>'run' = h.run_id
             AND v.kind = CASE WHEN h.digest IS NULL THEN 'history.forgotten' ELSE 'history.archived' END
             AND v.detail->>'digest' IS NOT DISTINCT FROM encode(h.digest, 'hex'))""",
    ),
    (
        0,
        "the history of run {run_id} of merge {merge_id} was recorded and is gone",
        """SELECT v.detail->>'run' AS run_id, v.merge_id FROM ledger_events v
           WHERE v.kind IN ('history.archived', 'history.forgotten')
           AND NOT EXISTS (SELECT FROM histories h WHERE h.run_id = v.detail->>'run' AND h.merge_id = v.merge_id)""",
    ),
    (
        1,
        "device {id} belongs to absorbed contact {contact_id}",
        """SELECT d.id, d.contact_id FROM devices d JOIN contacts c ON c.id = d.contact_id
           WHERE c.merged_into IS NOT NULL""",
    ),
    (
        2,
        "an identity of database {database_id} is held by contact {contact_id}, which is absorbed",
        """SELECT i.database_id, i.contact_id FROM identities i JOIN contacts c ON c.id = i.contact_id
           WHERE c.merged_into IS NOT NULL""",
    ),
    (
        2,
        "contact {contact_id} holds an identity under a key of database {database_id} that is not active",
        """SELECT i.database_id, i.contact_id FROM identities i JOIN lookup_keys k USING (database_id, name)
           WHERE k.status <> 'ACTIVE'""",
    ),
    (
        3,
        "absorbed contact {id} leads to no live contact of its database",
        """WITH RECURSIVE chain AS (
             SELECT id AS start, id, merged_into, database_id, ARRAY[id] AS path FROM contacts
             WHERE merged_into IS NOT NULL
             UNION ALL
             SELECT chain.start, c.id, c.merged_into, c.database_id, chain.path || c.id
             FROM chain JOIN contacts c ON c.id = chain.merged_into AND c.database_id = chain.database_id
             WHERE NOT c.id = ANY(chain.path)
           )
           SELECT start AS id FROM chain GROUP BY start HAVING NOT bool_or(merged_into IS NULL)""",
    ),
    (
        3,
        "absorbed contact {id} was written to, or still is in a list",
        """SELECT c.id FROM contacts c JOIN merges m ON m.absorbed_id = c.id
           WHERE c.version <> (SELECT (s.snapshot->>'version')::int + 1 FROM (
               SELECT CASE WHEN (m.device_snapshot->>'id')::bigint = c.id THEN m.device_snapshot
                           ELSE m.lookup_snapshot END AS snapshot) s)
           UNION SELECT contact_id FROM contact_list_members l JOIN contacts c ON c.id = l.contact_id
           WHERE c.merged_into IS NOT NULL""",
    ),
    (
        3,
        "pair {id}, which is kept apart, names contact {contact_id}, which is absorbed",
        """SELECT n.id, c.id AS contact_id FROM kept_apart n JOIN contacts c ON c.id IN (n.contact_id, n.other_id)
           WHERE n.lifted IS NULL AND c.merged_into IS NOT NULL""",
    ),
    (
        4,
        "contact {id} was absorbed {entries} times according to the ledger",
        """SELECT c.id, count(e.seq) AS entries FROM contacts c
           LEFT JOIN merges m ON m.absorbed_id = c.id
           LEFT JOIN ledger_entries e ON e.merge_id = m.id AND e.kind = 'merge.executed'
           WHERE c.merged_into IS NOT NULL GROUP BY c.id HAVING count(e.seq) <> 1""",
    ),
    (
        4,
        "ledger entry {seq} of database {database_id} absorbed a contact that is live",
        """SELECT e.database_id, e.seq FROM ledger_entries e LEFT JOIN merges m ON m.id = e.merge_id
           LEFT JOIN contacts c ON c.id = m.absorbed_id AND c.merged_into IS NOT NULL
           WHERE e.kind = 'merge.executed' AND c.id IS NULL""",
    ),
    (
        7,
        "merge {id} executed another plan than was approved",
        """SELECT m.id FROM merges m JOIN decisions d ON d.id = m.decision_id
           WHERE m.outcome IN ('merged', 'assigned', 'reassigned')
           AND (d.merge_id, d.kind, d.plan_digest) IS DISTINCT FROM (m.id, 'approve', m.plan_digest)""",
    ),
    (
        8,
        "merge {id} was executed, and nobody approved it who was asked",
        """SELECT id FROM merges WHERE outcome IN ('merged', 'assigned', 'reassigned')
           AND cardinality(reasons) > 0 AND decision_id IS NULL""",
    ),
    (
        # Not by asking the code that asked. Whether other letters than ASCII's differ in case alone depends on the
        # server's locale; a change of identities that no request made leaves no trace to find.
        8,
        "merge {id} was executed without the decision that its policy asks for",
        """SELECT m.id FROM merges m
           JOIN policies p ON p.database_id = m.database_id AND p.version = (m.plan->'policy'->>'version')::int
           CROSS JOIN LATERAL (SELECT m.device_snapshot AS device, m.lookup_snapshot AS lookup,
             m.device_snapshot->>'email' AS email, m.lookup_snapshot->>'email' AS other_email) s
           WHERE m.outcome = ANY(p.outcomes) AND m.decision_id IS NULL AND (p.ask = 'always' OR p.ask = 'when' AND (
             p.both_identified AND s.device->'identities' <> '[]' AND s.lookup->'identities' <> '[]'
             OR p.emails_differ AND lower(s.email) <> lower(s.other_email)
               AND char_length(s.email || s.other_email) = octet_length(s.email || s.other_email)
             OR p.devices_gained_over < jsonb_array_length(
               CASE m.absorbed_id::text WHEN s.device->>'id' THEN s.device ELSE s.lookup END -> 'channels')
             OR EXISTS (SELECT FROM merges b WHERE b.survivor_id = (s.device->>'id')::bigint
               AND b.outcome IN ('merged', 'assigned', 'reassigned')
               AND b.settled < m.settled AND m.settled - b.settled <= p.identity_changed_within)))""",
    ),
    (
        8,
        "merge {id} was decided by person {person_id}, who had asked for it",
        """SELECT DISTINCT m.id, d.person_id FROM merges m JOIN decisions d ON d.id = m.decision_id
           JOIN merge_requesters q ON q.merge_id = m.id AND q.joined < d.at
           JOIN tokens t ON t.id = q.token_id AND t.person_id = d.person_id WHERE d.kind <> 'withdraw'""",
    ),
    (
        8,
        "merge {id} was approved after its deadline",
        """SELECT m.id FROM merges m JOIN decisions d ON d.id = m.decision_id
           WHERE d.kind = 'approve' AND d.at >= m.deadline""",
    ),
    (
        8,
        "merge {id} was ended by a decision that had been refused",
        "SELECT m.id FROM merges m JOIN decisions d ON d.id = m.decision_id WHERE d.refused IS NOT NULL",
    ),
    (
        8,
        "merge {id} expired before its deadline",
        "SELECT id FROM merges WHERE outcome = 'expired' AND settled < deadline",
    ),
    (
        8,
        "decision {id} of merge {merge_id} is not what was recorded when it was made",
        """SELECT v.detail->>'decision' AS id, v.merge_id FROM ledger_events v
           LEFT JOIN decisions d ON d.id::text = v.detail->>'decision'
           WHERE v.kind = 'decision.made'
           AND (d.merge_id, d.kind, d.revision::text, d.not_same_person::text, d.person_id, d.token_id)
             IS DISTINCT FROM (v.merge_id, v.detail->>'says', v.detail->>'revision', v.detail->>'notSamePerson',
                               v.person_id, v.token_id)""",
    ),
    (
        9,
        "merge {id} ended {outcome} and yet names an absorbed contact",
        "SELECT id, outcome FROM merges WHERE outcome <> 'merged' AND absorbed_id IS NOT NULL",
    ),
    (
        10,
        "merge {id} has {entries} entries in the ledger",
        """SELECT m.id, count(e.seq) AS entries FROM merges m LEFT JOIN ledger_entries e ON e.merge_id = m.id
           WHERE m.state = 'done' GROUP BY m.id HAVING count(e.seq) <> 1""",
    ),
    (
        10,
        "merge {id} answers with another receipt than its entry's",
        """SELECT m.id FROM merges m JOIN ledger_entries e ON e.merge_id = m.id
           WHERE (m.ledger_seq, m.ledger_hash) IS DISTINCT FROM (e.seq, e.entry_hash)""",
    ),
    (
        12,
        "device {id} and its contact {contact_id} are of different databases",
        """SELECT d.id, d.contact_id FROM devices d JOIN contacts c ON c.id = d.contact_id
           WHERE c.database_id <> d.database_id""",
    ),
    (
        12,
        "contact {contact_id} holds an identity of database {database_id}, which is not its own",
        """SELECT i.contact_id, i.database_id FROM identities i JOIN contacts c ON c.id = i.contact_id
           WHERE c.database_id <> i.database_id""",
    ),
)
NUMBERS = frozenset(number for number, _, _ in _STATEMENTS)
"""Those that statements alone tell something of."""
_COUNTS = text("""
    SELECT (SELECT count(*) FROM contacts) AS contacts, (SELECT count(*) FROM merges) AS merges,
           (SELECT count(*) FROM ledger_entries) AS entries
""")


async def check(store: Store, progress: Callable[[int], None] = lambda _: None) -> Report:
    """Checks everything; `progress` is told of each ledger entry that is done. Reads one moment's snapshot."""
    async with store.snapshot() as connection:
        violations = await broken_in(connection, NUMBERS)
        violations += [Violation(7, what) async for what in shown_plans.faults(connection, store.ledger_keys)]
        for chain in await read_heads(connection):
            violations += [one async for one in _check_chain(connection, store.ledger_keys, chain, progress)]
        counts = (await connection.execute(_COUNTS)).one()
    return Report(dict(counts._mapping), violations)


async def broken(store: Store, numbers: Collection[int]) -> list[Violation]:
    """What breaks these invariants, without a look at what entries hold."""
    async with store.snapshot() as connection:
        return await broken_in(connection, numbers)


async def broken_in(connection: AsyncConnection, numbers: Collection[int]) -> list[Violation]:
    """The same in a snapshot of the caller's."""
    return [
        Violation(number, sentence.format(**row._mapping))
        for number, sentence, statement in _STATEMENTS
        if number in numbers
        for row in await connection.execute(text(statement))
    ]


async def _check_chain(
    connection: AsyncConnection, keyring: Keyring, chain: ChainHead, progress: Callable[[int], None]
) -> AsyncIterator[Violation]:
    previous = GENESIS
    async for walked in walk(connection, keyring, chain.database_id):
        entry = walked.entry
        where = f"ledger entry {entry.seq} of database {entry.database_id}"
        for what in chain_faults(previous, entry):
            yield Violation(0, f"{where} {what}")
        for fault in _content_faults(walked):
            yield Violation(fault.invariant, f"{where} {fault.what}")
        previous = Head(entry.seq, entry.entry_hash)
        progress(1)
    if previous != chain.head:
        where = f"the ledger of database {chain.database_id}"
        yield Violation(0, f"{where} ends at {previous.seq}, its head at {chain.head.seq}")


def _content_faults(walked: Walked) -> list[Fault]:
    if walked.unreadable:
        return [Fault(6, f"keeps values of {whom(one)} that cannot be decrypted") for one in walked.unreadable]
    recomputed = [] if walked.entry.kind == sealed.KIND else merge_faults(walked.entry)
    return [*recomputed, *walked.elsewhere]


def whom(contact_id: int | None) -> str:
    return "nobody known" if contact_id is None else f"contact {contact_id}"
