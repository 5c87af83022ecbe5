"""What was published of a chain, according to the places that can be read."""

from collections.abc import Sequence

from ledger.chain import Doubt, SigningRefused
from ledger.checkpoint import Checkpoint, open_checkpoint
from ledger.note import NoteRefused, VerifierKey
from onefold.places.courier import Courier
from onefold.places.place import PlaceFailed


async def read_back(couriers: Sequence[Courier], origin: str, key: VerifierKey) -> dict[Checkpoint, str]:
    """The last checkpoint of each place, with its note.

    Raises SigningRefused where there are readable places and none can be read, or one holds what the key did not sign.
    """
    published: dict[Checkpoint, str] = {}
    readers = [(courier, courier.reader) for courier in couriers if courier.reader]
    unread = 0
    for courier, reader in readers:
        try:
            note = await reader.last(origin)
        except PlaceFailed as failed:
            courier.could_not_read(failed)
            unread += 1
            continue
        checkpoint = opened(note, origin, key, courier.place.name) if note else None
        courier.read(origin, checkpoint.size if checkpoint else 0)
        if note and checkpoint:
            published[checkpoint] = note
    if readers and unread == len(readers):
        raise SigningRefused(Doubt.UNREAD, "no folder of checkpoints can be read")
    return published


def opened(note: str, origin: str, key: VerifierKey, where: str) -> Checkpoint:
    """The checkpoint in a note that was found somewhere. Raises SigningRefused."""
    try:
        checkpoint = open_checkpoint(note, [key])
    except NoteRefused as refused:
        raise SigningRefused(Doubt.FOREIGN, f"what {where} holds of it {refused}") from None
    if checkpoint.origin != origin:
        raise SigningRefused(Doubt.FOREIGN, f"what {where} holds of it is another chain's checkpoint")
    return checkpoint
