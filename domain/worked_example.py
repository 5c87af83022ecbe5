"""The example that the rules' source works through: its two contacts, and what it asks for.

As printed, the two lines `userId = ...` (the only ones with `=`) are swapped: they say that the contact of the device
has 777374, and the result none. Read so, no other sentence about identities would hold; see the README's errata.
"""

from datetime import UTC, datetime

from domain.address import Address, Channel
from domain.contact import Consent, Contact, Device, SystemAttributes
from domain.identity import Identity
from domain.plan import Plan
from domain.policy import Policy
from domain.request import MergeRequest
from domain.ruleset import make_plan

DATABASE_ID = 99999
APP_KEY = "ap56921D"
IDENTITY = Identity("userId", "777374")
DESTINATION = "Sksd03jdJKK|H892hH"


def _day(month: int, day: int) -> datetime:
    return datetime(2017, month, day, tzinfo=UTC)


LOOKUP_CONTACT = Contact(
    id=1,
    database_id=DATABASE_ID,
    created=_day(8, 1),
    last_modified=_day(8, 7),
    version=1,
    system=SystemAttributes(email="albert.b.jerm@gmail.com", muid="ZMjue73FFG"),
    custom={"Favorite Food": "Pizza"},
    identities={IDENTITY.name: IDENTITY.value},
    devices=(Device(1, Address(Channel.PUSH, APP_KEY, "ZMjue73FFG|Zujdd9d"), Consent("OPTED-IN")),),
)
DEVICE_CONTACT = Contact(
    id=2,
    database_id=DATABASE_ID,
    created=_day(8, 15),
    last_modified=_day(8, 16),
    version=1,
    system=SystemAttributes(email="bertrand.jerm@gmail.com", muid="Sksd03jdJKK"),
    custom={"Favorite Food": "Burger"},
    devices=(Device(2, Address(Channel.PUSH, APP_KEY, DESTINATION), Consent("OPTED-IN")),),
)


def plan() -> Plan:
    """What the rules make of it now."""
    request = MergeRequest(DATABASE_ID, Address(Channel.PUSH, APP_KEY, DESTINATION), IDENTITY)
    return make_plan(DEVICE_CONTACT, LOOKUP_CONTACT, request, Policy(version=1, lookup_keys=(IDENTITY.name,)))
