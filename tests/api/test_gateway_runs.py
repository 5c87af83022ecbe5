"""What is read of runs, where Temporal does not answer."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest
from structlog.testing import capture_logs
from temporalio.client import Client

from api.gateway_runs import listed_runs, open_runs, read_runs
from domain.errors import ServiceUnavailable

READS: list[Callable[[Client], Awaitable[object]]] = [
    open_runs,
    lambda client: listed_runs(client, [uuid4()]),
    lambda client: read_runs(client, "a-workflow", ["a-run"]),
]


@pytest.mark.parametrize("read", READS)
async def test_an_outage_is_in_the_log_of_whoever_goes_on_in_silence(
    read: Callable[[Client], Awaitable[object]],
) -> None:
    nobody = await Client.connect("127.0.0.1:1", lazy=True)
    with capture_logs() as said, pytest.raises(ServiceUnavailable):
        await read(nobody)
    assert [(one["event"], one["log_level"]) for one in said] == [("temporal.unavailable", "warning")]
