"""What hypothesis draws: pairs of contacts with a request and a policy, in every constellation that a store can hold.

The values are few, so that equal, differing, empty and missing ones meet often.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from hypothesis import strategies as st

from domain.address import Address, Channel
from domain.contact import Consent, Contact, Device, SystemAttributes
from domain.identity import Identity
from domain.plan import Plan
from domain.policy import Policy, SurvivorRule
from domain.request import MergeRequest
from domain.ruleset import make_plan

CUSTOM = ("Country", "Favorite Food", "Visits")
KEYS = ("Alias Id", "userId")
_VALUES = st.sampled_from(["", "0", "No", "Pizza", "pizza", "Burger"])
_DATES = st.sampled_from([datetime(2017, 8, day, tzinfo=UTC) for day in (1, 15)]) | st.datetimes(
    datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)
)
_EMAILS = st.sampled_from(["albert@jerm.example", "Albert@jerm.example", "bertrand@jerm.example"])
_OPT_INS = st.sampled_from(["OPTED-OUT since May", "opted-out", "OPTED-IN", ""])


@dataclass(frozen=True)
class Case:
    """What a plan is made of. `lookup_contact` holds the requested identity, `device_contact` owns the device."""

    device_contact: Contact | None
    lookup_contact: Contact | None
    request: MergeRequest
    policy: Policy

    @property
    def plan(self) -> Plan:
        return make_plan(self.device_contact, self.lookup_contact, self.request, self.policy)

    @property
    def contacts(self) -> tuple[Contact, ...]:
        """Those that a plan for a known device is about."""
        given = [one for one in (self.device_contact, self.lookup_contact) if one]
        return tuple(given[:1] if given[0] == given[-1] else given)


_SYSTEM = st.builds(
    SystemAttributes,
    email=st.none() | _EMAILS,
    email_type=st.none() | st.sampled_from(["HTML", "TEXT"]),
    opt_in_details=st.none() | _OPT_INS,
    lead_source=st.none() | _VALUES,
    crm_sync_id=st.none() | st.sampled_from(["crm-1", "crm-2"]),
    visitor_key=st.none() | _VALUES,
    muid=st.none() | st.sampled_from(["m1", "m2"]),
)
_CONSENTS = st.builds(
    Consent,
    status=st.sampled_from(["OPTED-IN", "OPTED-OUT"]),
    date=st.none() | _DATES,
    source=st.none() | _VALUES,
)
_ADDRESSES = st.builds(
    Address, st.just(Channel.PUSH), st.just("ap56921D"), st.sampled_from(["m1|c1", "m1|c2", "m2|c1"])
) | st.builds(Address, st.just(Channel.SMS), st.just("spring"), st.sampled_from(["+491701234567", "+12025550123"]))
_POLICIES = st.builds(
    Policy,
    version=st.integers(1, 3),
    survivor=st.sampled_from(SurvivorRule),
    required_columns=st.sets(st.sampled_from([*CUSTOM, *KEYS]), max_size=2).map(lambda names: tuple(sorted(names))),
    lookup_keys=st.sampled_from([KEYS, KEYS, KEYS, ("Alias Id",)]),
)


@st.composite
def contacts(draw: st.DrawFn, id_: int) -> Contact:
    """A contact with devices of its own; no two ids share an address, a device id or an identity."""
    addresses = draw(st.lists(_ADDRESSES, unique=True, max_size=3))
    return Contact(
        id=id_,
        database_id=10000,
        created=draw(_DATES),
        last_modified=draw(_DATES),
        version=draw(st.integers(1, 9)),
        system=draw(_SYSTEM),
        custom=draw(st.dictionaries(st.sampled_from(CUSTOM), _VALUES)),
        identities={name: f"{value} of {id_}" for name, value in draw(_identities()).items()},
        devices=tuple(
            Device(id_ * 100 + at, _of(id_, one), draw(_CONSENTS), draw(_attributes()))
            for at, one in enumerate(addresses)
        ),
        lists=tuple(sorted(draw(st.sets(st.integers(1000, 1003))))),
    )


def _identities() -> st.SearchStrategy[dict[str, str]]:
    return st.dictionaries(st.sampled_from(KEYS), st.sampled_from(["identity1234", "777374"]))


def _attributes() -> st.SearchStrategy[dict[str, str]]:
    return st.dictionaries(st.sampled_from(["os", "model"]), st.sampled_from(["one", "two"]))


def _of(id_: int, address: Address) -> Address:
    return replace(address, qualifier=f"{address.qualifier}-{id_}")


@st.composite
def requests(draw: st.DrawFn, address: Address) -> MergeRequest:
    identity = Identity(draw(st.sampled_from(KEYS)), "requested")
    return MergeRequest(10000, address, identity, draw(st.booleans()), draw(st.booleans()))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Any constellation: device unknown, identity free, held by the device's own contact, or by another."""
    first, second = draw(st.permutations([1, 2]))
    owner, holder = draw(contacts(first)), draw(contacts(second))
    device = Device(999, Address(Channel.PUSH, "ap56921D", "asked|c9"), draw(_CONSENTS), {})
    asked = draw(requests(device.address))
    owner = replace(owner, devices=(*owner.devices, device))
    owns, held_by = draw(st.sampled_from([(True, "other"), (True, "other"), (True, ""), (True, "self"), (False, "")]))
    if held_by == "self":
        owner = _holding(owner, asked)
    lookup = {"other": _holding(holder, asked), "self": owner, "": None}[held_by]
    return Case(owner if owns else None, lookup, asked, draw(_POLICIES))


@st.composite
def merges(draw: st.DrawFn) -> Case:
    """Two contacts: what a request for the one's device and the other's identity is made of."""
    return draw(cases().filter(lambda case: len({one.id for one in _given(case)}) == 2))


def _given(case: Case) -> list[Contact]:
    return [one for one in (case.device_contact, case.lookup_contact) if one]


def _holding(contact: Contact, asked: MergeRequest) -> Contact:
    return replace(contact, identities=_with(contact.identities, asked.identity))


def _with(identities: Mapping[str, str], identity: Identity) -> dict[str, str]:
    return {**identities, identity.name: identity.value}
