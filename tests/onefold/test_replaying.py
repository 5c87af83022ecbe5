"""Archived runs are replayed only where they are what was archived."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from ledger.keyring import Keyring
from onefold.replaying import replay
from store.histories import ArchivedRun
from tests.replay.stored import path
from tests.stack import KEYRING, LEDGER_KEYRING

AT = datetime(2026, 11, 23, tzinfo=UTC)
CONTENT = path("approved").read_bytes()
RUN = ArchivedRun("run", UUID(int=1), "workflow", 27, AT, AT, AT, hashlib.sha256(CONTENT).digest(), CONTENT)


async def faults(*runs: ArchivedRun, keyring: Keyring = KEYRING) -> list[str | None]:
    async def each() -> AsyncIterator[ArchivedRun]:
        for run in runs:
            yield run

    return [one.fault async for one in replay(each(), keyring)]


async def test_what_was_archived_is_done_again() -> None:
    assert await faults(RUN, RUN) == [None, None]


async def test_what_cant_be_replayed_says_why() -> None:
    changed = replace(RUN, content=CONTENT.replace(b'"attempt": 1', b'"attempt": 2'))
    assert await faults(replace(RUN, digest=None, content=None), replace(RUN, content=None), changed) == [
        "Temporal had forgotten it before it was archived",
        "it can't be decrypted: a contact was erased, a key is missing, or it was changed",
        "it is not what was archived: its digest is another",
    ]


async def test_without_the_codecs_key_nothing_can_be_replayed() -> None:
    (fault,) = await faults(RUN, keyring=LEDGER_KEYRING)
    assert fault is not None
