"""Remind: tell reviewers once more, before the time is up."""

from dataclasses import dataclass
from uuid import UUID

from temporalio import activity

from activities.failures import coded_failures
from activities.names import REMIND
from domain.messages import RemindInput
from store import proposals
from store.engine import Store


@dataclass(frozen=True)
class Remind:
    store: Store
    channels: frozenset[str]

    @activity.defn(name=REMIND)
    async def remind(self, due: RemindInput) -> None:
        async with coded_failures():
            await proposals.remind(self.store, UUID(due.merge_id), self.channels)
