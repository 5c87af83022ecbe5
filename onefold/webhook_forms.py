"""What the settings of a webhook must look like."""

from base64 import b64decode
from urllib.parse import urlsplit

SECRET_PREFIX = "whsec_"  # noqa: S105 - what every such secret begins with


def is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def check_signing_key(secret: str) -> None:
    """Raises ValueError, without repeating it, where Standard Webhooks could not sign with it."""
    try:
        key = b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except ValueError:
        key = b""
    if not (secret.startswith(SECRET_PREFIX) and 24 <= len(key) <= 64):
        raise ValueError(f"`{SECRET_PREFIX}` and 24 to 64 bytes in base64 are wanted")
