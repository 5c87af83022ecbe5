"""One chain, checked from its start once and from then on entry by entry, as it grows."""

import asyncio
import time
from collections.abc import Collection
from dataclasses import dataclass, field

from ledger.chain import Chain, Doubt, SigningRefused
from ledger.checkpoint import Checkpoint
from ledger.entry import Head
from onefold.places.place import Publication
from store import checkpoints
from store.checkpoints import Signed
from store.engine import Store


@dataclass
class ChainWatch:
    store: Store
    database_id: int
    origin: str
    began: float = field(default_factory=time.monotonic)
    _chain: Chain = field(default_factory=Chain)
    _met: set[Checkpoint] = field(default_factory=set)
    _tiles_kept: int = 0

    async def catch_up(self, head: Head, published: Collection[Checkpoint]) -> Checkpoint:
        """The checkpoint that may be signed over the chain up to its head.

        Raises SigningRefused where the chain does not extend each of those that were published, or is broken after.
        """
        if not self._met.issuperset(published):
            self._chain, self._tiles_kept = await self._followed(published), 0
        await self._extend(head)
        checkpoint = self._chain.checkpoint(self.origin)
        self._met = {*published, checkpoint}
        return checkpoint

    async def keep(self, publication: Publication) -> None:
        """Files a checkpoint over this chain, which was published."""
        tiles = self._chain.tiles
        await checkpoints.keep(
            self.store,
            self.database_id,
            publication.checkpoint,
            Signed(publication.note, publication.at),
            first_tile=self._tiles_kept,
            tiles=tiles[self._tiles_kept :],
        )
        self._tiles_kept = len(tiles)

    async def _followed(self, published: Collection[Checkpoint]) -> Chain:
        """From the first entry to the longest checkpoint, past all others."""
        chain = Chain()
        for checkpoint in sorted(published, key=lambda one: one.size):
            while chain.head.seq < checkpoint.size:
                leaves = await checkpoints.read_leaves(
                    self.store, self.database_id, chain.head.seq, until=checkpoint.size
                )
                if not leaves:
                    what = f"the chain ends at {chain.head.seq}, and a checkpoint was published over {checkpoint.size}"
                    raise SigningRefused(Doubt.CUT_SHORT, f"{what} entries")
                for leaf in leaves:
                    chain.follow(leaf.seq, leaf.stored, leaf.leaf)
            chain.meet(checkpoint)
        return chain

    async def _extend(self, head: Head) -> None:
        chain = self._chain
        while chain.head.seq < head.seq:
            entries = await checkpoints.read_entries(self.store, self.database_id, chain.head.seq, until=head.seq)
            if not entries:
                raise SigningRefused(Doubt.BROKEN, f"entry {chain.head.seq + 1} is missing")
            # In a thread: the worker's workflows would wait for so many canonical bytes.
            await asyncio.to_thread(chain.extend, entries)
        if chain.head.seq > head.seq:
            what = f"the chain ends at {head.seq}, and had {chain.head.seq} entries"
            raise SigningRefused(Doubt.CUT_SHORT, what)
        if chain.head != head:
            raise SigningRefused(Doubt.REWRITTEN, f"entry {head.seq} is not the one that the chain's head names")
