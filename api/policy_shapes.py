"""The shapes of policies, and of the databases that show theirs."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StrictBool, StrictInt

from api.shapes import Column, Given, LookupKey, Name, Policy, Survivor
from domain.policy_change import LONGEST_DEADLINE, MOST_BLOCKED, MOST_DAYS, MOST_DEVICES

AskName = Literal["never", "always", "when"]
AskedOutcome = Literal["merged", "assigned", "reassigned"]
_ASK = "`when` asks where one of the rules holds."
_GAINED = "Asks where the survivor gains more devices than that; null never asks."
_CHANGED = "Asks where the device was given another identity so recently; null never asks."
_BLOCKED = f"At most {MOST_BLOCKED}, refused as identities, whatever their case. What is nothing but zeros always is."
_LONGEST_DEADLINE = int(LONGEST_DEADLINE.total_seconds())


def _absent(**told: Any) -> Any:
    """A member that may be left out, but not be null."""
    return Field(default_factory=lambda: None, **told)


class RulesInput(Given):
    bothIdentified: StrictBool = _absent(description="Asks where both contacts carry an identity.")
    emailsDiffer: StrictBool = _absent(description="Asks where both have an e-mail, and not the same.")
    devicesGainedOver: Annotated[StrictInt, Field(ge=0, le=MOST_DEVICES)] | None = _absent(description=_GAINED)
    identityChangedWithinDays: Annotated[StrictInt, Field(ge=1, le=MOST_DAYS)] | None = _absent(description=_CHANGED)


class ApprovalInput(Given):
    ask: AskName = _absent(description=_ASK)
    outcomes: list[AskedOutcome] = _absent(min_length=1, description="What a person is asked about at all.")
    rules: RulesInput = _absent()
    deadlineSeconds: StrictInt = _absent(ge=1, le=_LONGEST_DEADLINE, description="Undecided so long, it has expired.")
    reminderPercent: StrictInt = _absent(ge=1, le=99, description="Of the deadline, before reviewers are reminded.")


class PolicyInput(Given):
    """What is absent stays as it is."""

    survivor: Survivor = _absent()
    approval: ApprovalInput = _absent()
    blockedValues: list[Name] = _absent(description=_BLOCKED)


class Rules(BaseModel):
    bothIdentified: bool
    emailsDiffer: bool
    devicesGainedOver: int | None = Field(description=_GAINED)
    identityChangedWithinDays: int | None = Field(description=_CHANGED)


class Approval(BaseModel):
    """Who is asked before a merge, and how long it waits."""

    ask: AskName = Field(description=_ASK)
    outcomes: list[AskedOutcome]
    rules: Rules
    deadlineSeconds: int
    reminderPercent: int


class StandingPolicy(Policy):
    """The policy as it stands; a plan names the part that it was made under."""

    approval: Approval
    blockedValues: list[str] = Field(description=_BLOCKED)


class PolicyVersion(BaseModel):
    version: int
    created: str
    by: dict[str, str | None] | None = Field(description="Whose change it is; null: the operator's, by the command.")
    survivor: Survivor
    approval: Approval
    blockedValues: list[str]


class PolicyVersions(BaseModel):
    versions: list[PolicyVersion]


class Database(BaseModel):
    id: int
    name: str
    keyed: bool
    created: str
    columns: list[Column]
    lookupKeys: list[LookupKey]
    appKeys: list[str]
    smsCampaigns: list[str]
    policy: StandingPolicy


class Databases(BaseModel):
    databases: list[Database]
