"""What a request would do to two contacts that no database holds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.address import Address
from domain.contact import Contact
from domain.errors import Refusal
from domain.identity import Identity, parse_identity
from domain.plan import Plan
from domain.policy import Policy, SurvivorRule
from domain.request import MergeRequest
from domain.ruleset import make_plan
from onefold.commands.failures import CommandFailed


@dataclass(frozen=True, kw_only=True)
class Options:
    """`identity` reads NAME=VALUE, `destination` is one of the device contact's; None: the only or first one."""

    identity: str | None = None
    destination: str | None = None
    survivor: SurvivorRule = SurvivorRule.DEVICE_CONTACT
    crm_winner: bool = False
    merge_events: bool = True
    required: Sequence[str] = ()


def simulate(device_contact: Contact, lookup_contact: Contact | None, options: Options) -> Plan:
    """Raises CommandFailed where the two can't stand in one database, or do not fit the request."""
    identity = _identity(lookup_contact, options.identity)
    address = _address(device_contact, options.destination)
    lookup_keys = {identity.name}.union(*(one.identities for one in (device_contact, lookup_contact) if one))
    device_contact = _with_identities(device_contact, lookup_keys)
    if lookup_contact is not None:
        lookup_contact = _with_identities(lookup_contact, lookup_keys)
        _check_pair(device_contact, lookup_contact)
    holder = _holder(device_contact, lookup_contact, identity)
    request = MergeRequest(
        database_id=device_contact.database_id,
        address=address,
        identity=identity,
        use_crm_contact_as_winner=options.crm_winner,
        merge_events=options.merge_events,
    )
    policy = Policy(
        version=1,
        survivor=options.survivor,
        required_columns=tuple(sorted(set(options.required))),
        lookup_keys=tuple(sorted(lookup_keys)),
    )
    return make_plan(device_contact, holder, request, policy)


def _identity(lookup_contact: Contact | None, given: str | None) -> Identity:
    if given is not None:
        name, equals, value = given.partition("=")
        if not (name and equals):
            raise CommandFailed("identity-invalid", "--identity reads NAME=VALUE, for example userId=777374.")
        try:
            return parse_identity(name, value)
        except Refusal as refusal:
            raise CommandFailed(refusal.code, refusal.detail) from None
    held = lookup_contact.identities if lookup_contact else {}
    if len(held) != 1:
        why = f"The lookup contact has {len(held)} identities" if lookup_contact else "There is no lookup contact"
        raise CommandFailed("identity-missing", f"{why}: say which one is requested with --identity NAME=VALUE.")
    ((name, value),) = held.items()
    return Identity(name, value)


def _address(device_contact: Contact, destination: str | None) -> Address:
    addresses = [device.address for device in device_contact.devices]
    wanted = [address for address in addresses if destination in {None, address.destination}]
    if not wanted:
        missing = "has no channels: a request names a device" if destination is None else "has no such destination"
        raise CommandFailed("device-not-found", f"The device contact {missing}.")
    return wanted[0]


def _with_identities(contact: Contact, lookup_keys: set[str]) -> Contact:
    """A custom field named as a lookup key is an identity, also in a document that lists no identities."""
    found = {name: value for name, value in contact.custom.items() if name in lookup_keys}
    custom = {name: value for name, value in contact.custom.items() if name not in lookup_keys}
    return replace(contact, custom=custom, identities={**found, **contact.identities})


def _check_pair(one: Contact, other: Contact) -> None:
    if one.database_id != other.database_id:
        raise CommandFailed("databases-differ", "The contacts are of different databases: they never merge.")
    if one.id == other.id:
        if one != other:
            raise CommandFailed("contacts-contradict", f"Both contacts have the id {one.id}, yet they differ.")
        return
    shared = {device.address for device in one.devices} & {device.address for device in other.devices}
    if shared or one.identities.items() & other.identities.items():
        raise CommandFailed("contacts-contradict", "The contacts share a device or an identity: only one can have it.")


def _holder(device_contact: Contact, lookup_contact: Contact | None, identity: Identity) -> Contact | None:
    """Who holds the requested identity: the lookup contact, by its name."""
    if lookup_contact is None:
        return device_contact if _holds(device_contact, identity) else None
    if not _holds(lookup_contact, identity):
        raise CommandFailed(
            "identity-not-held",
            f"The lookup contact does not hold {identity.name}={identity.value}."
            " Leave it out to simulate an identity that no other contact holds.",
        )
    return lookup_contact


def _holds(contact: Contact, identity: Identity) -> bool:
    return contact.identities.get(identity.name) == identity.value
