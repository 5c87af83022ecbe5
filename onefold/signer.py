"""The signer: signs checkpoints over the chains, of which each extends what was published before.

What was published is read back from the places: whoever rewrites the database has not rewritten what it is held
against.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import ServiceUnavailable
from ledger.chain import SigningRefused
from ledger.checkpoint import origin_of
from ledger.entry import Head
from ledger.note import SigningKey
from onefold.chain_watch import ChainWatch
from onefold.checkpoint_settings import CheckpointSettings
from onefold.loops import again_and_again, running_beside
from onefold.places.courier import Courier
from onefold.places.folder import Folder
from onefold.places.place import Publication
from onefold.places.read_back import opened, read_back
from onefold.places.webhook import Webhook
from store import checkpoint_state, checkpoints
from store.checkpoints import ChainHead
from store.engine import Store
from store.leadership import leading

log = structlog.get_logger()

POLL = timedelta(seconds=1)
EVERY = timedelta(seconds=10)
AFTER_A_REFUSAL = timedelta(minutes=1)
ENTRIES = 1000
READ_AGAIN = timedelta(days=1)


@dataclass(frozen=True)
class Look:
    """When a chain was looked at, where it ended, and whether a checkpoint up to there is published."""

    head: Head
    at: float
    is_published: bool
    pause: timedelta

    def is_over(self, head: Head) -> bool:
        """Whether it is time for the next one."""
        if self.is_published and self.head == head:
            return _is_past(self.at, READ_AGAIN)
        if self.is_published and (not self.head.seq or head.seq - self.head.seq >= ENTRIES):
            return True  # a chain's first entries need not wait
        return _is_past(self.at, self.pause)


def _is_past(since: float, pause: timedelta) -> bool:
    return time.monotonic() - since >= pause.total_seconds()


@dataclass
class Signer:
    """`key` bears the installation's name."""

    store: Store
    key: SigningKey
    couriers: Sequence[Courier]
    _watches: dict[int, ChainWatch] = field(default_factory=dict)
    _looks: dict[int, Look] = field(default_factory=dict)
    _latest: dict[int, Publication] = field(default_factory=dict)
    _reported: float | None = None

    async def run(self) -> None:
        """Until it is cancelled. While another process signs, it waits to take over."""
        await again_and_again("checkpoints", self._lead, 1, POLL)

    async def _lead(self) -> int:
        async with leading(self.store, "checkpoints") as connection:
            if connection is None:
                return 0
            self._looks.clear()  # another may have signed, and refused, meanwhile
            # Each place by itself: a slow one gets fewer of them, and keeps nobody waiting.
            supplies = (again_and_again("places", partial(self.supply, one), 1, POLL) for one in self.couriers)
            async with running_beside(*supplies):
                while True:
                    await self.round(connection)
                    await asyncio.sleep(POLL.total_seconds())

    async def supply(self, courier: Courier) -> int:
        """Brings a place what it lacks of each chain's latest checkpoint."""
        for publication in list(self._latest.values()):
            await courier.bring(publication)
        return 0

    async def round(self, connection: AsyncConnection) -> None:
        """Looks at each chain whose time has come."""
        for chain in await checkpoints.read_heads(connection):
            last = self._looks.get(chain.database_id)
            if last is None or last.is_over(chain.head):
                self._looks[chain.database_id] = await self._look(chain)
        await self._report(connection)

    async def _look(self, chain: ChainHead) -> Look:
        began, told = time.monotonic(), log.bind(database=chain.database_id)
        is_published, pause = False, EVERY
        try:
            is_published = await self._sign(chain)
        except SigningRefused as refusal:
            self._watches.pop(chain.database_id, None)
            pause = AFTER_A_REFUSAL
            told.error("checkpoint.refused", doubt=refusal.doubt.value, what=refusal.what)
            await checkpoint_state.refuse(self.store, chain.database_id, refusal.doubt.value, refusal.what)
        except ServiceUnavailable:
            raise
        except Exception as error:
            # A defect in the reading of one chain, told by its class: the others are signed all the same.
            self._watches.pop(chain.database_id, None)
            told.error("checkpoint.failed", error=type(error).__name__)
        return Look(chain.head, began, is_published, pause)

    async def _sign(self, chain: ChainHead) -> bool:
        """Whether the chain is published up to its head. Raises SigningRefused."""
        database_id, origin = chain.database_id, origin_of(self.key.name, chain.database_id)
        published = await read_back(self.couriers, origin, self.key.verifier)
        if note := await checkpoints.read_last(self.store, database_id, origin):
            published[opened(note, origin, self.key.verifier, "the database")] = note
        if latest := self._latest.get(database_id):
            published[latest.checkpoint] = latest.note
        watch = self._watches.get(database_id)
        if watch is None or _is_past(watch.began, READ_AGAIN):
            watch = self._watches[database_id] = ChainWatch(self.store, database_id, origin)
        checkpoint = await watch.catch_up(chain.head, published)
        await checkpoint_state.allow(self.store, database_id)
        if not checkpoint.size:
            return True
        note = published.get(checkpoint) or checkpoint.signed(self.key)
        publication = Publication(database_id, checkpoint, note, datetime.now(UTC))
        if checkpoint not in published and not await self._publish(publication):
            log.warning("checkpoint.unpublished", database=database_id, size=checkpoint.size)
            return False
        self._latest[database_id] = publication
        await watch.keep(publication)
        return True

    async def _publish(self, publication: Publication) -> bool:
        """Whether a place has it now, one that can be read back where there is one. The others are supplied later."""
        first = [courier for courier in self.couriers if courier.reader] or self.couriers
        await asyncio.gather(*(courier.bring(publication) for courier in first))
        return any(courier.holds(publication) for courier in first)

    async def _report(self, connection: AsyncConnection) -> None:
        now = time.monotonic()
        if self._reported is None or now - self._reported >= EVERY.total_seconds():
            faults = {name: courier.fault for name, courier in zip(_names(self.couriers), self.couriers, strict=True)}
            await checkpoint_state.report_places(connection, faults)
            self._reported = now


def _names(couriers: Sequence[Courier]) -> Iterator[str]:
    """Two webhooks of one host have one name, since their paths may be secret: they are numbered."""
    seen: dict[str, int] = {}
    for courier in couriers:
        name = courier.place.name
        seen[name] = seen.get(name, 0) + 1
        yield name if seen[name] == 1 else f"{name} ({seen[name]})"


def create_signer(store: Store, settings: CheckpointSettings) -> Signer | None:
    """None where nothing is to be signed."""
    key = settings.signing_key
    if key is None:
        return None
    folders = [Folder(path) for path in settings.checkpoint_folders]
    secret = settings.checkpoint_webhook_secret
    webhooks = [Webhook(url, secret.get_secret_value()) for url in settings.checkpoint_urls if secret]
    couriers = [*(Courier(folder, folder) for folder in folders), *(Courier(webhook) for webhook in webhooks)]
    return Signer(store, key, couriers)
