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
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if not host or parts.scheme not in _PORTS or parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError(
                "smtp://user:password@host:port, or smtps://..., special characters percent-encoded, is wanted"
            )
        user = unquote(parts.username) if parts.username else None
        is_tls = parts.scheme == "smtps"
        return cls(host, port or _PORTS[parts.scheme], is_tls, user, unquote(parts.password or ""))


def parse_sender(text: str) -> Address:
    """Reads an address, or a name with one in angle brackets; raises ValueError."""
    name, address = parseaddr(text)
    try:
        sender = Address(name, addr_spec=address)
    except (MessageError, ValueError, IndexError):
        sender = Address()
    if not (sender.username and sender.domain):
        raise ValueError("an e-mail address, or a name with one in angle brackets, is wanted")
    return sender
