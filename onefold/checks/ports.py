"""Is each port free, or is it us who listen there."""

import json
import os
from http.client import HTTPException
from urllib.request import ProxyHandler, build_opener

from onefold.checks.check import Check, ok, problem
from onefold.checks.local_run import LocalRun
from onefold.ports import Wanted, why_not
from onefold.servers import read_given_out
from onefold.settings import SettingsError, UpSettings, read, url_of


def check_ports(run: LocalRun) -> list[Check]:
    """The API's port, and those of the embedded servers where `onefold up` would start them."""
    try:
        settings = read(UpSettings)
    except SettingsError:
        return []
    return [_check(run, settings, wanted) for wanted in _wanted(run, settings)]


def _wanted(run: LocalRun, settings: UpSettings) -> list[Wanted]:
    given_out = {None, "", *read_given_out(run.data)}
    wanted = [Wanted("the API", settings.host, settings.port, "ONEFOLD_PORT")]
    if os.environ.get("DATABASE_URL") in given_out:
        wanted.append(Wanted("PostgreSQL", "127.0.0.1", settings.postgres_port, "ONEFOLD_POSTGRES_PORT"))
    if os.environ.get("TEMPORAL_ADDRESS") in given_out:
        wanted.append(Wanted("Temporal", "127.0.0.1", settings.temporal_port, "ONEFOLD_TEMPORAL_PORT"))
        wanted.append(Wanted("Temporal's web UI", "127.0.0.1", settings.temporal_ui_port, "ONEFOLD_TEMPORAL_UI_PORT"))
    return wanted


def _check(run: LocalRun, settings: UpSettings, wanted: Wanted) -> Check:
    name = f"port {wanted.port}"
    complaint = why_not(wanted)
    if complaint is None:
        return ok(name, f"free for {wanted.purpose}")
    api = url_of(settings.host, settings.port)
    if run.listens_on(wanted.port) or (wanted.port == settings.port and _is_ours(api)):
        return ok(name, f"{wanted.purpose} of this Onefold listens there")
    sentence, _, fix = complaint.partition(": ")
    return problem(name, sentence, fix.rstrip("."))


def _is_ours(url: str) -> bool:
    """Whether an API of ours answers, however it was started. Many a service has a /healthz: this asks for the name."""
    try:
        with build_opener(ProxyHandler({})).open(f"{url}/openapi.json", timeout=2) as answer:
            return bool(json.load(answer)["info"]["title"] == "Onefold")
    except (OSError, HTTPException, ValueError, LookupError, TypeError):
        return False
