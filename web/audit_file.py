"""A list of merges as a file to carry away: a zip of its rows and of a manifest that says what they are.

Written batch by batch: only one is ever held.
"""

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

from domain.wire import to_json
from store.inbox import Item

FORMAT = "onefold-audit-list/1"
MANIFEST = "manifest.json"

# What a spreadsheet takes for a formula, at the beginning of a cell or of a line in it. (The library that there is for
# this, defusedcsv, also rewrites every "|" behind such a beginning: a device's address would be another.)
_FORMULA = re.compile(r"(\A|[\r\n])(?=\s*[=+\-@\t\r])")


class Layout(StrEnum):
    CSV = "csv"
    NDJSON = "ndjson"


class AuditFile:
    """`archive` is written from its beginning on; it ends with `close`."""

    def __init__(self, archive: IO[bytes], layout: Layout) -> None:
        self.name = f"merges.{layout.value}"
        self.rows: Counter[int] = Counter()
        """By database."""
        self._layout = layout
        self._zip = ZipFile(archive, "w", ZIP_DEFLATED)
        self._file = self._zip.open(self.name, "w", force_zip64=True)
        self._hash = hashlib.sha256()
        self._size = 0
        if layout is Layout.CSV:
            self._write(_csv_lines([list(COLUMNS)]))

    def write(self, items: Sequence[Item]) -> None:
        """Each as its reader may see it."""
        rows = [row_of(item) for item in items]
        self.rows.update(item.merge.database_id for item in items)
        if self._layout is Layout.CSV:
            self._write(_csv_lines([[defused(_cell(value)) for value in row.values()] for row in rows]))
        else:
            self._write("".join(f"{to_json(row, ensure_ascii=False)}\n" for row in rows))

    def close(self, told: Mapping[str, object]) -> bytes:
        """With a manifest that holds what is `told` beside the file's own facts; returns its bytes."""
        self._file.close()
        file = {"name": self.name, "rows": self.rows.total(), "size": self._size, "sha256": self._hash.hexdigest()}
        manifest = to_json({"format": FORMAT, "file": file, **told}, indent=2, ensure_ascii=False).encode()
        self._zip.writestr(MANIFEST, manifest)
        self._zip.close()
        return manifest

    def _write(self, text: str) -> None:
        content = text.encode()
        self._hash.update(content)
        self._size += len(content)
        self._file.write(content)


def row_of(item: Item) -> dict[str, Any]:
    merge, plan = item.merge, item.merge.plan
    address, identity = merge.request.address, merge.request.identity
    return {
        "merge": merge.id,
        "database": merge.database_id,
        "state": merge.state,
        "outcome": merge.outcome,
        "requested": merge.requested,
        "requestedBy": item.asked_by,
        "settled": merge.settled,
        "decision": item.decided,
        "decidedBy": item.decider,
        "survivor": merge.survivor_id,
        "absorbed": merge.absorbed_id,
        "identityName": identity.name,
        "identityValue": identity.value,
        "channel": address.channel.value,
        "qualifier": address.qualifier,
        "destination": address.destination,
        "ruleset": plan["ruleset"],
        "policyVersion": plan["policy"]["version"],
        "rules": sorted({row["rule"] for row in (*plan["fields"], *plan["identities"])}),
        "revision": merge.revision,
        "digest": merge.plan_digest,
        "ledgerSeq": merge.receipt and merge.receipt.seq,
        "ledgerHash": merge.receipt and merge.receipt.entry_hash.hex(),
    }


COLUMNS = (
    *("merge", "database", "state", "outcome", "requested", "requestedBy", "settled", "decision", "decidedBy"),
    *("survivor", "absorbed", "identityName", "identityValue", "channel", "qualifier", "destination"),
    *("ruleset", "policyVersion", "rules", "revision", "digest", "ledgerSeq", "ledgerHash"),
)
"""Of `row_of`, in its order."""


def defused(cell: str) -> str:
    """As text for every spreadsheet: what it would take for a formula gets an apostrophe before it."""
    return _FORMULA.sub(r"\1'", cell)


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case list():
            return " ".join(value)
    return to_json(value).strip('"')


def _csv_lines(rows: Sequence[Sequence[str]]) -> str:
    """As RFC 4180 has them."""
    lines = io.StringIO(newline="")
    csv.writer(lines).writerows(rows)
    return lines.getvalue()
