"""What `onefold up` left in its data folder: settings, and which of its processes run."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from onefold.demo_secrets import SERVERS_SECRETS
from onefold.env_files import read_env
from onefold.leftovers import read as read_record

_ADDRESSES = ("DATABASE_URL", "TEMPORAL_ADDRESS")
_LISTENING = {
    "ONEFOLD_URL": "serve",
    "DATABASE_URL": "postgres",
    "TEMPORAL_ADDRESS": "temporal",
    "TEMPORAL_UI_URL": "temporal",
}


@dataclass(frozen=True)
class LocalRun:
    """`onefold up` on one data folder, running or not."""

    data: Path

    @property
    def settings(self) -> dict[str, str]:
        """What it hands to its API and worker, as far as it is written down."""
        known = read_env(self.data / "secrets.env") | read_env(self.data / "demo.env")
        return {name: value for name, value in known.items() if name in {*SERVERS_SECRETS, *_ADDRESSES}}

    @contextmanager
    def filling_in(self) -> Iterator[list[str]]:
        """Sets what the environment lacks while the block lasts; yields the names."""
        missing = {name: value for name, value in self.settings.items() if not os.environ.get(name)}
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

    def listens_on(self, port: int) -> bool:
        """Whether one of its processes is alive that was started on this port."""
        reached_by = read_env(self.data / "demo.env")
        return any(
            _port(reached_by.get(variable, "")) == port and self._runs(child) for variable, child in _LISTENING.items()
        )

    def _runs(self, child: str) -> bool:
        path = self.data / "run" / f"{child}.json"
        record = read_record(path) if path.exists() else None
        return record is not None and record.alive


def _port(address: str) -> int | None:
    return urlsplit(address if "://" in address else f"//{address}").port
