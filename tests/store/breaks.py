"""What somebody could break by hand, and what the invariants say of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Break:
    """A statement that breaks something, the invariants that it violates, and what is said of one of them."""

    statement: str
    numbers: set[int]
    sentence: str


_LAST_ENTRY = "database_id = %(here)s AND seq = (SELECT max(seq) FROM ledger_entries WHERE database_id = %(here)s)"
_EVENT = "(SELECT event_id FROM ledger_seals WHERE database_id = %(here)s AND seq = 7 AND place = 3)"
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
    "a pair of which one was absorbed": Break(
        """INSERT INTO kept_apart (database_id, contact_id, other_id, decision_id)
           SELECT %(here)s, %(bystander)s, %(first)s, decision_id FROM merges WHERE id = %(rejected)s""",
        {3},
        "pair 1, which is kept apart, names contact {first}, which is absorbed",
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
    "a live row that is not as its last entry left it": Break(
        "UPDATE contacts SET lead_source = 'x' WHERE id = %(last)s",
        {6},
        "ledger entry 4 of database {here} left contact {last} otherwise than it is",
    ),
    "a payload of which a bit is flipped": Break(
        """UPDATE ledger_payloads SET encrypted = set_byte(encrypted, 40, get_byte(encrypted, 40) # 1)
           WHERE database_id = %(here)s AND seq = 1 AND part = 1""",
        {6},
        "ledger entry 1 of database {here} keeps values of contact {second} that cannot be decrypted",
    ),
    "a payload of another entry in a payload's place": Break(
        """UPDATE ledger_payloads SET encrypted = (SELECT encrypted FROM ledger_payloads
             WHERE database_id = %(here)s AND seq = 2 AND part = 1)
           WHERE database_id = %(here)s AND seq = 1 AND part = 1""",
        {6},
        "ledger entry 1 of database {here} keeps values of contact {second} that cannot be decrypted",
    ),
    "a payload that is filed under another contact": Break(
        """UPDATE ledger_payloads SET contact_id = %(first)s WHERE database_id = %(here)s AND seq = 1 AND part = 1""",
        {6},
        "ledger entry 1 of database {here} keeps values of contact {first} that cannot be decrypted",
    ),
    "a key that is gone": Break(
        "DELETE FROM contact_keys WHERE contact_id = %(first)s",
        {6},
        "ledger entry 1 of database {here} keeps values of contact {first} that cannot be decrypted",
    ),
    "the key of values of nobody known": Break(
        "DELETE FROM contact_keys WHERE contact_id IS NULL AND database_id = %(here)s",
        {6},
        "of database {here} keeps values of nobody known that cannot be decrypted",
    ),
    "another contact's key": Break(
        """UPDATE contact_keys SET wrapped = (SELECT wrapped FROM contact_keys WHERE contact_id = %(second)s)
           WHERE contact_id = %(first)s""",
        {6},
        "ledger entry 1 of database {here} keeps values of contact {first} that cannot be decrypted",
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
    "a contact as a merge shows that it was": Break(
        """UPDATE merges SET device_snapshot = jsonb_set(device_snapshot, '{leadSource}', '"x"')
           WHERE id = %(merged)s""",
        {7},
        "ledger entry {merged_seq} of database {here} executed another plan than its merge shows",
    ),
    "who is said to have asked": Break(
        "UPDATE merges SET requester = 'somebody' WHERE id = %(merged)s",
        {7},
        "ledger entry {merged_seq} of database {here} tells of another requester than its merge shows",
    ),
    "what is said to have been asked": Break(
        "UPDATE merges SET identity_value = 'x' WHERE id = %(merged)s",
        {7},
        "ledger entry {merged_seq} of database {here} tells of another request than its merge shows",
    ),
    "when a merge is said to have been done": Break(
        "UPDATE merges SET settled = settled + interval '1 second' WHERE id = %(merged)s",
        {7},
        "ledger entry {merged_seq} of database {here} tells of another time than its merge shows",
    ),
    "a run that settled nothing": Break(
        "UPDATE merges SET run_id = 'x' WHERE id = %(merged)s",
        {7},
        "ledger entry {merged_seq} of database {here} tells of another run than its merge shows",
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
    "a plan in place of the one that people were shown": Break(
        "UPDATE merge_revisions SET plan_digest = repeat('0', 64) WHERE merge_id = %(rejected)s",
        {7},
        "revision 1 of merge {rejected} is not the plan that people were shown",
    ),
    "a commitment to a plan that cannot be opened any more": Break(
        "UPDATE ledger_events SET encrypted = NULL WHERE kind = 'plan.made' AND merge_id = %(rejected)s",
        {7},
        "revision 1 of merge {rejected} is not the plan that people were shown",
    ),
    "another commitment in place of a plan's": Break(
        """UPDATE ledger_events SET detail = jsonb_set(detail, '{plan}', to_jsonb(repeat('0', 64)))
           WHERE kind = 'plan.made' AND merge_id = %(rejected)s""",
        {0, 7},
        "revision 1 of merge {rejected} is not the plan that people were shown",
    ),
    "a merge that executed another plan than was approved": Break(
        "UPDATE decisions SET plan_digest = repeat('0', 64) WHERE merge_id = %(approved)s",
        {7},
        "merge {approved} executed another plan than was approved",
    ),
    "a rejection that a merge was executed on": Break(
        "UPDATE decisions SET kind = 'reject' WHERE merge_id = %(approved)s",
        {7, 8},
        "merge {approved} executed another plan than was approved",
    ),
    "another merge's approval": Break(
        "UPDATE decisions SET merge_id = %(rejected)s WHERE merge_id = %(approved)s",
        {7, 8},
        "merge {approved} executed another plan than was approved",
    ),
    "a merge that nobody approved who was asked": Break(
        "UPDATE merges SET decision_id = NULL WHERE id = %(approved)s",
        {8},
        "merge {approved} was executed, and nobody approved it who was asked",
    ),
    "a merge that nobody approved, in a database that always asks": Break(
        "UPDATE merges SET decision_id = NULL, reasons = '{}' WHERE id = %(approved)s",
        {8},
        "merge {approved} was executed without the decision that its policy asks for",
    ),
    "a merge that a rule about identities asked about": Break(
        """WITH rule AS (UPDATE policies SET ask = 'when', both_identified = true WHERE database_id = %(here)s)
           UPDATE merges SET device_snapshot = jsonb_set(device_snapshot, '{identities}', '[{"value": "x"}]')
           WHERE id = %(merged)s""",
        {7, 8},
        "merge {merged} was executed without the decision that its policy asks for",
    ),
    "a merge that a rule about e-mails asked about": Break(
        """WITH rule AS (UPDATE policies SET ask = 'when', emails_differ = true WHERE database_id = %(here)s)
           UPDATE merges SET device_snapshot = jsonb_set(device_snapshot, '{email}', '"a@jerm.example"'),
             lookup_snapshot = jsonb_set(lookup_snapshot, '{email}', '"b@jerm.example"') WHERE id = %(merged)s""",
        {7, 8},
        "merge {merged} was executed without the decision that its policy asks for",
    ),
    "a merge that a rule about devices asked about": Break(
        "UPDATE policies SET ask = 'when', devices_gained_over = 1 WHERE database_id = %(here)s",
        {8},
        "merge {merged} was executed without the decision that its policy asks for",
    ),
    "a merge that a rule about a changed identity asked about": Break(
        """UPDATE policies SET ask = 'when', outcomes = '{reassigned}', identity_changed_within = '1 day'
           WHERE database_id = %(here)s""",
        {8},
        "merge {reassigned} was executed without the decision that its policy asks for",
    ),
    "a decision that somebody else is said to have made": Break(
        "UPDATE decisions SET person_id = person_id + 1 WHERE merge_id = %(approved)s",
        {8},
        "records another decision than its merge names",
    ),
    "a decision on another revision": Break(
        "UPDATE decisions SET revision = 2 WHERE merge_id = %(rejected)s",
        {8},
        "records another decision than its merge names",
    ),
    "a decision that a merge names and its entry does not": Break(
        """UPDATE merges SET decision_id = (SELECT decision_id FROM merges WHERE id = %(rejected)s)
           WHERE id = %(expired)s""",
        {8},
        "records another decision than its merge names",
    ),
    "a decision without effect that somebody else is said to have made": Break(
        """WITH made AS (
             INSERT INTO ledger_events (database_id, kind, merge_id, person_id, detail)
             VALUES (%(asking)s, 'decision.made', %(rejected)s, 1, jsonb_build_object('decision', %(stray)s::text,
               'says', 'approve', 'revision', 1, 'notSamePerson', false)))
           INSERT INTO decisions (id, merge_id, kind, revision, plan_digest, person_id, token_id)
           VALUES (%(stray)s, %(rejected)s, 'approve', 1, 'x', 2, 'x')""",
        {8},
        "decision {stray} of merge {rejected} is not what was recorded when it was made",
    ),
    "a decision without effect that is gone": Break(
        """INSERT INTO ledger_events (database_id, kind, merge_id, person_id, detail)
           VALUES (%(asking)s, 'decision.made', %(rejected)s, 1, jsonb_build_object('decision', %(stray)s::text,
             'says', 'approve', 'revision', 1, 'notSamePerson', false))""",
        {8},
        "decision {stray} of merge {rejected} is not what was recorded when it was made",
    ),
    "a requester who approved": Break(
        "UPDATE tokens SET person_id = %(person)s WHERE id = (SELECT requester FROM merges WHERE id = %(approved)s)",
        {8},
        "merge {approved} was decided by person {person}, who had asked for it",
    ),
    "a requester who rejected": Break(
        "UPDATE tokens SET person_id = %(person)s WHERE id = (SELECT requester FROM merges WHERE id = %(rejected)s)",
        {8},
        "merge {rejected} was decided by person {person}, who had asked for it",
    ),
    "an approval after the deadline": Break(
        "UPDATE decisions SET at = m.deadline FROM merges m WHERE m.id = merge_id AND m.id = %(approved)s",
        {8},
        "merge {approved} was approved after its deadline",
    ),
    "a refusal of what took effect": Break(
        "UPDATE decisions SET refused = 'role-missing' WHERE merge_id = %(rejected)s",
        {8},
        "merge {rejected} was ended by a decision that had been refused",
    ),
    "a request that expired before its deadline": Break(
        "UPDATE merges SET deadline = settled + interval '1 second' WHERE id = %(expired)s",
        {8},
        "merge {expired} expired before its deadline",
    ),
    "a rejection that absorbed somebody": Break(
        "UPDATE merges SET absorbed_id = %(bystander)s WHERE id = %(rejected)s",
        {3, 9, 10},
        "merge {rejected} ended rejected and yet names an absorbed contact",
    ),
    "an expired request that answers with another end": Break(
        "UPDATE merges SET outcome = 'withdrawn' WHERE id = %(expired)s",
        {10},
        "records another end than its merge answers with",
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
    "an event that nobody sealed": Break(
        """INSERT INTO ledger_events (id, database_id, kind, at)
           VALUES (%(stray)s, %(here)s, 'merge.joined', now() - interval '61 seconds')""",
        {0},
        "event {stray} of database {here} is in no entry of its ledger, a minute after it was recorded",
    ),
    "an event that was changed": Break(
        f"UPDATE ledger_events SET person_id = 7 WHERE id = {_EVENT}",
        {0},
        "ledger entry 7 of database {here} seals event {event} otherwise than it is",
    ),
    "an event that is gone": Break(
        f"DELETE FROM ledger_events WHERE id = {_EVENT}",
        {0},
        "ledger entry 7 of database {here} seals event {event}, which is gone",
    ),
    "an event that was moved to another database": Break(
        f"UPDATE ledger_events SET database_id = %(asking)s WHERE id = {_EVENT}",
        {0},
        "ledger entry 7 of database {here} seals event {event}, which is gone",
    ),
    "an event that was added to an entry": Break(
        """WITH event AS (
             INSERT INTO ledger_events (id, database_id, kind) VALUES (%(stray)s, %(here)s, 'merge.joined')
             RETURNING id)
           INSERT INTO ledger_seals SELECT id, %(here)s, 7, 77 FROM event""",
        {0},
        "ledger entry 7 of database {here} does not hold event {stray}, which names it",
    ),
    "an event whose entry is gone": Break(
        f"""WITH late AS (UPDATE ledger_events SET at = at - interval '1 minute' WHERE id = {_EVENT})
           DELETE FROM ledger_entries WHERE {_LAST_ENTRY}""",
        {0},
        "event {event} of database {here} is in no entry of its ledger, a minute after it was recorded",
    ),
    "a merge that is said to be archived": Break(
        "UPDATE merges SET archived = now() WHERE id = %(merged)s",
        {0},
        "merge {merged} is said to be archived, and what its run did is not",
    ),
    "a history that nobody recorded": Break(
        "INSERT INTO histories (run_id, merge_id, workflow_id) VALUES ('stray', %(merged)s, 'workflow')",
        {0},
        "the history of run stray of merge {merged} is not what was recorded",
    ),
    "a history that is gone": Break(
        """INSERT INTO ledger_events (database_id, kind, merge_id, detail)
           VALUES (%(here)s, 'history.forgotten', %(merged)s, '{"run": "gone"}')""",
        {0},
        "the history of run gone of merge {merged} was recorded and is gone",
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
    "a word in the bytes of an entry that makes no sense": Break(
        """UPDATE ledger_entries SET canonical = convert_to(replace(convert_from(canonical, 'UTF8'),
             '"outcome":"merged"', '"outcome":"marred"'), 'UTF8') WHERE database_id = %(here)s AND seq = 1""",
        {0, 6},
        "ledger entry 1 of database {here} cannot be recomputed from its bytes and the values beside it",
    ),
    "a member gone from the bytes of an entry": Break(
        """UPDATE ledger_entries SET canonical = convert_to(replace(convert_from(canonical, 'UTF8'),
             '"requester":', '"requestor":'), 'UTF8') WHERE database_id = %(here)s AND seq = 1""",
        {0, 6},
        "ledger entry 1 of database {here} has another hash than its bytes",
    ),
    "the hash of an entry": Break(
        r"UPDATE ledger_entries SET entry_hash = '\x00' WHERE database_id = %(here)s AND seq = 1",
        {0, 10},
        "ledger entry 2 of database {here} does not name the hash of the entry before it",
    ),
    "the time of an entry": Break(
        "UPDATE ledger_entries SET at = at - interval '1 second' WHERE database_id = %(here)s AND seq = 1",
        {0},
        "ledger entry 1 of database {here} is filed under another database, place, id, kind or time than its bytes say",
    ),
    "an entry that is gone": Break(
        "DELETE FROM ledger_entries WHERE database_id = %(here)s AND merge_id = %(unchanged)s",
        {0, 10},
        "ledger entry 3 of database {here} follows 1",
    ),
    "the last entry gone": Break(
        f"DELETE FROM ledger_entries WHERE {_LAST_ENTRY}",
        {0},
        "the ledger of database {here} ends at 6, its head at 7",
    ),
    "a head that is further than its chain": Break(
        "UPDATE ledger_heads SET seq = seq + 1 WHERE database_id = %(here)s",
        {0},
        "the ledger of database {here} ends at 7, its head at 8",
    ),
}
