"""The digests of the plans that people were shown, as the journal commits to them.

A digest is made of few personal values, so that it is committed to with a salt (docs/decisions/0004). Both lie beside
the event, encrypted under the key of the contact that would remain.
"""

import secrets
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.plan import Plan
from ledger.commitment import SALT_LENGTH, commitment
from ledger.encryption import Undecryptable, decrypt, encrypt
from ledger.events import Event, EventKind
from ledger.keyring import Keyring
from store.contact_keys import data_keys, read_data_keys

_PATH = "digest"
_BATCH = 1000
_SHOWN = text(f"""
    SELECT e.position, e.database_id, e.merge_id, e.contact_id, e.encrypted,
      e.detail ->> 'revision' AS revision, e.detail ->> 'plan' AS committed, r.plan_digest
    FROM ledger_events e
    LEFT JOIN merge_revisions r ON r.merge_id = e.merge_id AND r.revision = CAST(e.detail ->> 'revision' AS int)
    WHERE e.kind = '{EventKind.PLAN_MADE}' AND e.detail ? 'plan' AND e.position > :after
    ORDER BY e.position LIMIT :batch
""")  # noqa: S608 - our own text


async def shown(
    connection: AsyncConnection, keyring: Keyring, merge_id: UUID, revision: int, cause: str, plan: Plan
) -> Event:
    """What the journal says of a plan that people are about to be shown."""
    database_id, owner = plan.request.database_id, plan.survivor.id if plan.survivor else None
    keys = await data_keys(connection, keyring, database_id, [owner])
    salt = secrets.token_bytes(SALT_LENGTH)
    return Event(
        EventKind.PLAN_MADE,
        database_id,
        merge_id,
        owner,
        detail={"revision": revision, "cause": cause, "plan": commitment(salt, _PATH, plan.digest)},
        encrypted=encrypt(keys[owner], _place(merge_id, revision), {"salt": salt.hex(), _PATH: plan.digest}),
    )


async def faults(connection: AsyncConnection, keyring: Keyring) -> AsyncIterator[str]:
    """Revisions that show another plan than the journal says they did."""
    after = 0
    while rows := (await connection.execute(_SHOWN, {"after": after, "batch": _BATCH})).all():
        for row in rows:
            if not await _stands(connection, keyring, row):
                yield f"revision {row.revision} of merge {row.merge_id} is not the plan that people were shown"
        after = rows[-1].position


async def _stands(connection: AsyncConnection, keyring: Keyring, row: Row[Any]) -> bool:
    keys = await read_data_keys(connection, keyring, row.database_id, [row.contact_id])
    try:
        kept = decrypt(keys[row.contact_id], _place(row.merge_id, row.revision), row.encrypted or b"")
    except (Undecryptable, KeyError):
        return False
    committed = commitment(bytes.fromhex(kept["salt"]), _PATH, kept[_PATH])
    return bool((committed, kept[_PATH]) == (row.committed, row.plan_digest))


def _place(merge_id: UUID, revision: object) -> str:
    return f"plan/{merge_id}/{revision}"
