"""The keys, tokens and the demo's password of one data folder, made once and kept."""

import base64
import secrets
import string
from collections.abc import Callable, Mapping
from pathlib import Path

from onefold.env_files import read_env, write_env


def key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode("ascii")


def token() -> str:
    """`of_<id>_<secret>`: the id names the row that holds the secret's hash."""
    identifier = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(8))
    return f"of_{identifier}_{secrets.token_urlsafe(32)}"


def keyring() -> str:
    return f"{secrets.token_hex(4)}:{key()}"


def password() -> str:
    """Easily read and typed; it stands on the demo's sign-in page."""
    return "demo-" + "".join(secrets.choice(string.ascii_lowercase) for _ in range(10))


SERVERS_SECRETS: Mapping[str, Callable[[], str]] = {
    "ONEFOLD_WORKFLOW_ID_KEY": key,
    "ONEFOLD_CODEC_KEYS": keyring,
    "ONEFOLD_LEDGER_KEYS": keyring,
    "ONEFOLD_CHECKPOINT_KEY": key,
    "ONEFOLD_CODEC_ENDPOINT_SECRET": lambda: secrets.token_urlsafe(32),
}
TOKENS = (
    "ONEFOLD_TOKEN",
    "ONEFOLD_SPECIALIST_TOKEN",
    "ONEFOLD_SECOND_SPECIALIST_TOKEN",
    "ONEFOLD_AUDITOR_TOKEN",
    "ONEFOLD_ADMIN_TOKEN",
)
PASSWORD = "ONEFOLD_DEMO_PASSWORD"  # noqa: S105 - a variable's name
DEMO = (*TOKENS, PASSWORD)


def secrets_of(data: Path) -> dict[str, str]:
    """Reads them, making those that are not there yet."""
    path = data / "secrets.env"
    known = read_env(path)
    makers = {**SERVERS_SECRETS, **dict.fromkeys(TOKENS, token), PASSWORD: password}
    if missing := makers.keys() - known.keys():
        known |= {name: makers[name]() for name in makers if name in missing}
        write_env(
            path,
            "Lost with this file: what it encrypted in Temporal's histories and in the ledger, and the demo's tokens.",
            known,
        )
    return {name: known[name] for name in makers}


def checkpoint_folders(data: Path) -> tuple[Path, ...]:
    """Where this data folder's checkpoints go: two, to show how it goes, though one disk holds both."""
    return data / "checkpoints", data / "checkpoints-copy"


def checkpoint_places(data: Path) -> str:
    """The same as the setting has it."""
    return ",".join(str(folder) for folder in checkpoint_folders(data))
