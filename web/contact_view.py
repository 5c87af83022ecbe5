"""A contact as its page shows it: every value already as its viewer may see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.columns import ColumnType
from domain.contact import WIRE_NAMES, Contact, Device
from domain.times import rfc3339
from store.activity import Event, Message
from store.databases import Database
from store.merges import MergeRow
from web.masking import Sight
from web.origins import Origin, origin


@dataclass(frozen=True)
class ShownValue:
    name: str
    value: str
    origin: Origin


@dataclass(frozen=True)
class ShownDevice:
    id: int
    channel: str
    qualifier: str
    address: str
    status: str
    since: datetime | None
    told_by: str | None
    attributes: Mapping[str, str]


@dataclass(frozen=True)
class ShownContact:
    """`created` is told with its origin, as other attributes are; `empty` names those that have no value."""

    id: int
    created: datetime
    created_origin: Origin
    last_modified: datetime
    attributes: Sequence[ShownValue]
    empty: Sequence[str]
    identities: Sequence[ShownValue]
    devices: Sequence[ShownDevice]


@dataclass(frozen=True)
class ShownMessage:
    name: str
    channel: str
    body: str | None
    sent: datetime | None
    expires: datetime | None


@dataclass(frozen=True)
class ShownEvent:
    type: str
    occurred: datetime | None
    recorded_on: int
    attributes: Mapping[str, str]


def shown_contact(contact: Contact, database: Database, changes: Sequence[MergeRow], sight: Sight) -> ShownContact:
    """`changes` are the merges whose plans tell where a value comes from."""
    kinds = {column.name: column.type for column in database.columns}

    def row(name: str, value: str) -> ShownValue:
        kind = kinds.get(name, ColumnType.TEXT)
        return ShownValue(name, sight.text(value, kind), origin(name, value, contact.id, changes))

    system = {wire: getattr(contact.system, ours) for ours, wire in WIRE_NAMES.items()}
    given = {name: value for name, value in {**system, **contact.custom}.items() if value is not None}
    columns = [name for name in kinds if name not in contact.identities]
    return ShownContact(
        id=contact.id,
        created=contact.created,
        created_origin=origin("created", rfc3339(contact.created), contact.id, changes),
        last_modified=contact.last_modified,
        attributes=[row(name, value) for name, value in given.items()],
        empty=[name for name in (*system, *columns) if name not in given],
        identities=[row(name, contact.identities[name]) for name in sorted(contact.identities)],
        devices=[shown_device(device, sight) for device in contact.devices],
    )


def shown_device(device: Device, sight: Sight) -> ShownDevice:
    return ShownDevice(
        id=device.id,
        channel=device.address.channel.value,
        qualifier=device.address.qualifier,
        address=sight.address(device.address),
        status=device.consent.status,
        since=device.consent.date,
        told_by=device.consent.source,
        attributes=_shown(device.attributes, sight),
    )


def shown_message(message: Message, sight: Sight) -> ShownMessage:
    body = sight.text(message.body) if message.body else None
    return ShownMessage(message.name, message.channel, body, message.sent, message.expires)


def shown_event(event: Event, sight: Sight) -> ShownEvent:
    return ShownEvent(event.type, event.occurred, event.recorded_on, _shown(event.attributes, sight))


def _shown(values: Mapping[str, str], sight: Sight) -> Mapping[str, str]:
    return {name: sight.text(value) for name, value in values.items()}
