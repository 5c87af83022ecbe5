"""What the chain says of a settled request: one body for every outcome, and the payloads that it commits to."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from domain.contact import Contact, contact_document
from domain.plan import CHANGING, FieldDecision, Outcome, Plan, Side
from domain.policy import policy_document
from domain.request import request_document
from ledger.commitment import SALT_LENGTH
from ledger.entry import Payload

KINDS = {
    Outcome.MERGED: "merge.executed",
    Outcome.ASSIGNED: "identity.assigned",
    Outcome.REASSIGNED: "identity.reassigned",
    Outcome.UNCHANGED: "identity.unchanged",
    Outcome.NOT_FOUND: "device.not_found",
    Outcome.BLOCKED: "merge.blocked",
    Outcome.REJECTED: "merge.rejected",
    Outcome.EXPIRED: "merge.expired",
    Outcome.WITHDRAWN: "merge.withdrawn",
}


@dataclass(frozen=True)
class DecisionRecord:
    """Who decided on which revision of the plan, and when. `person` None: a service withdrew its own request."""

    id: UUID
    kind: str
    revision: int
    person: int | None
    token: str
    at: datetime

    def document(self) -> dict[str, object]:
        return {
            "id": self.id,
            "kind": self.kind,
            "revision": self.revision,
            "person": self.person,
            "token": self.token,
            "at": self.at,
        }


@dataclass(frozen=True)
class Execution:
    """Which run settled the request, who had asked (a token's id), and who decided where a person was asked.

    `ended` is the outcome where a decision or the deadline made it another than the plan's.
    """

    merge_id: UUID
    workflow_id: str
    run_id: str
    attempt: int
    requester: str
    decision: DecisionRecord | None = None
    ended: Outcome | None = None

    def outcome(self, plan: Plan) -> Outcome:
        return self.ended or plan.outcome


def committed_result(plan: Plan, at: datetime, outcome: Outcome) -> Contact | None:
    """The survivor as the commit leaves it; None where nothing changes."""
    if outcome not in CHANGING or plan.result is None or plan.survivor is None:
        return None
    return replace(plan.result, last_modified=at, version=plan.survivor.version + 1)


def payload_contacts(plan: Plan) -> set[int | None]:
    """Whose values the payloads hold: those of `merge_payloads`, known before the time of the commit is."""
    return {_owner(plan), *(contact.id for contact in _contacts(plan))}


def merge_payloads(plan: Plan, at: datetime, outcome: Outcome) -> list[Payload]:
    """The request's own payload, then one for each contact, with a fresh salt each."""
    result = committed_result(plan, at, outcome)
    request = {"request": request_document(plan.request), "digest": plan.digest}
    payloads = [Payload(_owner(plan), secrets.token_bytes(SALT_LENGTH), request)]
    for contact in _contacts(plan):
        values: dict[str, object] = {"snapshot": contact_document(contact)}
        side = Side.OLDER if contact is plan.older else Side.NEWER
        values.update(
            (_path(group, row), value)
            for group, rows in (("fields", plan.fields), ("identities", plan.identities))
            for row in rows
            if (value := row.older if side is Side.OLDER else row.newer) is not None
        )
        if result and contact is plan.survivor:
            values["result"] = contact_document(result)
        payloads.append(Payload(contact.id, secrets.token_bytes(SALT_LENGTH), values))
    return payloads


def merge_body(plan: Plan, execution: Execution, payloads: Sequence[Payload]) -> dict[str, object]:
    """The hashed part: ids, rules and commitments. The payloads are those of `merge_payloads`."""
    request, *others = payloads
    by_contact = {payload.contact_id: payload for payload in others}
    older = by_contact.get(plan.older.id) if plan.older else None
    newer = by_contact.get(plan.newer.id) if plan.newer else None
    survivor = by_contact.get(plan.survivor.id) if plan.survivor else None
    changed = survivor is not None and "result" in survivor.values
    return {
        "merge": execution.merge_id,
        "workflow": {"id": execution.workflow_id, "run": execution.run_id, "attempt": execution.attempt},
        "requester": execution.requester,
        "outcome": execution.outcome(plan).value,
        **({"decision": execution.decision.document()} if execution.decision else {}),
        "ruleset": plan.ruleset,
        "policy": policy_document(plan.policy),
        "request": request.commitment("request"),
        "plan": request.commitment("digest"),
        "survivor": plan.survivor and plan.survivor.id,
        "absorbed": plan.absorbed.id if changed and plan.absorbed else None,
        "contacts": [
            {
                "id": contact.id,
                "role": "device" if contact is plan.device_contact else "lookup",
                "version": contact.version,
                "snapshot": by_contact[contact.id].commitment("snapshot"),
            }
            for contact in _contacts(plan)
        ],
        "result": survivor.commitment("result") if survivor and changed else None,
        "fields": [_row("fields", row, older, newer) for row in plan.fields],
        "identities": [_row("identities", row, older, newer) for row in plan.identities],
        "devices": [device.id for device in plan.result.devices] if plan.result else [],
        "blockers": [{"code": blocker.code, "name": blocker.name} for blocker in plan.blockers],
    }


def _owner(plan: Plan) -> int | None:
    """Whose the request is."""
    return plan.survivor.id if plan.survivor else None


def _contacts(plan: Plan) -> list[Contact]:
    """The contacts whose values the entry holds: device contact first. A 404 records nobody's."""
    if plan.device_contact is None:
        return []
    return [plan.device_contact] + [one for one in (plan.older, plan.newer) if one and one is not plan.device_contact]


def _row(group: str, row: FieldDecision, older: Payload | None, newer: Payload | None) -> dict[str, object]:
    path = _path(group, row)
    return {
        "name": row.name,
        "rule": row.rule.value,
        "winner": row.winner and row.winner.value,
        "older": older.commitment(path) if older and row.older is not None else None,
        "newer": newer.commitment(path) if newer and row.newer is not None else None,
    }


def _path(group: str, row: FieldDecision) -> str:
    return f"{group}/{row.name}"
