"""How a command ends that could not do its work: one sentence on standard error, and an exit code."""

import sys
from http import HTTPStatus

from domain.errors import RoleMissing, ScopeMissing, Unauthenticated
from domain.visible import visible
from onefold.typed import typed

# 0 is done, and 2 is wrong usage: click's own.
ERROR = 1
REFUSED = 3
UNKNOWN = 4
UNREACHABLE = 5

_NO_ACCESS = {kind.code for kind in (Unauthenticated, ScopeMissing, RoleMissing)}

_OLD_SCHEMA = {"UndefinedTable", "UndefinedColumn", "InvalidSchemaName"}


class CommandFailed(Exception):
    """A command that can't do its work. `code` is stable, the message a sentence for the person at the terminal."""

    def __init__(self, code: str, sentence: str, exit_code: int = ERROR) -> None:
        super().__init__(sentence)
        self.code = code
        self.exit_code = exit_code


def exit_code_of(status: int, code: str) -> int:
    """What a refusal ends a command with: for a script, what there is to do about it."""
    if status == HTTPStatus.NOT_FOUND or code in _NO_ACCESS:
        return UNKNOWN
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return UNREACHABLE
    return ERROR if status >= HTTPStatus.INTERNAL_SERVER_ERROR else REFUSED


def tell(error: Exception) -> int:
    """Says what went wrong and returns the exit code. Raises an error that is none of ours again: a defect."""
    code, sentence, exit_code = _told(error)
    for line in f"{sentence} ({code})".splitlines():
        print(f"onefold: {visible(line)}", file=sys.stderr)
    return exit_code


def _told(error: Exception) -> tuple[str, str, int]:
    # Imported here, since most commands end well and need not wait for them.
    from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

    from domain.errors import Refusal, ServiceUnavailable
    from onefold.settings import SettingsError
    from store.engine import StoreError

    match error:
        case CommandFailed():
            return error.code, str(error), error.exit_code
        case SettingsError():
            return "settings-invalid", str(error), ERROR
        case ServiceUnavailable() | OperationalError() | InterfaceError():
            return ServiceUnavailable.code, f"The database does not answer: `{typed('doctor')}` says why.", UNREACHABLE
        case Refusal():
            return error.code, error.detail, exit_code_of(error.status, error.code)
        case StoreError():
            return (*_store_failure(str(error)), ERROR)
        case DBAPIError():
            return (*_store_failure(type(error.orig).__name__), ERROR)
    raise error


def _store_failure(name: str) -> tuple[str, str]:
    if name in _OLD_SCHEMA:
        return "schema-outdated", f"The database's schema is not up to date: run `{typed('db upgrade')}`."
    if name == "InsufficientPrivilege":
        upgrade = f"run `{typed('db upgrade')}` with ONEFOLD_OWNER_DATABASE_URL, as the role that owns the tables"
        return "privilege-missing", f"The database's role may not do this: {upgrade}."
    return "store-error", f"The database refused a statement ({name}): this is a defect of Onefold."
