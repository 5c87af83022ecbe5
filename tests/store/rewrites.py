"""What somebody could write beside an entry who holds the keys too, and what the invariants say of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ledger.encryption import decrypt_payload, encrypt_payload
from ledger.entry import Payload
from store.contact_keys import read_data_keys
from tests.stack import LEDGER_KEYRING
from tests.store.scratch import Scratch

_PAYLOADS = """
    SELECT part, contact_id, encrypted FROM ledger_payloads WHERE database_id = %(database_id)s AND seq = %(seq)s
"""


@dataclass(frozen=True)
class Rewrite:
    """`change` is done to each payload of the entry whose values have the member `where`."""

    where: str
    change: Callable[[Payload], Payload]
    numbers: set[int]
    sentence: str


def _member(name: str, change: Callable[[Any], Any]) -> Callable[[Payload], Payload]:
    return lambda payload: replace(payload, values={**payload.values, name: change(payload.values.get(name))})


REWRITES = {
    "a result that lacks a value": Rewrite(
        "result",
        _member("result", lambda result: {**result, "leadSource": None}),
        {5, 6},
        "loses a value of leadSource without naming it",
    ),
    "a result that lacks a device": Rewrite(
        "result",
        _member("result", lambda result: {**result, "channels": result["channels"][1:]}),
        {1, 6},
        "loses a device",
    ),
    "a value beside an entry": Rewrite(
        "fields/Favorite Food",
        _member("fields/Favorite Food", lambda _: "Salad"),
        {6},
        "records another plan or result than the ruleset gives",
    ),
    "a value that the entry does not commit to": Rewrite(
        "request",
        _member("note", lambda _: "he agreed"),
        {6},
        "keeps other values beside it than the ruleset gives",
    ),
    "a snapshot": Rewrite(
        "result",
        _member("snapshot", lambda snapshot: {**snapshot, "leadSource": "x"}),
        {6, 7},
        "names another digest than its plan has",
    ),
    "a salt": Rewrite(
        "result",
        lambda payload: replace(payload, salt=bytes(32)),
        {6},
        "records another plan or result than the ruleset gives",
    ),
}


async def rewrite(scratch: Scratch, database_id: int, seq: int, how: Rewrite) -> None:
    """Decrypts, changes and encrypts again."""
    place = {"database_id": database_id, "seq": seq}
    async with scratch.store.transaction() as connection:
        stored = (await connection.exec_driver_sql(_PAYLOADS, place)).all()
        keys = await read_data_keys(connection, LEDGER_KEYRING, database_id, {row.contact_id for row in stored})
    for row in stored:
        key = keys[row.contact_id]
        payload = decrypt_payload(key, database_id, seq, row.part, row.contact_id, row.encrypted)
        if how.where in payload.values:
            changed = encrypt_payload(key, database_id, seq, row.part, how.change(payload))
            scratch.break_by_hand(
                b"""UPDATE ledger_payloads SET encrypted = %(encrypted)s
                    WHERE database_id = %(database_id)s AND seq = %(seq)s AND part = %(part)s""",
                {**place, "part": row.part, "encrypted": changed},
            )
