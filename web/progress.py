"""All that the page of a merge knows of how far it is."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from api.gateway import Doing
from api.services import Services
from domain.errors import MergeNotFound, ServiceUnavailable
from store import decisions, inbox, reviews
from store.decisions import Decision
from store.inbox import Item
from store.reviews import Comment, Revision
from store.tokens import Scope
from web.steps import Step, is_under_way, steps_of
from web.viewer import Viewer

BEGUN = "begun"
"""The version of a page that has no plan yet."""


@dataclass(frozen=True)
class Progress:
    """`doing` is what its run is at; None also where Temporal does not answer."""

    item: Item
    revisions: list[Revision]
    decisions: list[Decision]
    comments: list[Comment]
    doing: Doing | None

    @cached_property
    def steps(self) -> list[Step]:
        return steps_of(self.item, self.revisions, self.decisions, self.doing)

    @property
    def is_under_way(self) -> bool:
        return is_under_way(self.item.merge, self.doing)

    @property
    def without_effect(self) -> list[Decision]:
        """What people decided on the plan that waits, and what nothing has come of."""
        return [one for one in self.decisions if one.revision == self.item.merge.revision]

    @property
    def version(self) -> str:
        """Another one whenever the page would tell something else."""
        item, refused = self.item, [one.refused for one in self.decisions]
        told = (item.merge.state, item.claimer, len(self.revisions), len(self.comments), refused, self.steps)
        return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


async def read_item(wired: Services, viewer: Viewer, merge_id: UUID) -> Item:
    """Raises MergeNotFound also for a merge of a database that the viewer does not reach."""
    async with wired.store.statements() as connection:
        item = await inbox.read_item(connection, merge_id)
    if item is None or not viewer.may(Scope.MERGES_READ, item.merge.database_id):
        raise MergeNotFound
    return item


async def read_progress(wired: Services, item: Item) -> Progress:
    doing = await _doing(wired, item) if item.merge.outcome is None else None
    async with wired.store.statements() as connection:
        return Progress(
            item,
            await reviews.revisions_of(connection, item.merge.id),
            await decisions.decisions_of(connection, item.merge.id),
            await reviews.comments_of(connection, item.merge.id),
            doing,
        )


async def has_begun(wired: Services, viewer: Viewer, merge_id: UUID) -> bool:
    """A request whose run has started, and has not stored its plan."""
    database_id = await wired.gateway.find_database(merge_id)
    return database_id is not None and viewer.may(Scope.MERGES_READ, database_id)


async def _doing(wired: Services, item: Item) -> Doing | None:
    try:
        return await wired.gateway.doing(item.merge)
    except ServiceUnavailable:
        return None
