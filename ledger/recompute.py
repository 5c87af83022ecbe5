"""Recomputes what an entry records from the values beside it: the record is right, whoever wrote it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from domain.canonical import canonical
from domain.contact import WIRE_NAMES, Contact
from domain.documents import Document, contact_from, policy_from, request_from
from domain.identity import Identity
from domain.plan import CHANGING, DECIDED, Outcome, Plan
from domain.ruleset import RULESET, make_plan
from domain.times import parse_time, rfc3339
from ledger.disclosure import disclosed
from ledger.entry import FORMAT, Entry, Head, Payload, entry_hash
from ledger.merge_record import KINDS, DecisionRecord, Execution, merge_body, merge_payloads
from ledger.unreadable import UNREADABLE

# How a request can end by a decision of a kind.
_DECIDE = {"approve": CHANGING, "reject": {Outcome.REJECTED}, "withdraw": {Outcome.WITHDRAWN}}


def chain_faults(previous: Head, entry: Entry) -> Iterator[str]:
    """What is wrong with an entry as the one after `previous`."""
    yield from own_faults(entry)
    if entry.seq != previous.seq + 1:
        yield f"follows {previous.seq}"
    if named_before(entry) not in {None, previous.entry_hash.hex()}:
        yield "does not name the hash of the entry before it"


def own_faults(entry: Entry) -> Iterator[str]:
    """What is wrong with an entry's bytes, wherever in the chain it stands."""
    if entry_hash(entry.canonical) != entry.entry_hash:
        yield "has another hash than its bytes"
    try:
        document = json.loads(entry.canonical)
        own = [document[name] for name in ("format", "database", "seq", "id", "kind", "at")]
        is_canonical = bool(document["previous"]) and canonical(document) == entry.canonical
    except UNREADABLE:
        yield "has bytes that cannot be read"
        return
    if not is_canonical:
        yield "has bytes that are not canonical"
    if own != [FORMAT, str(entry.database_id), str(entry.seq), str(entry.id), entry.kind, rfc3339(entry.at)]:
        yield "is filed under another database, place, id, kind or time than its bytes say"


def named_before(entry: Entry) -> str | None:
    """The hash of the entry before it, as its bytes name it; None where they can't be read."""
    try:
        return str(json.loads(entry.canonical)["previous"])
    except UNREADABLE:
        return None


@dataclass(frozen=True)
class Fault:
    """What is wrong with an entry, and which of the design's invariants it breaks."""

    invariant: int
    what: str


def merge_faults(entry: Entry) -> Iterator[Fault]:
    """What is wrong with a settled request's entry, given the values that it commits to."""
    try:
        yield from _merge_faults(entry)
    except UNREADABLE:
        yield Fault(6, "cannot be recomputed from its bytes and the values beside it")


def _merge_faults(entry: Entry) -> Iterator[Fault]:
    document = json.loads(entry.canonical)
    body = document["body"]
    if body["ruleset"] != RULESET:
        yield Fault(6, f"names the ruleset {body['ruleset']}, which is not known here")
        return
    plan = _plan(entry)
    execution = _execution(body)
    outcome = execution.outcome(plan)
    if KINDS[outcome] != entry.kind or (execution.ended and plan.outcome not in CHANGING):
        yield Fault(6, f"records {entry.kind}, the ruleset gives {plan.outcome.value}")
    elif json.loads(canonical(merge_body(plan, execution, entry.payloads))) != body:
        yield Fault(6, "records another plan or result than the ruleset gives")
    if not _decides(execution.decision, outcome):
        yield Fault(8, f"ended {outcome.value}, which its decision does not say")
    if _contents(merge_payloads(plan, parse_time(document["at"]), outcome)) != _contents(entry.payloads):
        yield Fault(6, "keeps other values beside it than the ruleset gives")
    if entry.payloads[0].values["digest"] != plan.digest:
        yield Fault(7, "names another digest than its plan has")
    yield from _unaccounted(plan, recorded_result(entry))
    for member in disclosed(document, frozenset(_personal(entry.payloads))):
        yield Fault(13, f"may have a personal value in its hashed bytes, at {member}")


def recomputed_plan(entry: Entry) -> Plan | None:
    """The plan that the ruleset makes of the snapshots, the request and the policy that the entry names.

    None where they can't be read, which is a fault.
    """
    try:
        return _plan(entry)
    except UNREADABLE:
        return None


def _plan(entry: Entry) -> Plan:
    body = json.loads(entry.canonical)["body"]
    request = request_from(cast("Document", entry.payloads[0].values["request"]))
    snapshots = {
        contact["role"]: contact_from(cast("Document", payload.values["snapshot"]))
        for contact, payload in zip(body["contacts"], entry.payloads[1:], strict=True)
    }
    device_contact = snapshots.get("device")
    lookup_contact = snapshots.get("lookup")
    if device_contact and lookup_contact is None and _holds(device_contact, request.identity):
        lookup_contact = device_contact
    return make_plan(device_contact, lookup_contact, request, policy_from(body["policy"]))


def _execution(body: Any) -> Execution:
    workflow, decision, outcome = body["workflow"], body.get("decision"), Outcome(body["outcome"])
    return Execution(
        merge_id=body["merge"],
        workflow_id=workflow["id"],
        run_id=workflow["run"],
        attempt=int(workflow["attempt"]),
        requester=body["requester"],
        decision=_decision(decision) if decision else None,
        ended=outcome if outcome in DECIDED else None,
    )


def _decides(decision: DecisionRecord | None, outcome: Outcome) -> bool:
    """Whether a request can have ended so. Without a decision: nobody was asked, or one before it kept them apart."""
    if decision is None:
        return outcome is not Outcome.WITHDRAWN
    by_nobody = decision.person is None and decision.kind != "withdraw"  # as a service does
    return outcome in _DECIDE.get(decision.kind, ()) and not by_nobody


def _decision(decision: Any) -> DecisionRecord:
    person = decision["person"]
    return DecisionRecord(
        id=UUID(decision["id"]),
        kind=decision["kind"],
        revision=int(decision["revision"]),
        person=None if person is None else int(person),
        token=decision["token"],
        at=parse_time(decision["at"]),
    )


def recorded_outcome(entry: Entry) -> Outcome:
    """How the request ended, which a decision or its deadline may have made another end than the plan's."""
    return Outcome(json.loads(entry.canonical)["body"]["outcome"])


def records_decision(entry: Entry, decision: DecisionRecord | None) -> bool:
    """Whether the request ended by exactly this decision, according to the entry."""
    recorded = json.loads(entry.canonical)["body"].get("decision")
    return bool(recorded == (json.loads(canonical(decision.document())) if decision else None))


def recorded_result(entry: Entry) -> dict[str, Any] | None:
    """The surviving contact as the commit left it, as its document."""
    for payload in entry.payloads:
        if result := payload.values.get("result"):
            return cast("dict[str, Any]", result)
    return None


def _unaccounted(plan: Plan, result: dict[str, Any] | None) -> Iterator[Fault]:
    """Every value of either snapshot is in the recorded result, or named as lost."""
    if result is None:
        return
    accounted = {(row.name, value) for row in (*plan.fields, *plan.identities) for value in row.lost}
    accounted |= _values(contact_from(result))
    devices = {int(channel["id"]) for channel in result["channels"]}
    lists = {int(one) for one in result["contactLists"]}
    for contact in (one for one in (plan.older, plan.newer) if one):
        for name, _ in sorted(_values(contact) - accounted):
            yield Fault(5, f"loses a value of {name} without naming it")
        if not set(contact.lists) <= lists:
            yield Fault(5, "leaves a contact list")
        if not {device.id for device in contact.devices} <= devices:
            yield Fault(1, "loses a device")


def _values(contact: Contact) -> set[tuple[str, str]]:
    """All that a contact holds, under the names that a plan gives it."""
    system = {wire: getattr(contact.system, name) for name, wire in WIRE_NAMES.items()}
    held = {**system, **contact.custom, **contact.identities, "created": rfc3339(contact.created)}
    return {(name, value) for name, value in held.items() if value is not None}


def _contents(payloads: Sequence[Payload]) -> list[tuple[int | None, bytes]]:
    return [(payload.contact_id, canonical(payload.values)) for payload in payloads]


def _personal(payloads: Sequence[Payload]) -> Iterator[str]:
    for payload in payloads:
        if snapshot := payload.values.get("snapshot"):
            contact = contact_from(cast("Document", snapshot))
            yield from (value for _, value in _values(contact))
            yield from (device.address.destination for device in contact.devices)
        if request := payload.values.get("request"):
            asked = request_from(cast("Document", request))
            yield from (asked.address.destination, asked.identity.value)


def _holds(contact: Contact, identity: Identity) -> bool:
    return contact.identities.get(identity.name) == identity.value
