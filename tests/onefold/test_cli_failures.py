import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import psycopg
import pytest

from domain.errors import ColumnNotFound, DatabaseNotFound, PlanStale, ServiceUnavailable, ValueInvalid
from onefold.commands.failures import CommandFailed, tell
from onefold.settings import SettingsError
from store.engine import StoreError
from tests.onefold.cli import Command
from tests.stack import LEDGER_KEYS, Stack, named

EXAMPLE = Path(__file__).parents[2] / "docs" / "worked-example"

WANTED = "postgresql://user:password@host:port/name"


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (CommandFailed("so-called", "It failed."), 1, "It failed. (so-called)"),
        (DatabaseNotFound(), 4, "Database not found (database-not-found)"),
        (ColumnNotFound(), 4, "The database has no such column. (column-not-found)"),
        (ValueInvalid("name: name must not be empty."), 3, "name: name must not be empty. (value-invalid)"),
        (PlanStale(), 3, "The plan has changed since you saw it. Nothing was done. (plan-stale)"),
        (ServiceUnavailable(), 5, "The database does not answer: `onefold doctor` says why. (service-unavailable)"),
        (SettingsError("The setting X is missing."), 1, "The setting X is missing. (settings-invalid)"),
        (
            StoreError("UndefinedTable"),
            1,
            "The database's schema is not up to date: run `onefold db upgrade`. (schema-outdated)",
        ),
        (
            StoreError("CheckViolation"),
            1,
            "The database refused a statement (CheckViolation): this is a defect of Onefold. (store-error)",
        ),
    ],
)
def test_what_went_wrong_is_one_sentence_with_its_code(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, error: Exception, code: int, sentence: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["onefold"])
    assert tell(error) == code
    assert capsys.readouterr() == ("", f"onefold: {sentence}\n")


def test_an_error_of_nobodys_is_a_defect_and_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        tell(ZeroDivisionError())


def test_a_sentence_shows_hidden_characters(capsys: pytest.CaptureFixture[str]) -> None:
    tell(ValueInvalid("a\u202eb\x1b[0m"))
    assert capsys.readouterr().err == "onefold: a<U+202E>b<U+001B>[0m (value-invalid)\n"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "The setting DATABASE_URL is missing. (settings-invalid)"),
        (
            "mysql://root:hunter2@localhost/x",
            f"The setting DATABASE_URL cannot be used: {WANTED} is wanted. (settings-invalid)",
        ),
        (
            "postgresql://root:hunter2@localhost:port/x",
            f"The setting DATABASE_URL cannot be used: {WANTED} is wanted. (settings-invalid)",
        ),
        (
            "postgresql://root:hunter2@127.0.0.1:1/x",
            "The database does not answer: `onefold doctor` says why. (service-unavailable)",
        ),
    ],
)
@pytest.mark.parametrize("arguments", [("token", "list"), ("db", "upgrade")])
def test_a_database_that_cannot_be_used_gets_a_sentence_without_its_password(
    onefold: Command, monkeypatch: pytest.MonkeyPatch, url: str, sentence: str, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("ONEFOLD_LEDGER_KEYS", LEDGER_KEYS)
    ended = onefold(*arguments)
    code = 5 if sentence.endswith("(service-unavailable)") else 1
    assert (ended.code, ended.out, ended.err) == (code, "", f"onefold: {sentence}\n")


def test_a_role_that_may_not_migrate_is_told_which_one_may(
    onefold: Command, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(stack.postgres.admin_url, autocommit=True) as admin:
        admin.execute("CREATE DATABASE somebody_elses OWNER onefold_owner")
    monkeypatch.setenv("DATABASE_URL", named(stack.database_url, "somebody_elses"))
    monkeypatch.setenv("ONEFOLD_LEDGER_KEYS", LEDGER_KEYS)
    ended = onefold("db", "upgrade")
    assert (ended.code, ended.out) == (1, "")
    assert "with ONEFOLD_OWNER_DATABASE_URL, as the role that owns the tables" in ended.err
    assert "(privilege-missing)" in ended.err


def test_the_demo_says_which_of_its_tokens_are_missing(onefold: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONEFOLD_TOKEN", "x")
    for name in ("SPECIALIST", "SECOND_SPECIALIST", "AUDITOR", "ADMIN"):
        monkeypatch.delenv(f"ONEFOLD_{name}_TOKEN", raising=False)
    monkeypatch.delenv("ONEFOLD_DEMO_PASSWORD", raising=False)
    tokens = "ONEFOLD_SPECIALIST_TOKEN, ONEFOLD_SECOND_SPECIALIST_TOKEN, ONEFOLD_AUDITOR_TOKEN, ONEFOLD_ADMIN_TOKEN"
    assert f"{tokens}, ONEFOLD_DEMO_PASSWORD. (" in onefold("demo").err


def test_wrong_usage_exits_with_2(onefold: Command) -> None:
    assert onefold("nonsense").code == 2
    assert onefold("token", "create", "--service", "x").code == 2


def test_help_needs_nothing_that_is_slow_to_import() -> None:
    slow = {"alembic", "fastapi", "pydantic_settings", "sqlalchemy", "temporalio"}
    program = f"import sys, onefold.cli; print(sorted({slow} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


def test_ctrl_c_is_quiet(tmp_path: Path) -> None:
    endless = tmp_path / "contact.json"
    os.mkfifo(endless)
    arguments = [sys.executable, "-m", "onefold", "simulate", str(endless)]
    # Whoever runs the tests in the background has SIGINT ignored, and children inherit that.
    heeding = partial(signal.signal, signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=heeding) as process:  # noqa: PLW1509
        with endless.open("wb"):  # waits until the command reads
            time.sleep(0.2)
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 130
        assert process.communicate() == (b"", b"")


def test_a_reader_that_leaves_early_is_no_error() -> None:
    device, lookup = EXAMPLE / "device.json", EXAMPLE / "lookup.json"
    arguments = [sys.executable, "-m", "onefold", "simulate", str(device), str(lookup)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


def test_a_locale_without_the_characters_of_a_table_still_gets_one() -> None:
    device, lookup = EXAMPLE / "device.json", EXAMPLE / "lookup.json"
    arguments = [sys.executable, "-m", "onefold", "simulate", str(device), str(lookup)]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    ended = subprocess.run(arguments, env=environment, capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert b"Favorite Food" in ended.stdout
