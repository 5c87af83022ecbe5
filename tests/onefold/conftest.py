import os
import socket
import time
from collections.abc import Callable

import pytest


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Gives a port that nobody listens on; tests never use the demo's."""

    def find() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
            return port

    return find


@pytest.fixture
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
