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
_VALUES = st.sampled_from([None, "", "0", "No", "Pizza", "pizza", "Burger"])
_MOMENTS = (
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(2017, 8, 1, tzinfo=UTC),
    datetime(2017, 8, 15, tzinfo=UTC),
    datetime(2017, 8, 15, 0, 0, 0, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
)
_DATES = st.sampled_from(_MOMENTS)
_CONSENTS = st.sampled_from(
    [
        Consent("OPTED-IN"),
        Consent("OPTED-IN", _MOMENTS[1], "registration"),
        Consent("OPTED-OUT", _MOMENTS[3], None),
        Consent("OPTED-OUT", None, ""),
    ]
)
_ADDRESSES = (
    Address(Channel.PUSH, "ap56921D", "m1|c1"),
    Address(Channel.PUSH, "ap56921D", "m2|c1"),
    Address(Channel.SMS, "spring", "+491701234567"),
)
_SOME_ADDRESSES = st.sampled_from([_ADDRESSES[:0], _ADDRESSES[:1], _ADDRESSES[1:], _ADDRESSES[::-1]])
_DEVICE_ATTRIBUTES = st.sampled_from([{}, {"os": "one"}, {"os": "two", "model": "x"}])
_LISTS = st.sampled_from([(), (1000,), (1000, 1002), (1001, 1002, 1003)])


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
    email=st.sampled_from([None, "albert@jerm.example", "Albert@jerm.example", "bertrand@jerm.example"]),
    email_type=st.sampled_from([None, "HTML", "TEXT"]),
    opt_in_details=st.sampled_from([None, "OPTED-OUT since May", "opted-out", "OPTED-IN", ""]),
    lead_source=_VALUES,
    crm_sync_id=st.sampled_from([None, "crm-1", "crm-2"]),
    visitor_key=_VALUES,
    muid=st.sampled_from([None, "m1", "m2"]),
)
_CUSTOM = st.fixed_dictionaries(dict.fromkeys(CUSTOM, _VALUES))
_IDENTITIES = st.fixed_dictionaries(dict.fromkeys(KEYS, st.sampled_from([None, "identity1234", "777374"])))
_REQUIRED = st.sampled_from([(), ("Country",), ("Alias Id",), ("userId",), ("Country", "Visits")])
_POLICIES = st.builds(
    Policy,
    version=st.integers(1, 3),
    survivor=st.sampled_from(SurvivorRule),
    required_columns=_REQUIRED,
    lookup_keys=st.sampled_from([KEYS, KEYS, KEYS, ("Alias Id",)]),
)


@st.composite
def contacts(draw: st.DrawFn, id_: int) -> Contact:
    """A contact with devices of its own; no two ids share an address, a device id or an identity."""
    return Contact(
        id=id_,
        database_id=10000,
        created=draw(_DATES),
        last_modified=draw(_DATES),
        version=draw(st.integers(1, 9)),
        system=draw(_SYSTEM),
        custom=_present(draw(_CUSTOM)),
        identities={name: f"{value} of {id_}" for name, value in _present(draw(_IDENTITIES)).items()},
        devices=tuple(
            Device(id_ * 100 + at, _of(id_, one), draw(_CONSENTS), draw(_DEVICE_ATTRIBUTES))
            for at, one in enumerate(draw(_SOME_ADDRESSES))
        ),
        lists=draw(_LISTS),
    )


def _present(values: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}


def _of(id_: int, address: Address) -> Address:
    return replace(address, qualifier=f"{address.qualifier}-{id_}")


@st.composite
def requests(draw: st.DrawFn, address: Address) -> MergeRequest:
    identity = Identity(draw(st.sampled_from(KEYS)), "requested")
    return MergeRequest(10000, address, identity, draw(st.booleans()), draw(st.booleans()))


_CONSTELLATIONS = ("merge", "merge", "free", "unchanged", "unknown")


@st.composite
def cases(draw: st.DrawFn, constellations: tuple[str, ...] = _CONSTELLATIONS) -> Case:
    """The requested identity is another contact's, free, or the device contact's own; or nobody has the device."""
    constellation = draw(st.sampled_from(constellations))
    first, second = draw(st.sampled_from([(1, 2), (2, 1)]))
    device = Device(999, Address(Channel.PUSH, "ap56921D", "asked|c9"), draw(_CONSENTS), {})
    asked = draw(requests(device.address))
    owner = draw(contacts(first))
    owner = replace(owner, devices=(*owner.devices, device))
    if constellation == "unchanged":
        owner = _holding(owner, asked)
    lookup = owner if constellation == "unchanged" else None
    if constellation in {"merge", "unknown"}:
        lookup = _holding(draw(contacts(second)), asked)
    return Case(None if constellation == "unknown" else owner, lookup, asked, draw(_POLICIES))


def known() -> st.SearchStrategy[Case]:
    """Somebody has the device."""
    return cases(("merge", "merge", "free", "unchanged"))


def merges() -> st.SearchStrategy[Case]:
    """Two contacts: the one has the device, the other the identity."""
    return cases(("merge",))


def _holding(contact: Contact, asked: MergeRequest) -> Contact:
    return replace(contact, identities=_with(contact.identities, asked.identity))


def _with(identities: Mapping[str, str], identity: Identity) -> dict[str, str]:
    return {**identities, identity.name: identity.value}
