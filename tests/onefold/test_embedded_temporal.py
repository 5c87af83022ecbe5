import json
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from onefold.children import running
from onefold.embedded.temporal import Temporal, binary

pytestmark = pytest.mark.slow


@pytest.fixture
def temporal(tmp_path: Path, free_port: Callable[[], int]) -> Temporal:
    return Temporal(tmp_path / "data", free_port(), free_port(), "http://127.0.0.1:1/temporal/codec/secret")


def ask(server: Temporal, *words: str) -> Any:
    answer = subprocess.run(
        [str(binary()), *words, "--address", server.address, "--output", "json"], capture_output=True, check=True
    )
    return json.loads(answer.stdout)


def test_it_keeps_finished_runs_for_thirty_days(temporal: Temporal) -> None:
    for _ in range(2):  # the second start finds the namespace made by the first
        with running(temporal.child()):
            config = ask(temporal, "operator", "namespace", "describe", "--namespace", "default")["config"]
            assert config["workflowExecutionRetentionTtl"] in ("2592000s", "720h0m0s")


def test_its_search_attributes_are_known(temporal: Temporal) -> None:
    with running(temporal.child()):
        known = ask(temporal, "operator", "search-attribute", "list")["customAttributes"]
    assert {"MergeId", "DatabaseId"} <= known.keys()


def test_its_file_is_written_ahead_and_private(temporal: Temporal) -> None:
    with running(temporal.child()):
        files = sorted(temporal.data.glob("temporal.db*"))
    assert [file.stat().st_mode & 0o077 for file in files] == [0] * len(files)
    with sqlite3.connect(temporal.data / "temporal.db") as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    database.close()


def test_an_open_workflow_outlives_a_kill(temporal: Temporal) -> None:
    with running(temporal.child()) as process:
        start = ("workflow", "start", "--type", "Waits", "--task-queue", "nobody", "--workflow-id", "waiting")
        ask(temporal, *start)
        process.kill()
    with running(temporal.child()):
        described = ask(temporal, "workflow", "describe", "--workflow-id", "waiting")
    assert described["workflowExecutionInfo"]["status"] == "WORKFLOW_EXECUTION_STATUS_RUNNING"


def test_its_web_pages_know_where_payloads_are_decoded(temporal: Temporal) -> None:
    assert f"--ui-codec-endpoint={temporal.codec_endpoint}" in temporal.child().argv
    assert temporal.ui_url == f"http://127.0.0.1:{temporal.ui_port}"
