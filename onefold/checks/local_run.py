"""What `onefold up` left in its data folder: settings, and which of its processes run."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from onefold.demo_secrets import SERVERS_SECRETS, checkpoint_places
from onefold.env_files import read_env
from onefold.leftovers import read as read_record

_ADDRESSES = ("DATABASE_URL", "TEMPORAL_ADDRESS")
_LISTENING = {
    "ONEFOLD_URL": "serve",
    "DATABASE_URL": "postgres",
    "TEMPORAL_ADDRESS": "temporal",
    "TEMPORAL_UI_URL": "temporal",
}
_PORTS = {
    "ONEFOLD_PORT": "ONEFOLD_URL",
    "ONEFOLD_POSTGRES_PORT": "DATABASE_URL",
    "ONEFOLD_TEMPORAL_PORT": "TEMPORAL_ADDRESS",
    "ONEFOLD_TEMPORAL_UI_PORT": "TEMPORAL_UI_URL",
}


@dataclass(frozen=True)
class LocalRun:
    """`onefold up` on one data folder, running or not."""

    data: Path

    @property
    def settings(self) -> dict[str, str]:
        """What it hands to its API and worker, as far as it is written down."""
        known = read_env(self.data / "secrets.env") | self.reached_by
        given = {name: value for name, value in known.items() if name in {*SERVERS_SECRETS, *_ADDRESSES}}
        places = (
            {"ONEFOLD_CHECKPOINT_PLACES": checkpoint_places(self.data)} if "ONEFOLD_CHECKPOINT_KEY" in given else {}
        )
        return given | places

    @property
    def reached_by(self) -> dict[str, str]:
        """What demo.env says."""
        return read_env(self.data / "demo.env")

    @property
    def ports(self) -> dict[str, str]:
        """The settings of the ports that its living processes were started on."""
        known = self.reached_by
        found = {name: _port(known.get(variable, "")) for name, variable in _PORTS.items() if self._lives(variable)}
        return {name: str(port) for name, port in found.items() if port}

    def listens_on(self, port: int) -> bool:
        """Whether one of its processes is alive that was started on this port."""
        known = self.reached_by
        return any(_port(known.get(variable, "")) == port and self._lives(variable) for variable in _LISTENING)

    def _lives(self, variable: str) -> bool:
        """Whether the process that the variable leads to does."""
        path = self.data / "run" / f"{_LISTENING[variable]}.json"
        record = read_record(path) if path.exists() else None
        return record is not None and record.alive


@contextmanager
def filled_in(known: Mapping[str, str]) -> Iterator[list[str]]:
    """Sets what the environment lacks while the block lasts; yields the names."""
    missing = {name: value for name, value in known.items() if not os.environ.get(name)}
    before = {name: os.environ.get(name) for name in missing}
    os.environ.update(missing)
    try:
        yield list(missing)
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _port(address: str) -> int | None:
    return urlsplit(address if "://" in address else f"//{address}").port
