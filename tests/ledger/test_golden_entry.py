"""A merge's entry as it was written on the first day: what was hashed once must verify for ever.

A change that fails here changes the form of the ledger. It needs a new format or ruleset name, and the old one kept.
"""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any
from uuid import UUID

from domain.times import parse_time
from ledger.entry import GENESIS, Entry, Payload
from ledger.recompute import chain_faults, merge_faults, recomputed_plan

GOLDEN = Path(__file__).with_name("golden_entry.json")


def golden() -> tuple[Entry, dict[str, Any]]:
    stored = json.loads(GOLDEN.read_text(encoding="utf-8"))
    payloads = [
        Payload(payload["contact"], bytes.fromhex(payload["salt"]), payload["values"]) for payload in stored["payloads"]
    ]
    content = b64decode(stored["canonical"])
    document = json.loads(content)
    entry = Entry(
        database_id=int(document["database"]),
        seq=int(document["seq"]),
        id=UUID(document["id"]),
        kind=document["kind"],
        at=parse_time(document["at"]),
        canonical=content,
        entry_hash=bytes.fromhex(stored["entry_hash"]),
        payloads=payloads,
    )
    return entry, stored


def test_the_first_form_of_an_entry_still_verifies() -> None:
    entry, _ = golden()
    assert list(chain_faults(GENESIS, entry)) == []
    assert list(merge_faults(entry)) == []


def test_the_first_form_of_a_plan_still_has_its_digest() -> None:
    entry, stored = golden()
    plan = recomputed_plan(entry)
    assert plan is not None
    assert plan.digest == stored["digest"] == entry.payloads[0].values["digest"]
