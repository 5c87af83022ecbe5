"""What a caller asks for: this device, this identity."""

from dataclasses import dataclass

from domain.address import Address
from domain.identity import Identity


@dataclass(frozen=True)
class MergeRequest:
    """An establish-identity request, parsed.

    `use_crm_contact_as_winner`: where exactly one contact has a CRM sync id, that one survives.
    `merge_events` false: the absorbed contact's events stay with it.
    """

    database_id: int
    address: Address
    identity: Identity
    use_crm_contact_as_winner: bool = False
    merge_events: bool = True


def request_document(request: MergeRequest) -> dict[str, object]:
    """The request as `POST /v1/merges` takes it."""
    return {
        "databaseId": request.database_id,
        "channel": request.address.channel.value,
        "qualifier": request.address.qualifier,
        "destination": request.address.destination,
        "identity": {"name": request.identity.name, "value": request.identity.value},
        "useCrmContactAsWinner": request.use_crm_contact_as_winner,
        "mergeEvents": request.merge_events,
    }
