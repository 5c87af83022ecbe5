"""A whole Onefold for tests: PostgreSQL, Temporal, worker and API as the processes that `onefold up` starts.

Always on free ports and in a folder of its own: the demo's data is never touched.
"""

import base64
import json
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from subprocess import Popen
from typing import Any

import psycopg
from sqlalchemy import create_engine

from ledger.keyring import Keyring
from onefold.children import Child, running, stop, wait_until_ready
from onefold.embedded.postgres import NAME, OWNER, Postgres
from onefold.embedded.temporal import Temporal
from onefold.processes import titled
from onefold.up import why_not_ready
from store.migrate import upgrade

WORKFLOW_ID_KEY = base64.b64encode(b"w" * 32).decode()
CODEC_KEYS = "test:" + base64.b64encode(b"c" * 32).decode()
KEYRING = Keyring.parse(CODEC_KEYS)
LEDGER_KEYS = "test:" + base64.b64encode(b"l" * 32).decode()
LEDGER_KEYRING = Keyring.parse(LEDGER_KEYS)
SIGNING_SEED = b"s" * 32
CHECKPOINT_KEY = base64.b64encode(SIGNING_SEED).decode()
CODEC_SECRET = "codec-endpoint-secret"
CODEC_ORIGIN = "http://127.0.0.1:8233"


def free_port() -> int:
    """Below the ports that the kernel gives to outgoing connections: one of them could take it before its server."""
    while True:
        port = random.randrange(15_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@dataclass
class Stack:
    """The servers, the settings that reach them, and how to start more processes of ours."""

    folder: Path
    postgres: Postgres
    temporal: Temporal
    env: dict[str, str]
    port: int
    processes: dict[str, "Popen[bytes]"] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def database_url(self) -> str:
        return self.env["DATABASE_URL"]

    def log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"

    @property
    def deadlocks(self) -> int:
        """How many PostgreSQL has broken. Its log knows at once, pg_stat_database up to ten seconds later."""
        return self.postgres.log.read_bytes().count(b"deadlock detected")

    def kill(self, name: str) -> None:
        """As a power cut would: of PostgreSQL every process, so that none gets to tidy up after another."""
        self.processes[name].kill()
        self.processes[name].wait()
        if name == "postgres":
            for pid in titled(f"postgres: {self.postgres.title_prefix}:"):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def check_invariants(self, env: Mapping[str, str] | None = None) -> None:
        """Fails with every violation on the live database: how each use of a stack ends."""
        told = subprocess.run(
            [sys.executable, "-m", "onefold", "invariants", "--json"],
            env={**self.env, **(env or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        violations = "\n".join(f"{one['invariant']}: {one['what']}" for one in violations_in(told.stdout))
        assert told.returncode == 0, violations or told.stderr

    def reconcile(self) -> None:
        """Looks at once for what the worker's reconciler heals within two minutes."""
        subprocess.run([sys.executable, "-m", "onefold", "reconcile"], env=self.env, check=False)

    def start(self, name: str) -> None:
        """PostgreSQL or Temporal on its files, again if it was killed."""
        child = self._server(name)
        child.prepare()
        self.processes[name] = child.start()
        wait_until_ready(child, self.processes[name])

    def stop(self, name: str) -> None:
        if name in self.processes:
            stop(self._server(name), self.processes[name])

    def _server(self, name: str) -> Child:
        return self.postgres.child() if name == "postgres" else self.temporal.child()

    @contextmanager
    def worker(
        self,
        name: str = "worker",
        env: Mapping[str, str] | None = None,
        program: tuple[str, ...] = ("onefold", "worker"),
    ) -> Iterator["Popen[bytes]"]:
        """A worker process. It counts as ready at once: whether one polls is what /readyz asks."""
        places = checkpoint_places(self.folder, {**self.env, **(env or {})}["DATABASE_URL"])
        given = {"ONEFOLD_CHECKPOINT_PLACES": places, **(env or {})}
        with running(self._child(name, program, given, ready=lambda: None)) as process:
            self.processes[name] = process
            yield process

    @contextmanager
    def api(
        self, name: str = "serve", env: Mapping[str, str] | None = None, probe: str = "/readyz"
    ) -> Iterator["Popen[bytes]"]:
        """`/healthz` as the probe: for a test of what it says while something is missing."""
        port = int((env or {}).get("ONEFOLD_PORT", self.port))
        ready = partial(why_not_ready, f"http://127.0.0.1:{port}{probe}")
        with running(self._child(name, ("onefold", "serve"), env or {}, ready=ready)) as process:
            self.processes[name] = process
            yield process

    def _child(
        self, name: str, program: tuple[str, ...], env: Mapping[str, str], *, ready: Callable[[], str | None]
    ) -> Child:
        return Child(
            name=name,
            title=name,
            argv=(sys.executable, "-m", *program),
            env={**self.env, **env},
            log=self.log(name),
            ready=ready,
        )


@contextmanager
def servers(folder: Path, temporal_kind: type[Temporal] = Temporal) -> Iterator[Stack]:
    """PostgreSQL, migrated, and Temporal; no process of ours yet."""
    postgres = Postgres(folder, free_port())
    temporal = temporal_kind(folder, free_port())
    port = free_port()
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("ONEFOLD_", "TEMPORAL_"))},
        "DATABASE_URL": postgres.url,
        "TEMPORAL_ADDRESS": temporal.address,
        "ONEFOLD_PORT": str(port),
        "ONEFOLD_WAIT": "60",
        "ONEFOLD_WORKFLOW_ID_KEY": WORKFLOW_ID_KEY,
        "ONEFOLD_CODEC_KEYS": CODEC_KEYS,
        "ONEFOLD_LEDGER_KEYS": LEDGER_KEYS,
        "ONEFOLD_CHECKPOINT_KEY": CHECKPOINT_KEY,
        "ONEFOLD_CHECKPOINT_PLACES": checkpoint_places(folder, postgres.url),
        "ONEFOLD_CODEC_ENDPOINT_SECRET": CODEC_SECRET,
        "ONEFOLD_CODEC_ORIGIN": CODEC_ORIGIN,
        "PYTHONUNBUFFERED": "1",
    }
    stack = Stack(folder, postgres, temporal, env, port)
    try:
        stack.start("postgres")
        stack.start("temporal")
        migrate(postgres.owner_url)
        yield stack
    finally:
        stack.stop("temporal")
        stack.stop("postgres")


def checkpoint_places(folder: Path, database_url: str) -> str:
    """Two folders for each database of the server: they have ids in common, and so names of chains."""
    places = [folder / f"checkpoints-{copy}" / database_url.rpartition("/")[2] for copy in ("one", "two")]
    for place in places:
        place.mkdir(parents=True, exist_ok=True)
    return ",".join(str(place) for place in places)


def violations_in(told: str) -> list[dict[str, Any]]:
    """What `onefold invariants --json` found; nothing if it did not get so far."""
    return list(json.loads(told)["violations"]) if told.startswith("{") else []


@contextmanager
def whole_stack(folder: Path, temporal_kind: type[Temporal] = Temporal) -> Iterator[Stack]:
    with ExitStack() as held:
        stack = held.enter_context(servers(folder, temporal_kind))
        held.enter_context(stack.worker())
        held.enter_context(stack.api())
        yield stack
        stack.check_invariants()


def new_database(stack: Stack, name: str) -> str:
    """Another, migrated database on the same server; returns its URL."""
    with psycopg.connect(stack.postgres.admin_url, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}" OWNER {OWNER}')
    migrate(named(stack.postgres.owner_url, name))
    return named(stack.postgres.url, name)


def migrate(owner_url: str) -> None:
    engine = create_engine(owner_url)
    upgrade(engine, LEDGER_KEYRING, NAME)
    engine.dispose()


def named(url: str, database: str) -> str:
    """Where another database of the same server is."""
    return f"{url.rpartition('/')[0]}/{database}"
