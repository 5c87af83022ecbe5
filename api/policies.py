"""Policies: which contact survives, who is asked first, and what is no identity."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Response

from api.bodies import StrictRoute
from api.openapi import may_refuse
from api.policy_shapes import PolicyInput, PolicyVersions, StandingPolicy
from api.responses import document
from api.services import Caller, Wired, needs_in_database
from domain.approval import ApprovalPolicy, Ask
from domain.errors import PersonRequired, PolicyInvalid, PolicyStale
from domain.plan import Outcome
from domain.policy import Policy, SurvivorRule, policy_document
from domain.policy_change import PolicyChange
from store import policies
from store.policies import PolicyVersion
from store.tokens import OwnerKind, Scope

router = APIRouter(route_class=StrictRoute, prefix="/v1/databases/{databaseId}/policy", tags=["Policies"])

Reader = Annotated[Caller, Depends(needs_in_database(Scope.DATABASES_READ))]
Admin = Annotated[Caller, Depends(needs_in_database(Scope.ADMIN))]
IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", description="The version that you saw, as the ETag of the policy; left out, any."),
]
_ETAG = re.compile(r'(?:W/)?"([0-9]{1,9})"')


@router.get("", operation_id="getPolicy", response_model=StandingPolicy, summary="The policy that stands")
async def get(caller: Reader, wired: Wired) -> Response:
    """Its `ETag` is its version."""
    return _answer(*await policies.get(wired.store, caller.database_id))


@router.put(
    "",
    operation_id="putPolicy",
    response_model=StandingPolicy,
    responses=may_refuse(PolicyInvalid, PolicyStale, PersonRequired),
    summary="Change the policy",
)
async def put(caller: Admin, wired: Wired, body: PolicyInput, if_match: IfMatch = None) -> Response:
    """A change makes a new version; every merge pins the version that it ran under. What is absent stays.

    With `If-Match` it follows the version that you saw, or is refused. For people alone: whoever asks for merges could
    have nobody asked about them any more.
    """
    if caller.token.owner_kind is OwnerKind.SERVICE:
        raise PersonRequired
    seen = None if if_match is None or if_match == "*" else _version(if_match)
    changed = await policies.change(wired.store, caller.database_id, _change(body), caller.token.id, seen=seen)
    return _answer(*changed)


@router.get(
    "/versions", operation_id="listPolicyVersions", response_model=PolicyVersions, summary="What it said, and when"
)
async def versions(caller: Reader, wired: Wired) -> Response:
    """The newest first; the first of them stands."""
    found = await policies.history(wired.store, caller.database_id)
    return document({"versions": [version_document(one) for one in found]})


def policy_shown(policy: Policy, approval: ApprovalPolicy) -> dict[str, object]:
    return {**policy_document(policy), **_approval_document(approval)}


def version_document(version: PolicyVersion) -> dict[str, object]:
    survivor = version.survivor.value
    by = version.changed_by and {"person": version.person, "token": version.changed_by}
    said = {"version": version.version, "created": version.created, "by": by, "survivor": survivor}
    return {**said, **_approval_document(version.approval)}


def _answer(policy: Policy, approval: ApprovalPolicy) -> Response:
    return document(policy_shown(policy, approval), headers={"ETag": f'"{policy.version}"'})


def _version(etag: str) -> int:
    """0, which no version has, of what is no tag of ours. Weak ones too: a proxy that compresses makes them so."""
    read = _ETAG.fullmatch(etag.strip())
    return int(read[1]) if read else 0


def _approval_document(approval: ApprovalPolicy) -> dict[str, object]:
    within = approval.identity_changed_within
    return {
        "approval": {
            "ask": approval.ask.value,
            "outcomes": sorted(outcome.value for outcome in approval.outcomes),
            "rules": {
                "bothIdentified": approval.both_identified,
                "emailsDiffer": approval.emails_differ,
                "devicesGainedOver": approval.devices_gained_over,
                "identityChangedWithinDays": None if within is None else within.days,
            },
            "deadlineSeconds": int(approval.deadline.total_seconds()),
            "reminderPercent": approval.reminder_percent,
        },
        "blockedValues": list(approval.blocked_values),
    }


def _change(body: PolicyInput) -> PolicyChange:
    given = body.model_dump(exclude_unset=True)
    approval = given.get("approval", {})
    members = {**given, **approval, **approval.get("rules", {})}
    fields = {ours: read(members[name]) for name, (ours, read) in _FIELDS.items() if name in members}
    return PolicyChange(SurvivorRule(given["survivor"]) if "survivor" in given else None, fields)


def _outcomes(names: list[str]) -> frozenset[Outcome]:
    return frozenset(Outcome(name) for name in names)


def _seconds(seconds: int) -> timedelta:
    return timedelta(seconds=seconds)


def _days(days: int | None) -> timedelta | None:
    return None if days is None else timedelta(days=days)


def _as_it_is(value: object) -> object:
    return value


_FIELDS: Mapping[str, tuple[str, Callable[[Any], object]]] = {
    "ask": ("ask", Ask),
    "outcomes": ("outcomes", _outcomes),
    "bothIdentified": ("both_identified", _as_it_is),
    "emailsDiffer": ("emails_differ", _as_it_is),
    "devicesGainedOver": ("devices_gained_over", _as_it_is),
    "identityChangedWithinDays": ("identity_changed_within", _days),
    "deadlineSeconds": ("deadline", _seconds),
    "reminderPercent": ("reminder_percent", _as_it_is),
    "blockedValues": ("blocked_values", tuple),
}
"""What a member of the body is in an ApprovalPolicy, and how it is read."""
