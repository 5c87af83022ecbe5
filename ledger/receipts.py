"""Receipts as callers keep them."""

import json
from collections.abc import Iterator
from typing import Any

from ledger.entry import Receipt
from ledger.unreadable import UNREADABLE


def receipts_in(text: str) -> Iterator[Receipt]:
    """Every receipt in a text: one, the answer that holds it, a list of them, or a line of JSON for each."""
    for line in [text] if _is_json(text) else text.splitlines():
        if _is_json(line):
            yield from _receipts(json.loads(line))


def _receipts(document: Any) -> Iterator[Receipt]:
    match document:
        case {"database": database, "seq": seq, "entry_hash": str(entry_hash)}:
            try:
                yield Receipt(int(database), int(seq), bytes.fromhex(entry_hash))
            except UNREADABLE:
                return
        case dict():
            for value in document.values():
                yield from _receipts(value)
        case list():
            for item in document:
                yield from _receipts(item)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except UNREADABLE:
        return False
    return True
