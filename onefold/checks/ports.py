"""Is each port free, or is it us who listen there."""

import os

from onefold.checks.check import Check, ok, problem
from onefold.checks.local_run import LocalRun
from onefold.ports import Wanted, why_not
from onefold.servers import read_given_out
from onefold.settings import SettingsError, UpSettings, read
from onefold.up import url_of, why_not_ready


def check_ports(run: LocalRun) -> list[Check]:
    """The API's port, and those of the embedded servers where `onefold up` would start them."""
    try:
        settings = read(UpSettings)
    except SettingsError:
        return []
    given_out = {None, "", *read_given_out(run.data)}
    wanted = [("serve", Wanted("the API", settings.host, settings.port, "ONEFOLD_PORT"))]
    if os.environ.get("DATABASE_URL") in given_out:
        wanted.append(("postgres", Wanted("PostgreSQL", "127.0.0.1", settings.postgres_port, "ONEFOLD_POSTGRES_PORT")))
    if os.environ.get("TEMPORAL_ADDRESS") in given_out:
        wanted += [
            ("temporal", Wanted("Temporal", "127.0.0.1", settings.temporal_port, "ONEFOLD_TEMPORAL_PORT")),
            (
                "temporal",
                Wanted("Temporal's web UI", "127.0.0.1", settings.temporal_ui_port, "ONEFOLD_TEMPORAL_UI_PORT"),
            ),
        ]
    return [_check(run, settings, child, port) for child, port in wanted]


def _check(run: LocalRun, settings: UpSettings, child: str, wanted: Wanted) -> Check:
    name = f"port {wanted.port}"
    complaint = why_not(wanted)
    if complaint is None:
        return ok(name, f"free for {wanted.purpose}")
    if run.runs(child) or (child == "serve" and why_not_ready(f"{url_of(settings)}/healthz") is None):
        return ok(name, f"{wanted.purpose} of Onefold listens there")
    sentence, _, fix = complaint.partition(": ")
    return problem(name, sentence, fix.rstrip("."))
