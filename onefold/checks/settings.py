"""Are the settings there, and can they be used."""

import os
from pathlib import Path

from onefold.checks.check import Check, ok, problem
from onefold.checks.local_run import LocalRun
from onefold.settings import Settings, SettingsError, UpSettings, WorkerSettings, read

_FIX = "correct the environment of the API and the worker; or start everything on this machine: `make run`"


def check_settings(run: LocalRun, filled_in: list[str]) -> list[Check]:
    try:
        read(WorkerSettings)
        read(UpSettings)
    except SettingsError as error:
        return [problem("settings", " ".join(str(error).splitlines()), _FIX)]
    origin = f"from {run.data}, as `onefold up` made them" if filled_in else "from the environment"
    return [ok("settings", f"complete, {origin}")]


def data_folder() -> Path:
    """ONEFOLD_DATA, also where other settings can't be used."""
    return Path(os.environ.get("ONEFOLD_DATA") or UpSettings.model_fields["data"].default).expanduser().absolute()


def task_queue() -> str:
    return os.environ.get("ONEFOLD_TASK_QUEUE") or str(Settings.model_fields["task_queue"].default)
