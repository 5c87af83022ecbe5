"""Where e-mail is handed in, and in whose name."""

from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Self
from urllib.parse import unquote, urlsplit

_PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True)
class SmtpServer:
    """`tls`: from the first byte; otherwise as soon as the server offers it."""

    host: str
    port: int
    tls: bool
    user: str | None
    password: str = field(repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Reads smtp://user:password@host:port or smtps://...; raises ValueError without repeating any of it."""
        try:
            parts = urlsplit(url)
            port = parts.port or _PORTS[parts.scheme]
        except (ValueError, KeyError):
            raise ValueError("smtp://user:password@host:port, or smtps://..., is wanted") from None
        if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError("smtp://user:password@host:port is wanted, with special characters percent-encoded")
        user = unquote(parts.username) if parts.username else None
        return cls(parts.hostname, port, parts.scheme == "smtps", user, unquote(parts.password or ""))


def parse_sender(text: str) -> Address:
    """Reads an address, or a name with one in angle brackets; raises ValueError."""
    name, address = parseaddr(text)
    try:
        sender = Address(name, addr_spec=address)
    except (MessageError, ValueError, IndexError):
        sender = Address()
    if not (sender.username and sender.domain):
        raise ValueError("an e-mail address is wanted, or a name with one in angle brackets")
    return sender
