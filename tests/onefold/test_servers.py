import os
from collections.abc import Callable
from pathlib import Path

import pytest

from onefold.children import ChildFailed
from onefold.servers import Servers, check_database, check_temporal, choose, remember_given_out
from onefold.settings import UpSettings

ENDPOINT = "http://127.0.0.1:8080/temporal/codec/secret"
OWN_URL = "postgresql://me:hunter2@db.invalid/mine"


def chosen(data: Path, **settings: str | int | None) -> Servers:
    return choose(UpSettings.model_validate(settings), data, ENDPOINT)


@pytest.fixture(autouse=True)
def no_servers_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("TEMPORAL_ADDRESS", raising=False)


def test_both_are_embedded_where_nothing_is_set(tmp_path: Path) -> None:
    servers = chosen(tmp_path)
    assert [child.title for child in servers.children] == ["PostgreSQL", "Temporal"]
    assert servers.temporal_address == "127.0.0.1:7233"
    assert servers.temporal_ui_url == "http://127.0.0.1:8233"


def test_a_server_of_ones_own_takes_the_place_of_an_embedded_one(tmp_path: Path) -> None:
    servers = chosen(tmp_path, DATABASE_URL=OWN_URL)
    assert [child.title for child in servers.children] == ["Temporal"]
    assert servers.database_url == OWN_URL


def test_a_sourced_demo_env_does_not_turn_embedded_mode_off(tmp_path: Path) -> None:
    first = chosen(tmp_path)
    remember_given_out(first, tmp_path)
    sourced = {"DATABASE_URL": first.database_url, "TEMPORAL_ADDRESS": first.temporal_address}
    assert len(chosen(tmp_path, **sourced).children) == 2


def test_nor_does_one_that_was_sourced_before_a_port_changed(tmp_path: Path) -> None:
    first = chosen(tmp_path)
    remember_given_out(first, tmp_path)
    moved = {"postgres_port": 15433, "temporal_port": 17233}
    remember_given_out(chosen(tmp_path, **moved), tmp_path)
    sourced = {"DATABASE_URL": first.database_url, "TEMPORAL_ADDRESS": first.temporal_address}
    servers = chosen(tmp_path, **moved, **sourced)
    assert len(servers.children) == 2
    assert servers.temporal_address == "127.0.0.1:17233"


def test_the_owner_of_an_embedded_database_is_not_taken_for_that_of_ones_own(tmp_path: Path) -> None:
    first = chosen(tmp_path)
    remember_given_out(first, tmp_path)
    assert "onefold_owner:" in first.owner_environment["ONEFOLD_OWNER_DATABASE_URL"]
    mixed = {"DATABASE_URL": OWN_URL, "owner_database_url": first.owner_database_url}
    assert chosen(tmp_path, **mixed).owner_environment == {}
    own = {"DATABASE_URL": OWN_URL, "owner_database_url": "postgresql://owner:x@db.invalid/mine"}
    assert chosen(tmp_path, **own).owner_environment == {
        "ONEFOLD_OWNER_DATABASE_URL": "postgresql://owner:x@db.invalid/mine"
    }


def test_what_serves_is_told_of_neither_owner_nor_superuser(tmp_path: Path) -> None:
    sourced = {"ONEFOLD_OWNER_DATABASE_URL": "x", "ONEFOLD_SUPERUSER_URL": "y"}
    for servers in (chosen(tmp_path), chosen(tmp_path, DATABASE_URL=OWN_URL)):
        assert not sourced.keys() & servers.environment(sourced).keys()


def test_ones_own_servers_stay_so_at_the_next_run(tmp_path: Path) -> None:
    own = {"DATABASE_URL": OWN_URL, "TEMPORAL_ADDRESS": "temporal.invalid:7233"}
    remember_given_out(chosen(tmp_path, **own), tmp_path)
    assert chosen(tmp_path, **own).children == ()


def test_children_get_our_addresses_and_nothing_meant_for_other_servers(tmp_path: Path) -> None:
    servers = chosen(tmp_path)
    env = servers.environment({"PATH": "/bin", "PGSSLMODE": "require", "TEMPORAL_TLS": "true", "DATABASE_URL": "old"})
    assert env == {
        "PATH": "/bin",
        "DATABASE_URL": servers.database_url,
        "TEMPORAL_ADDRESS": servers.temporal_address,
        "TEMPORAL_NAMESPACE": "default",
        "TEMPORAL_CONFIG_FILE": os.devnull,
    }


def test_what_configures_ones_own_servers_is_handed_on(tmp_path: Path) -> None:
    servers = chosen(tmp_path, DATABASE_URL=OWN_URL, TEMPORAL_ADDRESS="temporal.invalid:7233")
    env = servers.environment({"PGSSLMODE": "require", "TEMPORAL_TLS": "true", "TEMPORAL_NAMESPACE": "mine"})
    assert (env["PGSSLMODE"], env["TEMPORAL_TLS"], env["TEMPORAL_NAMESPACE"]) == ("require", "true", "mine")


def test_an_own_database_that_does_not_answer_is_said_without_its_password(free_port: Callable[[], int]) -> None:
    with pytest.raises(ChildFailed, match="DATABASE_URL is set, but its server cannot be used") as failure:
        check_database(f"postgresql+psycopg://me:hunter2@127.0.0.1:{free_port()}/mine")
    assert "hunter2" not in str(failure.value)


@pytest.mark.parametrize("url", ["hunter2", "postgresql://me:hunter2@host:port/mine", "mysql://hunter2"])
def test_what_is_no_url_of_a_database_is_said_without_repeating_it(url: str) -> None:
    with pytest.raises(ChildFailed, match="DATABASE_URL is ") as failure:
        check_database(url)
    assert "hunter2" not in str(failure.value)


def test_an_own_temporal_that_does_not_answer_is_said(free_port: Callable[[], int]) -> None:
    with pytest.raises(ChildFailed, match=r"TEMPORAL_ADDRESS is set to .*, which cannot be reached"):
        check_temporal(f"127.0.0.1:{free_port()}")
    with pytest.raises(ChildFailed, match="correct it"):
        check_temporal("somewhere")
