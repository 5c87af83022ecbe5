"""A run that waits for a person, and what is sent to it straight through Temporal."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from domain.messages import DecideInput
from tests.runs import Run
from tests.scenarios.approvals import Reviewer
from tests.tenant import Tenant
from workflows.establish_identity import DECIDE


@dataclass(frozen=True)
class Waiting:
    """A run that waits for a person, and somebody who may decide."""

    run: Run
    merge: dict[str, Any]
    tenant: Tenant
    specialist: Reviewer

    async def send(self, decision_id: str, kind: str = "approve", digest: str | None = None) -> str:
        """Straight to Temporal, as anybody could who may write to it; returns the code of the refusal."""
        decision = DecideInput(decision_id, kind, digest or self.merge["plan"]["digest"])
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await self.run.execute_update(DECIDE, decision, id=f"forged-{uuid4()}")
        assert isinstance(refused.value.cause, ApplicationError)
        assert refused.value.cause.message == refused.value.cause.type
        return str(refused.value.cause.type)

    async def goes_on(self) -> None:
        """Nothing has happened, and a person still can decide."""
        now = await self.tenant.merge(self.merge["id"])
        assert (now["state"], now["outcome"], now["plan"]) == ("pending_approval", None, self.merge["plan"])
        assert not any(one["tookEffect"] for one in now["decisions"])
        assert (await self.specialist.approve(self.merge)).json()["outcome"] == "merged"
