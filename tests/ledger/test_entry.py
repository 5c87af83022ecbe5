import hashlib
import json
from datetime import UTC, datetime
from uuid import UUID

from ledger.entry import FORMAT, GENESIS, Entry, Head, Payload, Receipt, entry_hash, seal

AT = datetime(2026, 1, 2, tzinfo=UTC)


def sealed(head: Head = GENESIS, **body: object) -> Entry:
    return seal(head, database_id=10000, id=UUID(int=1), kind="merge.executed", at=AT, body=body, payloads=[])


def test_the_first_entry_follows_zero_bytes() -> None:
    document = json.loads(sealed().canonical)
    assert (document["seq"], document["previous"]) == ("1", "00" * 32)


def test_an_entry_names_its_format_its_place_and_the_hash_before_it() -> None:
    first = sealed()
    second = sealed(Head(first.seq, first.entry_hash), outcome="merged", survivor=2**60)
    assert second.seq == 2
    assert json.loads(second.canonical) == {
        "format": FORMAT,
        "database": "10000",
        "seq": "2",
        "id": "00000000-0000-0000-0000-000000000001",
        "kind": "merge.executed",
        "at": "2026-01-02T00:00:00Z",
        "previous": first.entry_hash.hex(),
        "body": {"outcome": "merged", "survivor": str(2**60)},
    }


def test_the_hash_is_that_of_a_leaf_over_the_stored_bytes() -> None:
    entry = sealed()
    assert entry.entry_hash == hashlib.sha256(b"\x00" + entry.canonical).digest() == entry_hash(entry.canonical)
    assert entry.entry_hash != hashlib.sha256(entry.canonical).digest()


def test_the_form_of_the_hashed_bytes_never_changes() -> None:
    """Later issues sign and verify these bytes; what was hashed once must hash the same for ever."""
    assert sealed(outcome="merged", devices=[1, 2], result=None).entry_hash.hex() == (
        "8dd247ff9bf2cb7addde5c2efc9b4aec1cbad214cbc1757a02df0c9e70a90a29"
    )


def test_every_part_of_an_entry_is_hashed() -> None:
    entries = [
        sealed(),
        sealed(outcome="merged"),
        sealed(Head(1, bytes(32))),
        sealed(Head(0, bytes(31) + b"\x01")),
        seal(GENESIS, database_id=10001, id=UUID(int=1), kind="merge.executed", at=AT, body={}, payloads=[]),
        seal(GENESIS, database_id=10000, id=UUID(int=2), kind="merge.executed", at=AT, body={}, payloads=[]),
        seal(GENESIS, database_id=10000, id=UUID(int=1), kind="merge.blocked", at=AT, body={}, payloads=[]),
        seal(
            GENESIS,
            database_id=10000,
            id=UUID(int=1),
            kind="merge.executed",
            at=AT.replace(hour=1),
            body={},
            payloads=[],
        ),
    ]
    assert len({entry.entry_hash for entry in entries}) == len(entries)


def test_the_values_beside_an_entry_are_not_in_its_bytes() -> None:
    payload = Payload(1, bytes(32), {"snapshot": "albert@jerm.example"})
    entry = seal(
        GENESIS,
        database_id=10000,
        id=UUID(int=1),
        kind="merge.executed",
        at=AT,
        body={"snapshot": payload.commitment("snapshot")},
        payloads=[payload],
    )
    assert b"albert" not in entry.canonical


def test_a_receipt_is_told_in_words_that_stay() -> None:
    assert Receipt(10000, 3, b"\xab" * 32).document() == {"database": 10000, "seq": 3, "entry_hash": "ab" * 32}
