"""The shapes of merges: what is asked for, what is planned, what became of it."""

from typing import Any, Literal

from pydantic import BaseModel, Field, StrictBool, StrictInt, StrictStr

from api.shapes import ChannelName, Destination, Given, Policy, QualifierName

Flag = StrictBool | Literal["true", "false"]  # the vendor's own example sends these as texts


class IdentityInput(Given):
    name: StrictStr = Field(description="An active lookup key of the database.", examples=["userId"])
    value: StrictStr = Field(examples=["777374"])


class EstablishIdentitySpecification(Given):
    identity: IdentityInput
    useCrmContactAsWinner: Flag | None = Field(
        default=None, description="True: where exactly one of the contacts has a CRM sync id, that one survives."
    )
    mergeEvents: Flag | None = Field(default=None, description="False: the absorbed contact's events stay with it.")

    @property
    def crm_contact_wins(self) -> bool:
        return self.useCrmContactAsWinner in {True, "true"}

    @property
    def events_merge(self) -> bool:
        return self.mergeEvents not in {False, "false"}


class MergeSpecification(EstablishIdentitySpecification):
    databaseId: StrictInt = Field(ge=1, le=2**63 - 1, examples=[10000])
    channel: ChannelName
    qualifier: QualifierName
    destination: Destination


class Receipt(BaseModel):
    """Keep it: it commits to the ledger entry and to all before it."""

    database: int
    seq: int
    entry_hash: str


class Answer(BaseModel):
    winnerRecipientId: int
    winnerChannelIdentifier: str
    outcome: Literal["merged", "assigned", "reassigned", "unchanged"]
    mergeId: str
    receipt: Receipt


class Pending(BaseModel):
    """The request waits for a person, or goes on after the answer's time was up."""

    mergeId: str
    state: Literal["preparing", "pending_approval", "merging"]
    outcome: None
    page: str = Field(description="Where people look at it, and decide.")


class PlanRow(BaseModel):
    name: str
    older: str | None
    newer: str | None
    result: str | None
    rule: str
    winner: str | None
    lost: list[str]


class Blocker(BaseModel):
    code: str
    name: str = Field(description="The column or lookup key that is in the way.")


class Plan(BaseModel):
    digest: str
    revision: int
    ruleset: str
    policy: Policy
    request: MergeSpecification
    outcome: str
    older: int | None
    newer: int | None
    survivor: int | None
    absorbed: int | None
    winnerChannelIdentifier: str
    fields: list[PlanRow]
    identities: list[PlanRow]
    devices: list[dict[str, Any]]
    inbox: dict[str, Any]
    events: dict[str, Any]
    contactLists: list[int]
    blockers: list[Blocker]


class Merge(BaseModel):
    id: str
    databaseId: int
    state: Literal["preparing", "pending_approval", "merging", "done"]
    outcome: str | None
    requested: dict[str, str] = Field(description="When, with which token, and by whom.")
    reasons: list[str] = Field(description="Why a person was asked; nothing where nobody was.")
    deadline: str | None = Field(description="When the request expires, if nobody decides.")
    claimedBy: int | None = Field(description="The id of the person who is looking at it.")
    settled: str | None
    plan: Plan
    winnerRecipientId: int | None
    winnerChannelIdentifier: str | None
    receipt: Receipt | None


class StoredDecision(BaseModel):
    id: str
    decision: Literal["approve", "reject", "withdraw"]
    revision: int
    digest: str
    reason: str | None
    notSamePerson: bool
    by: dict[str, str | None]
    at: str
    tookEffect: bool = Field(description="False: it was stale, refused, or another one ended the merge.")
    refused: str | None = Field(description="The code of the problem that it met: it never takes effect.")


class Revision(BaseModel):
    revision: int
    cause: Literal["requested", "decided-on-another", "contacts-changed"]
    digest: str
    at: str
    changes: list[dict[str, Any]] = Field(description="What differs from the revision before.")


class Comment(BaseModel):
    id: int
    by: str
    text: str
    at: str


class WholeMerge(Merge):
    decisions: list[StoredDecision]
    revisions: list[Revision]
    comments: list[Comment]


class ReasonInput(Given):
    reason: StrictStr | None = Field(default=None, min_length=1, max_length=2000)


class DecisionInput(ReasonInput):
    decision: Literal["approve", "reject"]
    notSamePerson: StrictBool = Field(
        default=False, description="With reject: keep these two apart until somebody lifts it."
    )


class CommentInput(Given):
    text: StrictStr = Field(min_length=1, max_length=4000)


class Decision(BaseModel):
    mergeId: str
    decision: Literal["approve", "reject", "withdraw"]
    state: Literal["done"]
    outcome: str
    receipt: Receipt


class DecisionPending(BaseModel):
    mergeId: str
    decision: Literal["approve", "reject", "withdraw"]
    state: Literal["merging", "pending_approval"] = Field(
        description="`merging`: approved, and being executed. The merge itself is `pending_approval` until it is done."
    )
    outcome: None


class MergeBegun(BaseModel):
    """A merge that was started and has no plan yet."""

    id: str
    databaseId: int
    state: Literal["preparing"]
    outcome: None


class MergePage(BaseModel):
    merges: list[Merge]
    next: str | None = Field(description="Send it as `after` for the next page; null on the last one.")
