"""Merges as the store reads them, without a store."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.plan import Plan, plan_document
from domain.times import rfc3339
from store.merges import PENDING_APPROVAL, MergeRow


def as_stored(document: object) -> Any:
    return json.loads(json.dumps(document, default=rfc3339))


def waiting(plan: Plan) -> MergeRow:
    """For a person."""
    return MergeRow(
        id=UUID(int=1),
        database_id=10000,
        state=PENDING_APPROVAL,
        outcome=None,
        requested=datetime(2026, 1, 2, tzinfo=UTC),
        settled=None,
        requester="abcd1234",
        workflow_id="establish-identity-abc234",
        run_id=str(UUID(int=8)),
        request=plan.request,
        plan=as_stored(plan_document(plan)),
        plan_digest=plan.digest,
        revision=1,
        reasons=("always",),
        deadline=None,
        claimed_by=None,
        decision_id=None,
        survivor_id=None,
        absorbed_id=None,
        winner_channel_identifier="deviceMuid",
        receipt=None,
    )
