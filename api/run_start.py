"""What a run is started with: its message, what it is found by, and what Temporal's own UI says of it."""

from uuid import UUID

from temporalio.common import SearchAttributePair, TypedSearchAttributes

from api.search_attributes import DATABASE_ID, MERGE_ID
from domain.messages import EstablishIdentityInput
from domain.request import MergeRequest

FINGERPRINT = "fingerprint"


def asked_of_run(request: MergeRequest, merge_id: UUID, requester: str, fingerprint: str) -> EstablishIdentityInput:
    """The message that a run starts with."""
    return EstablishIdentityInput(
        merge_id=str(merge_id),
        database_id=request.database_id,
        channel=request.address.channel.value,
        qualifier=request.address.qualifier,
        destination=request.address.destination,
        identity_name=request.identity.name,
        identity_value=request.identity.value,
        use_crm_contact_as_winner=request.use_crm_contact_as_winner,
        merge_events=request.merge_events,
        requester=requester,
        fingerprint=fingerprint,
    )


def found_by(asked: EstablishIdentityInput) -> TypedSearchAttributes:
    return TypedSearchAttributes(
        [
            SearchAttributePair(MERGE_ID, asked.merge_id),
            SearchAttributePair(DATABASE_ID, str(asked.database_id)),
        ]
    )


def memo_of(asked: EstablishIdentityInput) -> dict[str, str]:
    return {FINGERPRINT: asked.fingerprint}


def summary_of(asked: EstablishIdentityInput) -> str:
    return f"Establish identity in database {asked.database_id} for a {asked.channel} device"


def details_of(asked: EstablishIdentityInput) -> str:
    return (
        f"Merge `{asked.merge_id}`, asked for with token `{asked.requester}`: give the device's contact "
        f"a value of the lookup key **{asked.identity_name}**; if another contact holds it, merge both."
    )
