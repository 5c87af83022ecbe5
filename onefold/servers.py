"""Which PostgreSQL and which Temporal a run uses: the embedded ones, or the person's own."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg

from onefold.children import Child, ChildFailed
from onefold.embedded.postgres import Postgres
from onefold.embedded.temporal import Temporal
from onefold.private_files import write_private
from onefold.settings import UpSettings

OWNER_URL, SUPERUSER_URL = NOT_FOR_SERVERS = ("ONEFOLD_OWNER_DATABASE_URL", "ONEFOLD_SUPERUSER_URL")


@dataclass(frozen=True)
class Servers:
    """Where the two servers are; one that is not embedded has no object here.

    `owner_database_url`: None where the application's role owns its tables.
    """

    database_url: str
    owner_database_url: str | None
    temporal_address: str
    postgres: Postgres | None
    temporal: Temporal | None

    @property
    def children(self) -> tuple[Child, ...]:
        return tuple(server.child() for server in (self.postgres, self.temporal) if server is not None)

    @property
    def temporal_ui_url(self) -> str | None:
        return self.temporal.ui_url if self.temporal else None

    @property
    def owner_environment(self) -> dict[str, str]:
        """What migrations need besides."""
        return {OWNER_URL: self.owner_database_url} if self.owner_database_url else {}

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """The caller's environment without what is meant for other servers, and with these servers' addresses.

        Without the owner's and the superuser's URL: what serves must not be able to change what is append-only.
        """
        prefixes = (("PG",) if self.postgres else ()) + (("TEMPORAL_",) if self.temporal else ())
        kept = {name: value for name, value in base.items() if not name.startswith((*prefixes, *NOT_FOR_SERVERS))}
        addresses = {"DATABASE_URL": self.database_url, "TEMPORAL_ADDRESS": self.temporal_address}
        # A person's own Temporal profile is meant for another server too.
        profile = {"TEMPORAL_CONFIG_FILE": os.devnull} if self.temporal else {}
        return {"TEMPORAL_NAMESPACE": "default", **kept, **addresses, **profile}

    def check_own_servers(self) -> None:
        if self.postgres is None:
            check_database(self.database_url)
        if self.temporal is None:
            check_temporal(self.temporal_address)


def choose(settings: UpSettings, data: Path, codec_endpoint: str) -> Servers:
    """A variable that only repeats an address once given out here comes from a sourced demo.env: it means embedded."""
    given_out = read_given_out(data)
    own_url = settings.database_url.get_secret_value() if settings.database_url else None
    own_owner_url = settings.owner_database_url.get_secret_value() if settings.owner_database_url else None
    own_address = settings.temporal_address
    postgres = Postgres(data, settings.postgres_port) if own_url in (None, *given_out) else None
    temporal = (
        Temporal(data, settings.temporal_port, settings.temporal_ui_port, codec_endpoint)
        if own_address in (None, *given_out)
        else None
    )
    return Servers(
        database_url=postgres.url if postgres else str(own_url),
        owner_database_url=postgres.owner_url if postgres else None if own_owner_url in given_out else own_owner_url,
        temporal_address=temporal.address if temporal else str(own_address),
        postgres=postgres,
        temporal=temporal,
    )


def read_given_out(data: Path) -> list[str]:
    try:
        return (data / "embedded-addresses").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


def remember_given_out(servers: Servers, data: Path) -> None:
    """Keeps every address there ever was: a shell may have sourced demo.env before a port was changed."""
    postgres, temporal = servers.postgres, servers.temporal
    embedded = [postgres.url, postgres.owner_url] if postgres else []
    embedded += [temporal.address] if temporal else []
    known = read_given_out(data)
    if new := [address for address in embedded if address not in known]:
        write_private(data / "embedded-addresses", "\n".join(known + new) + "\n")


def check_database(url: str) -> None:
    scheme, _, rest = url.partition("://")
    try:
        psycopg.connect(f"{scheme.partition('+')[0]}://{rest}", connect_timeout=5).close()
    except psycopg.OperationalError as error:
        reason = " ".join(str(error).split())
        raise ChildFailed(
            f"DATABASE_URL is set, but its server cannot be used ({reason}):"
            " correct it, or unset it to use the embedded PostgreSQL."
        ) from None
    except psycopg.Error:
        raise ChildFailed(
            "DATABASE_URL is not the URL of a PostgreSQL database (postgresql://user:password@host:port/name):"
            " correct it, or unset it to use the embedded one."
        ) from None


def check_temporal(address: str) -> None:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=5).close()
    except (OSError, ValueError) as error:
        raise ChildFailed(
            f"TEMPORAL_ADDRESS is set to {address}, which cannot be reached ({error}):"
            " correct it (host:port), or unset it to use the embedded Temporal."
        ) from None
