"""Propose: show people the plan as it is now."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from temporalio import activity

from activities.failures import coded_failures
from activities.names import PROPOSE
from domain.messages import Proposal, ProposeInput
from domain.plan import Outcome
from store import proposals
from store.engine import Store


@dataclass(frozen=True)
class Propose:
    """`channels`: by which of them reviewers are told."""

    store: Store
    channels: frozenset[str]

    @activity.defn(name=PROPOSE)
    async def propose(self, asked: ProposeInput) -> Proposal:
        """Stores the plan as the next revision where it is another than people were shown last, and tells them."""
        info = activity.info()
        async with coded_failures():
            proposed = await proposals.propose(
                self.store,
                UUID(asked.merge_id),
                str(info.workflow_run_id),
                info.attempt,
                asked.cause,
                self.channels,
            )
        if isinstance(proposed, Outcome):
            return Proposal(proposed.value)
        return Proposal(
            None,
            revision=proposed.revision,
            digest=proposed.digest,
            remaining=proposed.remaining / timedelta(seconds=1),
            until_reminder=proposed.until_reminder / timedelta(seconds=1),
        )
