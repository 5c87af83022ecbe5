"""A merge as JSON: what lists show of it, and all that was shown, said and decided about it."""

from itertools import pairwise

from domain.plan_changes import plan_changes
from store.decisions import decisions_of
from store.engine import Store
from store.merges import MergeRow
from store.requesters import requesters_of
from store.reviews import Revision, comments_of, revisions_of

Document = dict[str, object]


def merge_document(row: MergeRow, requester: str) -> Document:
    return {
        "id": row.id,
        "databaseId": row.database_id,
        "state": row.state,
        "outcome": row.outcome,
        "requested": {"at": row.requested, "token": row.requester, "by": requester},
        "reasons": list(row.reasons),
        "deadline": row.deadline,
        "claimedBy": row.claimed_by,
        "settled": row.settled,
        "plan": {**row.plan, "digest": row.plan_digest, "revision": row.revision},
        "winnerRecipientId": row.survivor_id,
        "winnerChannelIdentifier": row.winner_channel_identifier,
        "receipt": row.receipt and row.receipt.document(),
    }


async def whole_document(store: Store, row: MergeRow) -> Document:
    """With its decisions, what each revision of the plan changed, and its comments."""
    async with store.statements() as connection:
        requesters = await requesters_of(connection, [row])
        revisions = await revisions_of(connection, row.id)
        decisions = await decisions_of(connection, row.id)
        comments = await comments_of(connection, row.id)
    return {
        **merge_document(row, requesters[row.id]),
        "decisions": [decision.document() for decision in decisions],
        "revisions": [*(_first(one) for one in revisions[:1]), *(_next(*pair) for pair in pairwise(revisions))],
        "comments": [{"id": one.id, "by": one.person, "text": one.text, "at": one.at} for one in comments],
    }


def etag(row: MergeRow) -> dict[str, str]:
    """What a decision sends back as If-Match: the digest of the plan that stands."""
    return {"ETag": f'"{row.plan_digest}"'}


def _first(revision: Revision) -> Document:
    return _revision(revision, [])


def _next(before: Revision, revision: Revision) -> Document:
    return _revision(revision, [change.document() for change in plan_changes(before.plan, revision.plan)])


def _revision(revision: Revision, changes: list[dict[str, object]]) -> Document:
    return {
        "revision": revision.revision,
        "cause": revision.cause,
        "digest": revision.plan_digest,
        "at": revision.created,
        "changes": changes,
    }
