"""Recomputes what an entry records from the values beside it: the record is right, whoever wrote it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from domain.canonical import canonical
from domain.contact import WIRE_NAMES, Contact, contact_document
from domain.documents import Document, contact_from, policy_from, request_from
from domain.plan import Plan
from domain.ruleset import RULESET, make_plan
from domain.times import parse_time, rfc3339
from ledger.entry import Entry, Head, entry_hash
from ledger.merge_record import KINDS, Execution, committed_result, merge_body

_TELLING = 8  # shorter values may stand in the hashed bytes by chance, as a column's name or in a hash


def chain_faults(previous: Head, entry: Entry) -> Iterator[str]:
    """What is wrong with an entry as the one after `previous`."""
    document = json.loads(entry.canonical)
    if entry.seq != previous.seq + 1 or document["seq"] != str(entry.seq):
        yield f"follows {previous.seq}"
    if document["previous"] != previous.entry_hash.hex():
        yield "does not name the hash of the entry before it"
    if entry_hash(entry.canonical) != entry.entry_hash:
        yield "has another hash than its bytes"
    if document["database"] != str(entry.database_id) or document["kind"] != entry.kind:
        yield "is filed under another database or kind than its bytes say"


@dataclass(frozen=True)
class Fault:
    """What is wrong with an entry, and which of the design's invariants it breaks."""

    invariant: int
    what: str


def merge_faults(entry: Entry) -> Iterator[Fault]:
    """What is wrong with a settled request's entry, given the values that it commits to."""
    body = json.loads(entry.canonical)["body"]
    if body["ruleset"] != RULESET:
        yield Fault(6, f"names the ruleset {body['ruleset']}, which is not known here")
        return
    plan = recomputed_plan(entry)
    workflow = body["workflow"]
    execution = Execution(body["merge"], workflow["id"], workflow["run"], int(workflow["attempt"]), body["requester"])
    if KINDS[plan.outcome] != entry.kind:
        yield Fault(6, f"records {entry.kind}, the ruleset gives {plan.outcome.value}")
    elif json.loads(canonical(merge_body(plan, execution, entry.payloads))) != body:
        yield Fault(6, "records another plan or result than the ruleset gives")
    if (result := recorded_result(entry)) != _document(committed_result(plan, parse_time(_at(entry)))):
        yield Fault(6, "keeps another result than the ruleset gives")
    yield from _unaccounted(plan, result)
    yield from _disclosed(entry)


def recomputed_plan(entry: Entry) -> Plan:
    """The plan that the ruleset makes of the snapshots, the request and the policy that the entry names."""
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


def recorded_result(entry: Entry) -> dict[str, Any] | None:
    """The surviving contact as the commit left it, as its document."""
    for payload in entry.payloads:
        if result := payload.values.get("result"):
            return cast("dict[str, Any]", result)
    return None


def _unaccounted(plan: Plan, result: dict[str, Any] | None) -> Iterator[Fault]:
    """Every value of either snapshot is in the result, or named as lost."""
    if result is None:
        return
    named = {(row.name, value) for row in (*plan.fields, *plan.identities) for value in (row.result, *row.lost)}
    devices = {channel["id"] for channel in result["channels"]}
    for contact in (one for one in (plan.older, plan.newer) if one):
        system = {wire: getattr(contact.system, name) for name, wire in WIRE_NAMES.items()}
        for name, value in {**system, **contact.custom, **contact.identities}.items():
            if value is not None and (name, value) not in named:
                yield Fault(5, f"loses a value of {name} without naming it")
        if not {device.id for device in contact.devices} <= devices:
            yield Fault(1, "loses a device")


def _disclosed(entry: Entry) -> Iterator[Fault]:
    for payload in entry.payloads:
        for value in _personal(payload.values):
            if len(value) >= _TELLING and canonical(value)[1:-1] in entry.canonical:
                yield Fault(13, "has a personal value in its hashed bytes")


def _personal(values: Any) -> Iterator[str]:
    document = values.get("snapshot")
    if document:
        yield from (document[wire] for wire in WIRE_NAMES.values() if document[wire])
        yield from (pair["value"] for pair in document["customFields"])
        yield from (channel["destination"] for channel in document["channels"])
    if request := values.get("request"):
        yield from (request["destination"], request["identity"]["value"])


def _holds(contact: Contact, identity: Any) -> bool:
    return contact.identities.get(identity.name) == identity.value


def _document(contact: Contact | None) -> dict[str, Any] | None:
    """As JSON gives it back: times as text."""
    if contact is None:
        return None
    return cast("dict[str, Any]", json.loads(json.dumps(contact_document(contact), default=rfc3339)))


def _at(entry: Entry) -> str:
    return str(json.loads(entry.canonical)["at"])
