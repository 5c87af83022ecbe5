"""Can what serves change the ledger, and can the values beside it be read."""

from sqlalchemy import Connection

from onefold.checks.check import Check, ok, problem, warning
from onefold.settings import SettingsError, StoreSettings, read
from onefold.typed import typed
from store.grants import changeable
from store.wrapping_keys import in_use


def check_ledger(connection: Connection) -> list[Check]:
    """Of a database whose schema is the one that this program needs."""
    try:
        keyring = read(StoreSettings).ledger_keyring
    except SettingsError:
        return [_append_only(connection)]  # that the keys are missing is told with the settings
    return [_append_only(connection), _keys(in_use(connection, keyring))]


def _append_only(connection: Connection) -> Check:
    if tables := changeable(connection):
        return warning(
            "append-only",
            f"whoever serves can change {', '.join(tables)}",
            f"let a role of its own own the tables: set ONEFOLD_OWNER_DATABASE_URL for `{typed('db upgrade')}`",
        )
    return ok("append-only", "whoever serves can add to the ledger and change nothing of it")


def _keys(used: dict[str, bool]) -> Check:
    name = "ledger keys"
    if missing := [key_id for key_id, is_there in used.items() if not is_there]:
        return problem(
            name,
            f"ONEFOLD_LEDGER_KEYS lacks {', '.join(missing)}, or has another key under that id",
            "put that key back: without it values beside the ledger are lost, and their contacts can't be merged",
        )
    if not used:
        return ok(name, "none is in use yet")
    return ok(name, f"in use: {', '.join(used)}")
