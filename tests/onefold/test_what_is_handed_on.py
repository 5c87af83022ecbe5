"""What `onefold up` hands to each process that it starts."""

from collections.abc import Callable
from pathlib import Path

import pytest

from onefold.children import Child
from onefold.demo_secrets import secrets_of
from onefold.servers import choose
from onefold.settings import UpSettings
from onefold.terminal import Terminal
from onefold.up import Run


def test_the_key_that_signs_is_the_workers_alone(
    tmp_path: Path, free_port: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the shell has sourced demo.env."""
    monkeypatch.setenv("ONEFOLD_CHECKPOINT_KEY", "sourced")
    names = ("port", "postgres_port", "temporal_port", "temporal_ui_port")
    settings = UpSettings.model_validate({name: free_port() for name in names})
    run = Run(
        settings, tmp_path, secrets_of(tmp_path), choose(settings, tmp_path, "http://127.0.0.1/codec"), Terminal()
    )
    *_, last = run.plan()
    assert isinstance(last, tuple)
    env = {child.name: child.env or {} for child in last if isinstance(child, Child)}
    signing = {"ONEFOLD_CHECKPOINT_KEY", "ONEFOLD_CHECKPOINT_PLACES"}
    assert signing <= env["worker"].keys()
    assert env["worker"]["ONEFOLD_CHECKPOINT_KEY"] == run.secrets["ONEFOLD_CHECKPOINT_KEY"]
    assert not signing & env["serve"].keys()
    assert env["worker"].keys() - signing == env["serve"].keys()
