import os
import time
from collections.abc import Callable

import pytest

from domain.roles import Role
from store.engine import Store
from tests.onefold.cli import Command, command
from tests.onefold.reviewing import Person, as_person, bearer
from tests.stack import Stack, free_port
from tests.tenant import Tenant, person_token


@pytest.fixture(scope="session", name="free_port")
def give_free_port() -> Callable[[], int]:
    return free_port


@pytest.fixture(scope="session")
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Waits until something is so; fails after a while if it never is."""

    def wait(holds: Callable[[], bool], seconds: float = 15) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, "this never came true"
            time.sleep(0.02)

    return wait


@pytest.fixture(scope="session")
def only_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")


@pytest.fixture
def onefold(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs the `onefold` command and says how it ended."""
    return command(monkeypatch, capsys)


@pytest.fixture
def live_onefold(onefold: Command, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The same, with the settings that reach the session's servers."""
    for name, value in stack.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ONEFOLD_DATA", str(stack.folder / "no data folder"))
    return onefold


@pytest.fixture
async def specialist(
    live_onefold: Command, stack: Stack, store: Store, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> Person:
    """A specialist of the tenant at a terminal, where the token that requests are made with is known too."""
    token = await person_token(store, [tenant.id], Role.SPECIALIST)
    monkeypatch.setenv("ONEFOLD_URL", stack.url)
    monkeypatch.setenv("ONEFOLD_SPECIALIST_TOKEN", token)
    monkeypatch.setenv("ONEFOLD_TOKEN", bearer(tenant))
    return as_person(live_onefold, token)
