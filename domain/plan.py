"""The plan: what a request would do, field by field. Immutable, and bound by its digest."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from domain.canonical import sha256
from domain.contact import Contact, Device, channel_document
from domain.policy import Policy, policy_document
from domain.request import MergeRequest, request_document


class Outcome(StrEnum):
    """How a request ends. A plan has one of the first six; the last three are ends that people or time decided."""

    MERGED = "merged"
    ASSIGNED = "assigned"
    REASSIGNED = "reassigned"
    UNCHANGED = "unchanged"
    NOT_FOUND = "not_found"
    BLOCKED = "blocked"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


CHANGING = frozenset({Outcome.MERGED, Outcome.ASSIGNED, Outcome.REASSIGNED})
DECIDED = frozenset({Outcome.REJECTED, Outcome.EXPIRED, Outcome.WITHDRAWN})


class Rule(StrEnum):
    OLDEST = "oldest"
    NEWEST = "newest"
    ONLY_VALUE = "only-value"
    EQUAL = "equal"
    SURVIVOR = "survivor"
    REQUESTED = "requested"
    NOT_MERGED = "not-merged"
    REGENERATED = "regenerated"


class Side(StrEnum):
    """Which contact a value came from."""

    OLDER = "older"
    NEWER = "newer"
    BOTH = "both"
    REQUEST = "request"


@dataclass(frozen=True)
class FieldDecision:
    """One value of the result, the rule that chose it, where it came from, and every value that it displaced."""

    name: str
    older: str | None
    newer: str | None
    result: str | None
    rule: Rule
    winner: Side | None

    @property
    def lost(self) -> tuple[str, ...]:
        given = dict.fromkeys(value for value in (self.older, self.newer) if value is not None)
        return tuple(value for value in given if value != self.result)


@dataclass(frozen=True)
class Blocker:
    """A reason why nothing may change: `code` is a refusal's, `name` a column or lookup key."""

    code: str
    name: str


# Named one by one: a member that a plan gains must not make the digests of older ones wrong.
_BOUND = (
    "ruleset",
    "request",
    "outcome",
    "older",
    "newer",
    "survivor",
    "absorbed",
    "winnerChannelIdentifier",
    "identities",
    "devices",
    "blockers",
)


@dataclass(frozen=True)
class Plan:
    """What `ruleset` makes of a request and the contacts that it names.

    Where only the device contact is concerned it stands as `older`, with no `newer`. `device_contact` None is the
    outcome not_found, which has no older, survivor or result either. `result` is the surviving contact as it would
    be, but for lastModified and version, which belong to the commit.
    """

    ruleset: str
    policy: Policy
    request: MergeRequest
    outcome: Outcome
    device_contact: Contact | None
    lookup_contact: Contact | None
    older: Contact | None
    newer: Contact | None
    survivor: Contact | None
    absorbed: Contact | None
    fields: tuple[FieldDecision, ...]
    identities: tuple[FieldDecision, ...]
    blockers: tuple[Blocker, ...]
    result: Contact | None
    winner_channel_identifier: str

    @cached_property
    def digest(self) -> str:
        """Binds what was seen to what is done: SHA-256 over all that the merge writes or discards.

        Row versions, times of modification, inbox, events and lists are left out, so that a busy person's plan
        stays approvable.
        """
        document = plan_document(self)
        bound = {name: document[name] for name in _BOUND}
        bound["policy"] = self.policy.version
        bound["fields"] = [_field(row) for row in self.fields if row.name != "lastModified"]
        return sha256(bound)


def plan_document(plan: Plan, with_digest: bool = False) -> dict[str, object]:
    """The plan as JSON, with the names that the API, the pages and the ledger use."""
    result = plan.result
    return {
        **({"digest": plan.digest, "revision": 1} if with_digest else {}),
        "ruleset": plan.ruleset,
        "policy": policy_document(plan.policy),
        "request": request_document(plan.request),
        "outcome": plan.outcome.value,
        "older": _id(plan.older),
        "newer": _id(plan.newer),
        "survivor": _id(plan.survivor),
        "absorbed": _id(plan.absorbed),
        "winnerChannelIdentifier": plan.winner_channel_identifier,
        "fields": [_field(row) for row in plan.fields],
        "identities": [_field(row) for row in plan.identities],
        "devices": [_device(plan, device) for device in result.devices] if result else [],
        "inbox": {"kept": _id(plan.newer or plan.older), "archived": _id(plan.older) if plan.newer else None},
        "events": {"merged": plan.absorbed is not None and plan.request.merge_events},
        "contactLists": list(result.lists) if result else [],
        "blockers": [{"code": blocker.code, "name": blocker.name} for blocker in plan.blockers],
    }


def _field(row: FieldDecision) -> dict[str, object]:
    return {
        "name": row.name,
        "older": row.older,
        "newer": row.newer,
        "result": row.result,
        "rule": row.rule.value,
        "winner": row.winner and row.winner.value,
        "lost": list(row.lost),
    }


def _device(plan: Plan, device: Device) -> dict[str, object]:
    owner = plan.newer if plan.newer and device in plan.newer.devices else plan.older
    return {**channel_document(device), "contact": _id(owner)}


def _id(contact: Contact | None) -> int | None:
    return contact.id if contact else None
