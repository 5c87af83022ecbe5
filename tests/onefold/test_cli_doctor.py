import json
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from onefold.checks.check import Status
from onefold.checks.database import clock
from onefold.commands.running import in_store
from onefold.env_files import write_env
from onefold.processes import started_at
from store import databases
from store.checkpoint_state import allow, refuse, report_places
from store.engine import Store
from tests.onefold.cli import Command, Ended
from tests.stack import Stack, free_port, named, new_database

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def bare_onefold(onefold: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """With nothing set but ports that nobody listens on."""
    for name in [name for name in os.environ if name.startswith(("ONEFOLD_", "TEMPORAL_"))] + ["DATABASE_URL"]:
        monkeypatch.delenv(name, raising=False)
    for name in ("PORT", "POSTGRES_PORT", "TEMPORAL_PORT", "TEMPORAL_UI_PORT"):
        monkeypatch.setenv(f"ONEFOLD_{name}", str(free_port()))
    monkeypatch.setenv("ONEFOLD_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{free_port()}")
    return onefold


def found(ended: Ended) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in ended.json["checks"]}


def test_nothing_is_wrong_where_everything_runs(live_onefold: Command, stack: Stack) -> None:
    ended = live_onefold("doctor", "--json")
    checks = found(ended)
    assert [check for check in checks.values() if check["status"] != "ok"] == []
    assert (ended.code, ended.err, ended.json["ok"]) == (0, "", True)
    assert {check["status"] for check in checks.values()} == {"ok"}
    assert {"settings", "database", "schema", "clock", "temporal", "worker", "search attributes"} < checks.keys()
    assert checks[f"port {stack.port}"]["detail"] == "the API of this Onefold listens there"


def test_every_line_says_in_a_word_how_it_stands(live_onefold: Command) -> None:
    ended = live_onefold("doctor")
    assert all(line.startswith("ok ") for line in ended.lines[:-2] if line[:1].strip())
    assert ended.lines[-1] == "0 problems, 0 warnings."


def test_where_nothing_runs_each_problem_has_its_fix(bare_onefold: Command) -> None:
    ended = bare_onefold("doctor", "--json")
    checks = found(ended)
    assert (ended.code, ended.json["ok"]) == (1, False)
    assert checks["settings"]["detail"] == (
        "The setting DATABASE_URL is missing. The setting ONEFOLD_LEDGER_KEYS is missing."
        " The setting ONEFOLD_WORKFLOW_ID_KEY is missing. The setting ONEFOLD_CODEC_KEYS is missing."
    )
    assert "Connection refused" in checks["temporal"]["detail"]
    assert all(check["fix"] for check in checks.values() if check["status"] == "problem")
    assert {checks[name]["status"] for name in checks if name.startswith("port")} == {"ok"}


def test_it_changes_nothing(bare_onefold: Command, tmp_path: Path) -> None:
    before = dict(os.environ)
    bare_onefold("doctor")
    assert list(tmp_path.iterdir()) == []
    assert dict(os.environ) == {**before, "COLUMNS": "80"}


def test_what_onefold_up_wrote_down_fills_in_what_the_environment_lacks(
    bare_onefold: Command, stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    monkeypatch.delenv("TEMPORAL_ADDRESS")
    keys = ("ONEFOLD_WORKFLOW_ID_KEY", "ONEFOLD_CODEC_KEYS", "ONEFOLD_LEDGER_KEYS")
    write_env(data / "secrets.env", "for this test", {name: stack.env[name] for name in keys})
    addresses = {name: stack.env[name] for name in ("DATABASE_URL", "TEMPORAL_ADDRESS")}
    write_env(data / "demo.env", "for this test", addresses)
    ended = bare_onefold("doctor", "--json")
    assert ended.json["ok"] is True
    assert found(ended)["settings"]["detail"] == f"complete, from {data}, as `onefold up` made them"
    assert "DATABASE_URL" not in os.environ


def test_a_taken_port_is_a_problem_unless_our_own_process_took_it(
    bare_onefold: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run = tmp_path / "data" / "run"
    run.mkdir(parents=True)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        monkeypatch.setenv("ONEFOLD_POSTGRES_PORT", str(port))
        check = found(bare_onefold("doctor", "--json"))[f"port {port}"]
        assert (check["status"], check["fix"]) == (
            "problem",
            "stop what listens there or set ONEFOLD_POSTGRES_PORT to another port",
        )
        record = {
            "title": "PostgreSQL",
            "order": 0,
            "pid": os.getpid(),
            "started": started_at(os.getpid()),
            "stop_signal": 2,
            "stop_within": 1,
        }
        (run / "postgres.json").write_text(json.dumps(record))
        addresses = {"DATABASE_URL": f"postgresql://onefold:x@127.0.0.1:{port}/onefold"}
        write_env(tmp_path / "data" / "demo.env", "for this test", addresses)
        (tmp_path / "data" / "embedded-addresses").write_text(addresses["DATABASE_URL"] + "\n")
        monkeypatch.setenv("PGCONNECT_TIMEOUT", "1")
        check = found(bare_onefold("doctor", "--json"))[f"port {port}"]
        assert check["detail"] == "PostgreSQL of this Onefold listens there"
        monkeypatch.delenv("ONEFOLD_POSTGRES_PORT")
        assert f"port {port}" in found(bare_onefold("doctor", "--json")), "also where another shell chose it"


def test_an_application_that_owns_its_tables_is_warned(
    live_onefold: Command, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", stack.postgres.owner_url)
    ended = live_onefold("doctor", "--json")
    check = found(ended)["append-only"]
    assert (ended.code, check["status"]) == (0, "warning")
    assert "can change histories, ledger_checkpoints, ledger_entries" in check["detail"]
    assert "ONEFOLD_OWNER_DATABASE_URL" in check["fix"]


def test_a_key_that_is_missing_while_contacts_need_it_is_named(
    live_onefold: Command, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = new_database(stack, "keys")
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO databases (id, name) OVERRIDING SYSTEM VALUE VALUES (1, 'keys')")
        connection.execute("INSERT INTO contact_keys (database_id, key_id, wrapped) VALUES (1, 'k0', '')")
    monkeypatch.setenv("DATABASE_URL", url)
    check = found(live_onefold("doctor", "--json"))["ledger keys"]
    assert (check["status"], check["detail"]) == (
        "problem",
        "ONEFOLD_LEDGER_KEYS lacks k0, or has another key under that id",
    )


def test_a_database_that_refuses_us_says_why_without_the_password(
    live_onefold: Command, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = stack.database_url.rpartition("@")[2]
    monkeypatch.setenv("DATABASE_URL", f"postgresql://onefold:hunter2@{address}")
    ended = live_onefold("doctor", "--json")
    assert "password authentication failed" in found(ended)["database"]["detail"]
    assert "hunter2" not in ended.out


def test_a_schema_that_is_missing_or_of_another_version_has_its_fix(
    live_onefold: Command, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = new_database(stack, "of_another_version")
    monkeypatch.setenv("DATABASE_URL", url)
    for revision, fix in (("9999", "install the newer version"), (None, "run `onefold db upgrade`")):
        with psycopg.connect(named(stack.postgres.owner_url, "of_another_version"), autocommit=True) as owner:
            if revision:
                owner.execute("UPDATE alembic_version SET version_num = %s", [revision])
            else:
                owner.execute("DELETE FROM alembic_version")
        ended = live_onefold("doctor", "--json")
        assert (ended.code, found(ended)["schema"]["fix"]) == (1, fix)


@pytest.mark.parametrize(
    ("name", "value", "check", "detail"),
    [
        ("TEMPORAL_NAMESPACE", "nowhere", "temporal", "has no namespace nowhere"),
        ("TEMPORAL_ADDRESS", "nonsense", "temporal", "nonsense cannot be used: it does not read host:port"),
        ("ONEFOLD_TASK_QUEUE", "nobodys", "worker", "none polls the task queue nobodys"),
    ],
)
def test_what_is_wrong_with_temporal_is_said_plainly(
    live_onefold: Command, monkeypatch: pytest.MonkeyPatch, name: str, value: str, check: str, detail: str
) -> None:
    monkeypatch.setenv(name, value)
    ended = live_onefold("doctor", "--json")
    assert ended.code == 1
    assert detail in found(ended)[check]["detail"]


def test_another_server_at_temporals_address_is_said_plainly(
    live_onefold: Command, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{stack.port}")
    assert "does not speak with us as Temporal" in found(live_onefold("doctor", "--json"))["temporal"]["detail"]


@pytest.mark.parametrize(("seconds", "status"), [(0, "ok"), (1.9, "ok"), (2.1, "warning"), (-2.1, "warning")])
def test_more_than_two_seconds_between_the_clocks_is_a_warning(seconds: float, status: str) -> None:
    assert clock(NOW, NOW + timedelta(seconds=seconds), NOW).status is Status(status)


def test_a_slow_answer_is_no_difference_between_the_clocks() -> None:
    assert clock(NOW, NOW + timedelta(seconds=4), NOW + timedelta(seconds=9)).status is Status.OK


def test_the_clock_that_is_ahead_is_named() -> None:
    assert clock(NOW, NOW + timedelta(seconds=3), NOW).detail == "PostgreSQL's is 3.0 s ahead of this machine's"
    assert clock(NOW, NOW - timedelta(seconds=3), NOW).detail == "PostgreSQL's is 3.0 s behind this machine's"


def test_what_the_signer_says_of_itself_is_told(
    live_onefold: Command, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = new_database(stack, "unsigned")
    monkeypatch.setenv("DATABASE_URL", url)

    def checkpoints() -> list[tuple[str, str]]:
        checks = live_onefold("doctor", "--json").json["checks"]
        return [(one["status"], one["detail"]) for one in checks if one["name"] == "checkpoints"]

    def report(faults: dict[str, str | None]) -> None:
        async def work(store: Store) -> None:
            async with store.statements() as connection:
                await report_places(connection, faults)

        in_store(work)

    assert checkpoints() == [("warning", "no worker signs any")]
    report({"/mnt/one": None})
    assert checkpoints() == [("warning", "they go to 1 place only")]
    report({"/mnt/one": None, "/mnt/two": "cannot be read: Input/output error"})
    database_id = in_store(lambda store: databases.create(store, "refused"))
    in_store(lambda store: refuse(store, database_id, "cut-short", "the chain ends at 3, and had 5 entries"))
    told = f"nothing is signed over database {database_id}: the chain ends at 3, and had 5 entries"
    assert checkpoints() == [("problem", "/mnt/two cannot be read: Input/output error"), ("problem", told)]
    in_store(lambda store: allow(store, database_id))
    report({"/mnt/one": None, "/mnt/two": None})
    assert checkpoints() == [("ok", "every chain is signed, in 2 places")]
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE checkpoint_places SET seen = now() - interval '2 minutes'")
    assert checkpoints() == [("warning", "no worker signs any")]
