"""Reads contacts, requests and policies back from the JSON that snapshots, ledger and wire hold."""

from collections.abc import Mapping
from typing import Any

from domain.address import Address, Channel
from domain.contact import WIRE_NAMES, Consent, Contact, Device, SystemAttributes
from domain.identity import Identity
from domain.policy import Policy, SurvivorRule
from domain.request import MergeRequest
from domain.times import parse_time

Document = Mapping[str, Any]


def contact_from(document: Document) -> Contact:
    """The inverse of `contact_document`; ids may be texts, as canonical bytes have them.

    What an offline document may leave out is empty; `id` and `created` are needed. Raises KeyError or ValueError.
    """
    identities = _values(document.get("identities", ()))
    custom = _values(document.get("customFields", ()))
    return Contact(
        id=int(document["id"]),
        database_id=int(document.get("databaseId", 0)),
        created=parse_time(document["created"]),
        last_modified=parse_time(document.get("lastModified") or document["created"]),
        version=int(document.get("version", 1)),
        system=SystemAttributes(**{name: document.get(wire) for name, wire in WIRE_NAMES.items()}),
        custom={name: value for name, value in custom.items() if name not in identities},
        identities=identities,
        devices=tuple(_device(channel) for channel in document.get("channels", ())),
        lists=tuple(int(one) for one in document.get("contactLists", ())),
    )


def request_from(document: Document) -> MergeRequest:
    return MergeRequest(
        database_id=int(document["databaseId"]),
        address=Address(Channel(document["channel"]), document["qualifier"], document["destination"]),
        identity=Identity(document["identity"]["name"], document["identity"]["value"]),
        use_crm_contact_as_winner=document["useCrmContactAsWinner"],
        merge_events=document["mergeEvents"],
    )


def policy_from(document: Document) -> Policy:
    return Policy(
        version=int(document["version"]),
        survivor=SurvivorRule(document["survivor"]),
        required_columns=tuple(document["requiredColumns"]),
        lookup_keys=tuple(document["lookupKeys"]),
    )


def _values(listed: Any) -> dict[str, str]:
    return {pair["name"]: pair["value"] for pair in listed if pair["value"] is not None}


def _device(channel: Document) -> Device:
    date = channel.get("consentDate")
    return Device(
        id=int(channel.get("id", 0)),
        address=Address(Channel(channel["channelType"]), channel["qualifier"], channel["destination"]),
        consent=Consent(
            channel.get("status", "OPTED-IN"), parse_time(date) if date else None, channel.get("consentSource")
        ),
        attributes=channel.get("attributes", {}),
    )
