"""`onefold up`: everything that Onefold is, started by one command and stopped by Ctrl-C."""

import os
import shlex
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from onefold.checkpoint_settings import CheckpointSettings
from onefold.children import Child, ChildFailed, Task
from onefold.demo_secrets import DEMO, PASSWORD, checkpoint_folders, checkpoint_places, secrets_of
from onefold.env_files import write_env
from onefold.first_request import FirstRequest
from onefold.lockfile import AlreadyRunning, hold
from onefold.ports import Wanted, complaints
from onefold.private_files import make_private_folder
from onefold.servers import SUPERUSER_URL, Servers, choose, remember_given_out
from onefold.settings import UpSettings, url_of
from onefold.supervisor import Stage, Supervisor
from onefold.terminal import Terminal
from onefold.typed import typed


def up(settings: UpSettings) -> int:
    """Runs until it is stopped; the exit code says whether that was asked for."""
    terminal = Terminal()
    if sys.platform != "linux":
        terminal.say("`onefold up` needs Linux, whose death signals keep its servers from outliving it.")
        return 1
    data = settings.data.expanduser().absolute()
    with ExitStack() as held:
        try:
            make_private_folder(data)
            held.enter_context(hold(data))
            secrets = secrets_of(data)
            for folder in checkpoint_folders(data):
                make_private_folder(folder)
            servers = choose(settings, data, codec_endpoint(settings, secrets))
        except AlreadyRunning as refusal:
            terminal.say(str(refusal))
            return 1
        except OSError as error:
            terminal.say(
                f"The data folder {data} cannot be used ({error.strerror}: {error.filename}):"
                " give it to this user, or set ONEFOLD_DATA to another."
            )
            return 1
        return Run(settings, data, secrets, servers, terminal).go()


def codec_endpoint(settings: UpSettings, secrets: Mapping[str, str]) -> str:
    return f"{url_of(settings.host, settings.port)}/temporal/codec/{secrets['ONEFOLD_CODEC_ENDPOINT_SECRET']}"


@dataclass(frozen=True)
class Run:
    """One run on one data folder, whose lock is held."""

    settings: UpSettings
    data: Path
    secrets: Mapping[str, str]
    servers: Servers
    terminal: Terminal

    @property
    def url(self) -> str:
        return url_of(self.settings.host, self.settings.port)

    @property
    def has_demo(self) -> bool:
        """Only in the embedded database: an admin's token does not belong into one that somebody else set up."""
        return self.servers.postgres is not None

    @property
    def demo(self) -> dict[str, str]:
        """The tokens and the password of its people."""
        return {name: self.secrets[name] for name in DEMO} if self.has_demo else {}

    def go(self) -> int:
        return Supervisor(self.data / "run", self.terminal.say).run(self.plan, self.announce)

    def plan(self) -> Sequence[Stage]:
        if found := complaints(self.ports()):
            raise ChildFailed("\n".join(found))
        self.servers.check_own_servers()
        remember_given_out(self.servers, self.data)
        env = self.environment()
        return (
            self.servers.children,
            self.task("db-upgrade", "Migrating the database", ("db", "upgrade"), env | self.servers.owner_environment),
            *((self.task("demo", "Loading the demo data", ("demo",), env),) if self.has_demo else ()),
            (self.server("worker", "worker", env), self.server("serve", "API", _without_signing(env))),
        )

    def ports(self) -> list[Wanted]:
        settings, servers = self.settings, self.servers
        wanted = [Wanted("the API", settings.host, settings.port, "ONEFOLD_PORT")]
        if servers.postgres:
            wanted.append(Wanted("PostgreSQL", "127.0.0.1", settings.postgres_port, "ONEFOLD_POSTGRES_PORT"))
        if servers.temporal:
            wanted.append(Wanted("Temporal", "127.0.0.1", settings.temporal_port, "ONEFOLD_TEMPORAL_PORT"))
            wanted.append(
                Wanted("Temporal's web UI", "127.0.0.1", settings.temporal_ui_port, "ONEFOLD_TEMPORAL_UI_PORT")
            )
        return wanted

    def environment(self) -> dict[str, str]:
        env = self.servers.environment(os.environ)
        if self.servers.temporal_ui_url:
            env["ONEFOLD_CODEC_ORIGIN"] = self.servers.temporal_ui_url
        return env | {
            "ONEFOLD_HOST": self.settings.host,
            "ONEFOLD_PORT": str(self.settings.port),
            "ONEFOLD_DATA": str(self.data),
            "ONEFOLD_CHECKPOINT_PLACES": checkpoint_places(self.data),
            "PYTHONUNBUFFERED": "1",
            "PYTHONUTF8": "1",
            **{name: secret for name, secret in self.secrets.items() if name not in DEMO},
            # Also where the variables of another run were sourced: a database of one's own has no demo's sign-in page.
            **dict.fromkeys(DEMO, ""),
            **self.demo,
        }

    def task(self, name: str, title: str, arguments: tuple[str, ...], env: dict[str, str]) -> Task:
        return Task(name=name, title=title, argv=onefold(*arguments), env=env, log=self.log(name))

    def server(self, name: str, title: str, env: dict[str, str]) -> Child:
        """The API and the worker are ready together: /readyz also asks whether somebody polls the task queue."""
        return Child(name=name, title=title, argv=onefold(name), env=env, log=self.log(name), ready=self.why_not_ready)

    def log(self, name: str) -> Path:
        return self.data / "logs" / f"{name}.log"

    def why_not_ready(self) -> str | None:
        return why_not_ready(f"{self.url}/readyz")

    def announce(self) -> None:
        demo_env = self.data / "demo.env"
        write_env(demo_env, "What this run is reached by, for a shell to source.", self.reached_by())
        say = self.terminal.say
        say()
        say("Onefold is ready. Ctrl-C stops it.", style="bold green")
        say()
        say(f"  pages and API    {self.url}")
        say(f"  API reference    {self.url}/docs")
        if self.has_demo:
            say(f"  sign in at       {self.url}/login    as sam@onefold.example, password {self.secrets[PASSWORD]}")
        else:
            say(f"  sign in at       {self.url}/login")
        if self.servers.temporal_ui_url:
            say(f"  Temporal's UI    {self.servers.temporal_ui_url}")
        for name, secret in self.demo.items():
            say(f"  {name:<32} {secret}")
        say()
        say("All of it as variables, for the examples of README.md:", style="bold")
        say(f". {shlex.quote(str(demo_env))}")
        say()
        if self.has_demo:
            first = FirstRequest(self.url, self.secrets["ONEFOLD_TOKEN"])
            say(first.heading(), style="bold")
            say(first.curl())
        else:
            say("DATABASE_URL names a database of yours: the demo data and its tokens were left out.", style="bold")
            say(f"{typed('token create')} makes a token, {typed('database create')} a database.")
        say()

    def verifier_key(self) -> str:
        key, places = self.secrets["ONEFOLD_CHECKPOINT_KEY"], checkpoint_places(self.data)
        settings = CheckpointSettings(checkpoint_key=SecretStr(key), checkpoint_places=SecretStr(places))
        assert settings.signing_key  # noqa: S101 - of the key above
        return str(settings.signing_key.verifier)

    def reached_by(self) -> dict[str, str]:
        return {
            "ONEFOLD_URL": self.url,
            **self.demo,
            "TEMPORAL_ADDRESS": self.servers.temporal_address,
            "TEMPORAL_UI_URL": self.servers.temporal_ui_url or "",
            "DATABASE_URL": self.servers.database_url,
            **self.servers.owner_environment,
            **({SUPERUSER_URL: self.servers.postgres.superuser_url} if self.servers.postgres else {}),
            "ONEFOLD_LEDGER_KEYS": self.secrets["ONEFOLD_LEDGER_KEYS"],
            "ONEFOLD_CHECKPOINT_KEY": self.secrets["ONEFOLD_CHECKPOINT_KEY"],
            "ONEFOLD_CHECKPOINT_PLACES": checkpoint_places(self.data),
            "ONEFOLD_VERIFIER_KEY": self.verifier_key(),
        }


def _without_signing(env: Mapping[str, str]) -> dict[str, str]:
    """The key that signs is the worker's alone."""
    return {name: value for name, value in env.items() if not name.startswith("ONEFOLD_CHECKPOINT_")}


def onefold(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "onefold", *arguments)


def why_not_ready(url: str) -> str | None:
    """Asks without the caller's proxy, which cannot reach this machine's own addresses."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=2):
            return None
    except urllib.error.HTTPError as answer:
        with answer:
            return f"{url} says {answer.code}: {answer.read(300).decode(errors='replace')}"
    except OSError as error:
        return f"{url} does not answer: {error}"
