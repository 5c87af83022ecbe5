"""The whole of Onefold as `onefold up` runs it: what it prints, and that nothing survives it however it ends."""

import json
import os
import pty
import re
import resource
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from onefold.children import running
from onefold.embedded.postgres import Postgres
from onefold.env_files import read_env
from onefold.processes import started_at, titled

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SERVERS = ("postgres", "temporal", "worker", "serve")
PORTS = ("ONEFOLD_PORT", "ONEFOLD_POSTGRES_PORT", "ONEFOLD_TEMPORAL_PORT", "ONEFOLD_TEMPORAL_UI_PORT")
ROOT = Path(__file__).parents[2]
UP = [sys.executable, "-m", "onefold", "up"]


class Stack:
    """One data folder with ports of its own, started again and again."""

    def __init__(self, folder: Path, free_port: Callable[[], int], eventually: Callable[..., None]) -> None:
        self.data = folder / "a data folder"
        self.output = folder / "output"
        self.eventually = eventually
        self.env = {
            name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "TEMPORAL_ADDRESS")
        }
        self.env |= {name: str(free_port()) for name in PORTS} | {"ONEFOLD_DATA": str(self.data)}
        self.started: list[subprocess.Popen[bytes]] = []
        self.seen: set[int] = set()

    def start(self, **env: str) -> "subprocess.Popen[bytes]":
        with self.output.open("wb") as output:
            process = subprocess.Popen(UP, env=self.env | env, stdout=output, stderr=output, start_new_session=True)
        self.started.append(process)
        return process

    def start_and_wait(self, **env: str) -> "subprocess.Popen[bytes]":
        process = self.start(**env)
        deadline = time.monotonic() + 120  # its speed is a test of its own
        while not self.said("Onefold is ready"):
            assert process.poll() is None, self.output.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, self.output.read_text(encoding="utf-8")
            time.sleep(0.1)
        self.note_processes()
        return process

    def said(self, sentence: str) -> bool:
        return sentence in self.output.read_text(encoding="utf-8")

    def line_after(self, heading: str) -> str:
        """As soon as both are there: what it prints last comes a moment after it says that it is ready."""
        shape = re.compile(rf"^{re.escape(heading)}.*\n(.*)\n", re.MULTILINE)
        self.eventually(lambda: bool(shape.search(self.output.read_text(encoding="utf-8"))))
        return str(shape.findall(self.output.read_text(encoding="utf-8"))[0])

    def pid(self, name: str) -> int:
        return int(json.loads((self.data / "run" / f"{name}.json").read_text(encoding="utf-8"))["pid"])

    def note_processes(self) -> None:
        self.seen |= {self.pid(name) for name in SERVERS if (self.data / "run" / f"{name}.json").exists()}

    def living(self) -> list[int]:
        backends = titled(f"postgres: {Postgres(self.data, 0).title_prefix}:")
        return [pid for pid in self.seen if started_at(pid)] + backends

    def stop(self, process: "subprocess.Popen[bytes]") -> None:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert self.living() == []

    def clean_up(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.terminate()
            process.wait(60)


@pytest.fixture
def stack(tmp_path: Path, free_port: Callable[[], int], eventually: Callable[..., None]) -> Iterator[Stack]:
    stack = Stack(tmp_path, free_port, eventually)
    yield stack
    stack.clean_up()


@pytest.fixture(scope="module")
def up(
    tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int], eventually: Callable[..., None]
) -> Iterator[Stack]:
    """One that runs, for the tests that leave it so: each start takes some ten seconds of work."""
    stack = Stack(tmp_path_factory.mktemp("up"), free_port, eventually)
    process = stack.start_and_wait()
    yield stack
    stack.stop(process)


def shell(script: str, **env: str) -> str:
    return subprocess.run(
        ["sh", "-c", script], env=os.environ | env, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def test_what_it_prints_works_when_pasted(up: Stack) -> None:
    answer = json.loads(shell(up.line_after("A first request")))
    assert answer["state"] == "pending_approval"
    sourced = up.line_after("All of it as variables")
    status = 'curl -sS -o /dev/null -w "%{http_code}" -H "Authorization: Bearer $ONEFOLD_TOKEN"'
    assert shell(f'{sourced} && {status} "$ONEFOLD_URL/v1/merges/{answer["mergeId"]}"') == "200"
    assert shell(f'curl -sS -o /dev/null -w "%{{http_code}} %{{redirect_url}}" "{answer["page"]}"').startswith("303 ")
    sign_in = '-d email=sam@onefold.example -d "password=$ONEFOLD_DEMO_PASSWORD" "$ONEFOLD_URL/login"'
    assert shell(f'{sourced} && curl -sS -o /dev/null -w "%{{http_code}}" {sign_in}') == "303"
    assert up.said("/login    as sam@onefold.example")


def test_the_tour_of_the_readme_works_as_printed(stack: Stack) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    tour = readme[readme.index("## The tour") : readme.index("## What it answers")]
    script = "\n".join(re.findall(r"```sh\n(.*?)```", tour, re.DOTALL))
    # The tour is walked from the repository's folder, with the data folder's default name.
    script = script.replace(".onefold/", shlex.quote(str(stack.data)) + "/", 1).replace(".onefold/", f"{stack.data}/")
    process = stack.start_and_wait(ONEFOLD_WAIT="60")  # a busy machine may take longer to bring a worker back

    told = shell(f"set -e\ncd {shlex.quote(str(ROOT))}\n{script}", ONEFOLD_DATA=str(stack.data))

    outcomes = re.findall(r'"outcome":"([a-z_]+)"', told)
    expected = [
        "merged",
        "unchanged",
        "assigned",
        "reassigned",
        "unchanged",
        "merged",
        "not_found",
        "blocked",
        "assigned",
        "unchanged",
        "merged",
    ]
    assert outcomes[: len(expected)] == expected
    assert "HTTP/1.1 308" in told
    assert told.count('"state":"pending_approval"') == 1
    assert re.search(r"^Merge [0-9a-f-]{36} is merged\.$", told, re.MULTILINE)
    assert re.search(r"^Changed in revision 2, .*\n.*\n.*\nemail, ", told, re.MULTILINE)
    assert "exit code 3" in told
    assert "VIOLATED" not in told
    assert outcomes[len(expected)] == "reassigned"  # by the worker that took the killed one's place
    verdicts = re.findall(r"^(Nothing wrong|[0-9]+ finding)", told, re.MULTILINE)
    assert [one == "Nothing wrong" for one in verdicts] == [True, False, True]
    assert "database 10000, entry 3: has another hash than its bytes" in told
    assert "exit code 10" in told
    stack.note_processes()
    stack.stop(process)


def test_the_next_run_goes_on_with_the_same_data_though_demo_env_was_sourced(stack: Stack) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    stack.stop(stack.start_and_wait())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Ready within 20 s: work, not time, since other processes of a busy machine are not its fault.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 20
    first = read_env(stack.data / "demo.env")
    process = stack.start_and_wait(**first)
    assert stack.said("Starting PostgreSQL.")
    assert stack.said("Starting Temporal.")
    assert read_env(stack.data / "demo.env") == first
    stack.stop(process)


def test_a_database_of_ones_own_gets_neither_demo_data_nor_its_tokens(
    stack: Stack, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    own = Postgres(tmp_path / "own", free_port())
    with running(own.child()):
        process = stack.start_and_wait(DATABASE_URL=own.url, ONEFOLD_OWNER_DATABASE_URL=own.owner_url)
        assert stack.said("DATABASE_URL names a database of yours")
        assert "ONEFOLD_ADMIN_TOKEN" not in stack.output.read_text(encoding="utf-8")
        assert "ONEFOLD_ADMIN_TOKEN" not in read_env(stack.data / "demo.env")
        assert "onefold.example" not in httpx.get(f"{read_env(stack.data / 'demo.env')['ONEFOLD_URL']}/login").text
        with psycopg.connect(own.url) as connection:
            counts = "SELECT (SELECT count(*) FROM tokens), (SELECT count(*) FROM contacts)"
            assert connection.execute(counts).fetchone() == (0, 0)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


def test_a_second_run_on_the_same_folder_is_refused(up: Stack, stack: Stack) -> None:
    stack.env = up.env
    assert stack.start().wait(30) == 1
    assert stack.said("Onefold already runs on")
    assert stack.said(f"(process {up.started[0].pid})")


def test_a_taken_port_is_named_before_anything_starts(up: Stack, stack: Stack) -> None:
    stack.env |= {name: up.env[name] for name in PORTS}
    assert stack.start().wait(30) == 1
    for name in PORTS:
        assert stack.said(f"Port {stack.env[name]} on 127.0.0.1")
        assert stack.said(name)
    assert not stack.said("Traceback")
    assert not stack.said("Starting")


def test_a_setting_that_cannot_be_used_gets_a_sentence(stack: Stack) -> None:
    assert stack.start(ONEFOLD_PORT="abc").wait(30) == 1
    assert stack.said("The setting ONEFOLD_PORT cannot be used")
    assert not stack.said("Traceback")


def test_every_server_that_is_killed_comes_back(up: Stack) -> None:
    for name in SERVERS:
        killed = up.pid(name)
        os.kill(killed, signal.SIGKILL)
        up.eventually(lambda: up.said(f"(process {killed}) was ended by SIGKILL"))  # noqa: B023
        said_before = up.output.stat().st_size
        up.eventually(lambda: b"is ready (" in up.output.read_bytes()[said_before:], seconds=60)  # noqa: B023
        up.note_processes()


def test_nothing_outlives_a_killed_run_and_the_next_one_finishes_what_was_open(stack: Stack) -> None:
    process = stack.start_and_wait(ONEFOLD_WAIT="1")
    os.kill(stack.pid("worker"), signal.SIGSTOP)
    variables = read_env(stack.data / "demo.env")
    with psycopg.connect(variables["ONEFOLD_SUPERUSER_URL"]) as superuser:
        assert superuser.execute("SELECT count(*) > 0 FROM contacts").fetchone() == (True,)
    headers = {"Authorization": f"Bearer {variables['ONEFOLD_TOKEN']}"}
    with httpx.Client(base_url=variables["ONEFOLD_URL"], headers=headers, trust_env=False, timeout=30) as client:
        address = "/databases/10000/establishidentity/PUSH-ap56921D/Sksd03jdJKK%7CH892hH"
        accepted = client.put(address, json={"identity": {"name": "userId", "value": "777374"}})
        assert accepted.status_code == 202
        process.kill()
        process.wait()
        stack.eventually(lambda: stack.living() == [], seconds=30)

        process = stack.start_and_wait()
        stack.eventually(lambda: client.get(accepted.headers["Location"]).json()["state"] == "done", seconds=30)
        assert client.get(accepted.headers["Location"]).json()["outcome"] == "merged"
    invariants = [sys.executable, "-m", "onefold", "invariants"]
    subprocess.run(invariants, env=os.environ | variables, stdout=subprocess.DEVNULL, check=True)
    stack.stop(process)


def test_nothing_outlives_its_terminal(stack: Stack) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(["setsid", "--ctty", *UP], env=stack.env, stdin=theirs, stdout=theirs, stderr=theirs)
    stack.started.append(process)
    os.close(theirs)
    said = b""
    while b"Onefold is ready" not in said:
        said += os.read(ours, 4096)
    stack.note_processes()
    os.close(ours)
    process.wait(60)
    assert stack.living() == []
