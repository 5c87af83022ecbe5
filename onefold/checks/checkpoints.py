"""Is every chain signed, and do enough places take the checkpoints: what the signer says of itself in the database."""

from collections.abc import Iterator

from domain.errors import ServiceUnavailable
from onefold.checks.check import Check, ok, problem, warning
from onefold.settings import SettingsError, StoreSettings, read
from store.checkpoint_state import PLACES_WANTED, CheckpointState, read_state
from store.engine import Store, StoreError

_NAME = "checkpoints"
_GUIDE = 'docs/audit.md, "When nothing is signed", says how to go on'


async def check_checkpoints() -> list[Check]:
    """Nothing where the database can't be asked, which is told already."""
    try:
        settings = read(StoreSettings)
    except SettingsError:
        return []
    store = Store.connect(settings.database_url.get_secret_value(), 1, ledger_keys=settings.ledger_keyring)
    try:
        state = await read_state(store, None)
    except (ServiceUnavailable, StoreError):
        return []
    finally:
        await store.close()
    return list(_faults(state)) or [ok(_NAME, f"every chain is signed, in {len(state.places)} places")]


def _faults(state: CheckpointState) -> Iterator[Check]:
    if not state.is_signing:
        fix = "give the worker ONEFOLD_CHECKPOINT_KEY and ONEFOLD_CHECKPOINT_PLACES, and see that it runs"
        yield warning(_NAME, "no worker signs any", fix)
        return
    if not state.has_places:
        fix = f"name {PLACES_WANTED} in ONEFOLD_CHECKPOINT_PLACES: of two, one can be lost or bent"
        yield warning(_NAME, f"they go to {len(state.places)} place only", fix)
    for place in state.places:
        if place.fault:
            yield problem(_NAME, f"{place.name} {place.fault}", "mend it, or correct ONEFOLD_CHECKPOINT_PLACES")
    for refusal in state.refusals:
        yield problem(_NAME, f"nothing is signed over database {refusal.database_id}: {refusal.what}", _GUIDE)
    if state.late and not state.refusals:
        what = f"{state.late} database{'s have' if state.late > 1 else ' has'} entries that no checkpoint covers yet"
        yield warning(_NAME, what, "see the worker's log")
