"""Contacts, requests and policies for tests: each says only what the test is about."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from domain.address import Address, Channel
from domain.contact import WIRE_NAMES, Consent, Contact, Device, SystemAttributes
from domain.identity import Identity
from domain.plan import FieldDecision, Plan
from domain.policy import Policy, SurvivorRule
from domain.request import MergeRequest
from domain.ruleset import make_plan
from domain.times import parse_time

DEVICE = "m1|c1"
VALUE = "777374"


def contact(
    id: int = 1,  # noqa: A002 - a contact's own word
    created: str = "2020-01-01",
    *,
    custom: Mapping[str, str] | None = None,
    identities: Mapping[str, str] | None = None,
    devices: tuple[Device, ...] = (),
    lists: tuple[int, ...] = (),
    version: int = 1,
    modified: str = "2020-02-02",
    **system: str | None,
) -> Contact:
    """System attributes are given by their names on the wire."""
    ours = {wire: name for name, wire in WIRE_NAMES.items()}
    return Contact(
        id=id,
        database_id=10000,
        created=parse_time(created),
        last_modified=parse_time(modified),
        version=version,
        system=SystemAttributes(**{ours[wire]: value for wire, value in system.items()}),
        custom=custom or {},
        identities=identities or {},
        devices=devices,
        lists=lists,
    )


def device(id: int, destination: str, status: str = "OPTED-IN", **attributes: str) -> Device:  # noqa: A002
    consent = Consent(status, datetime(2020, 1, 1, tzinfo=UTC), "registration")
    return Device(id, address(destination), consent, attributes)


def address(destination: str) -> Address:
    if "|" in destination:
        return Address(Channel.PUSH, "ap56921D", destination)
    return Address(Channel.SMS, "spring", destination)


def request(destination: str = DEVICE, value: str = VALUE, name: str = "userId", **flags: bool) -> MergeRequest:
    return MergeRequest(10000, address(destination), Identity(name, value), **flags)


def policy(survivor: SurvivorRule = SurvivorRule.DEVICE_CONTACT, required: tuple[str, ...] = ()) -> Policy:
    return Policy(1, survivor, required, ("Alias Id", "userId"))


def device_contact(id: int = 2, created: str = "2021-01-01", **rest: Any) -> Contact:  # noqa: A002
    """Owns the requested device, and is the newer unless the test says otherwise."""
    return contact(id, created, **{"devices": (device(22, DEVICE),), **rest})


def lookup_contact(id: int = 1, created: str = "2020-01-01", **rest: Any) -> Contact:  # noqa: A002
    """Holds the requested identity, and is the older unless the test says otherwise."""
    return contact(id, created, **{"identities": {"userId": VALUE}, **rest})


def merged(of_device: Contact, of_identity: Contact, asked: MergeRequest | None = None, **rules: Any) -> Plan:
    return make_plan(of_device, of_identity, asked or request(), policy(**rules))


def row(plan: Plan, name: str) -> FieldDecision:
    """The decision about an attribute or, where none has the name, about an identity."""
    return next(one for one in (*plan.fields, *plan.identities) if one.name == name)
