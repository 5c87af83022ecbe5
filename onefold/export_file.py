"""An export on its way from the store into a file: signed, and on record before anybody can have it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ledger.checkpoint import origin_of
from ledger.events import Event, EventKind
from ledger.export import Manifest
from ledger.export_writer import ExportWriter
from ledger.note import SigningKey, VerifierKey
from store import exports
from store.engine import Store
from store.journal import record
from store.tokens import Token


@dataclass(frozen=True)
class Order:
    """Which record is exported, and by whom."""

    database_id: int
    values: bool
    by: Token
    key: SigningKey


@dataclass(frozen=True)
class Made:
    """`key` verifies it. `unreadable`: how many entries have values that could not be decrypted, and are not in it."""

    manifest: Manifest
    key: VerifierKey
    path: Path
    unreadable: int


async def export_to(store: Store, order: Order, folder: Path, progress: Callable[[int, int], None]) -> Made:
    """Writes it into an empty folder, and puts it on record before anybody can have it. Raises OSError."""
    origin = origin_of(order.key.name, order.database_id)
    with ExportWriter(folder) as writer:
        wanted = exports.Wanted(order.database_id, origin, order.values)
        exported = await exports.export(store, wanted, writer.write, progress)
        assert order.by.person_id is not None  # noqa: S101 - whoever demanded a person's token saw to that
        manifest = Manifest(
            database_id=order.database_id,
            origin=origin,
            head=exported.head,
            values=order.values,
            made=exported.at,
            person=order.by.person_id,
            token=order.by.id,
            files=writer.facts(),
        )
        packed = writer.pack(manifest, order.key)
    async with store.transaction() as connection:
        await record(connection, _recorded(manifest))
    return Made(manifest, order.key.verifier, packed, exported.unreadable)


def _recorded(manifest: Manifest) -> Event:
    digest = hashlib.sha256(manifest.content()).hexdigest()
    return Event(
        EventKind.EXPORT_MADE,
        manifest.database_id,
        person_id=manifest.person,
        token_id=manifest.token,
        detail={"size": manifest.head.seq, "values": manifest.values, "manifest": digest},
    )
