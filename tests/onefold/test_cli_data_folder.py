"""What the environment does not name, commands find in the data folder of `onefold up`."""

import os
from pathlib import Path

import pytest

from domain.roles import Role
from onefold.env_files import write_env
from store.engine import Store
from tests.onefold.cli import Command
from tests.onefold.reviewing import as_person
from tests.stack import Stack, free_port
from tests.tenant import Tenant, person_token

NOBODYS = "00000000-0000-4000-8000-000000000000"
SERVERS = ("DATABASE_URL", "TEMPORAL_ADDRESS")
KEYS = ("ONEFOLD_WORKFLOW_ID_KEY", "ONEFOLD_CODEC_KEYS", "ONEFOLD_LEDGER_KEYS")


@pytest.fixture
async def in_folder(
    onefold: Command, stack: Stack, store: Store, tenant: Tenant, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Command:
    """With nothing in the environment, and a data folder of the session's servers."""
    for name in [name for name in os.environ if name.startswith(("ONEFOLD_", "TEMPORAL_"))] + ["DATABASE_URL"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ONEFOLD_DATA", str(tmp_path))
    token = await person_token(store, [tenant.id], Role.SPECIALIST)
    reached_by = {"ONEFOLD_URL": stack.url, "ONEFOLD_SPECIALIST_TOKEN": token}
    write_env(tmp_path / "demo.env", "for this test", {name: stack.env[name] for name in SERVERS} | reached_by)
    write_env(tmp_path / "secrets.env", "for this test", {name: stack.env[name] for name in KEYS})
    return onefold


async def test_the_database_is_found_and_said_in_one_line(in_folder: Command, tenant: Tenant, tmp_path: Path) -> None:
    ended = await as_person(in_folder, "of_")("database", "show", tenant.id)
    assert (ended.code, ended.line("Database")) == (0, f"Database {tenant.id}")
    assert ended.err == f"onefold: DATABASE_URL from {tmp_path}, as `onefold up` wrote it.\n"
    assert not {*SERVERS, *KEYS} & set(os.environ)


async def test_what_demo_env_names_is_used_where_it_was_sourced_too(
    in_folder: Command, stack: Stack, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", stack.env["DATABASE_URL"])
    ended = await as_person(in_folder, "of_")("database", "show", tenant.id)
    assert (ended.code, ended.err) == (0, "")


async def test_another_database_that_is_named_wins_and_gets_no_key_of_the_folder(
    in_folder: Command, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://me@127.0.0.1:{free_port()}/mine")
    ended = await as_person(in_folder, "of_")("database", "show", tenant.id)
    assert (ended.code, ended.err) == (1, "onefold: The setting ONEFOLD_LEDGER_KEYS is missing. (settings-invalid)\n")


async def test_the_api_and_its_token_are_found_together(in_folder: Command, tmp_path: Path) -> None:
    ended = await as_person(in_folder, "of_")("plan", "show", NOBODYS)
    assert (ended.code, ended.err.splitlines()) == (
        4,
        [
            f"onefold: ONEFOLD_URL and ONEFOLD_SPECIALIST_TOKEN from {tmp_path}, as `onefold up` wrote it.",
            "onefold: No merge has this id. (merge-not-found)",
        ],
    )


@pytest.mark.parametrize(
    ("given", "missing"), [(("--url", "http://127.0.0.1:1"), "SPECIALIST_TOKEN"), (("--token", "of_mine"), "URL")]
)
async def test_neither_is_found_where_one_is_given(in_folder: Command, given: tuple[str, str], missing: str) -> None:
    """A token of the demo's would be sent elsewhere, or somebody's own to whatever a folder names."""
    ended = in_folder("plan", "show", NOBODYS, *given)
    assert (ended.code, ended.out) == (2, "")
    assert f"ONEFOLD_{missing}" in ended.err
