"""A contact: a row of a database, with its identities, devices and lists."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from domain.address import Address


@dataclass(frozen=True)
class Consent:
    """Whether a device's owner may be addressed on it: OPTED-IN or OPTED-OUT, since when, and who said so."""

    status: str
    date: datetime | None = None
    source: str | None = None


@dataclass(frozen=True)
class Device:
    """`id` is 0 for a device that no database holds, as in an offline simulation."""

    id: int
    address: Address
    consent: Consent
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SystemAttributes:
    """The attributes that every contact has. `muid` is one of the contact, first set by a registration."""

    email: str | None = None
    email_type: str | None = None
    opt_in_details: str | None = None
    lead_source: str | None = None
    crm_sync_id: str | None = None
    visitor_key: str | None = None
    muid: str | None = None


WIRE_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "email": "email",
        "email_type": "emailType",
        "opt_in_details": "optInDetails",
        "lead_source": "leadSource",
        "crm_sync_id": "crmSyncId",
        "visitor_key": "visitorKey",
        "muid": "muid",
    }
)
"""A system attribute's name here and in the database, and its name on the wire and in plans."""


@dataclass(frozen=True)
class Contact:
    """A live contact as it was read at one moment.

    `custom` holds custom attributes by column name, all as text; columns that are active lookup keys are in
    `identities` instead. `lists` are contact list ids. Null attributes are absent.
    """

    id: int
    database_id: int
    created: datetime
    last_modified: datetime
    version: int
    system: SystemAttributes
    custom: Mapping[str, str] = field(default_factory=dict)
    identities: Mapping[str, str] = field(default_factory=dict)
    devices: tuple[Device, ...] = ()
    lists: tuple[int, ...] = ()

    @property
    def age(self) -> tuple[datetime, int]:
        """Orders contacts from older to newer; a tie goes to the smaller id as older."""
        return (self.created, self.id)


def contact_document(contact: Contact) -> dict[str, object]:
    """The contact as JSON: what the wire shows, what snapshots store, what `onefold simulate` reads."""
    columns = {**contact.custom, **contact.identities}
    return {
        "id": contact.id,
        "databaseId": contact.database_id,
        "created": contact.created,
        "lastModified": contact.last_modified,
        "version": contact.version,
        **{wire: getattr(contact.system, name) for name, wire in WIRE_NAMES.items()},
        "customFields": pairs(columns),
        "identities": pairs(contact.identities),
        "channels": [channel_document(device) for device in contact.devices],
        "contactLists": list(contact.lists),
    }


def channel_document(device: Device) -> dict[str, object]:
    return {
        "id": device.id,
        "channelType": device.address.channel.value,
        "qualifier": device.address.qualifier,
        "destination": device.address.destination,
        "status": device.consent.status,
        "consentDate": device.consent.date,
        "consentSource": device.consent.source,
        "attributes": dict(device.attributes),
    }


def pairs(values: Mapping[str, str]) -> list[dict[str, str]]:
    """Names and values as the wire lists them, in the order of the names."""
    return [{"name": name, "value": values[name]} for name in sorted(values)]
