"""docker-compose.yml against the Compose specification's schema and the settings table. No container runs here.

The schema is the one that the package check-jsonschema carries.
"""

import json
import re
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from onefold.cli import app
from onefold.settings import Settings, WorkerSettings, read

PROJECT = Path(__file__).parents[1]
COMPOSE = PROJECT / "docker-compose.yml"
GUIDE = PROJECT / "docs" / "deploying.md"
SCHEMA = "check_jsonschema/builtin_schemas/vendor/compose-spec.json"

ONEFOLD = ("migrate", "api", "worker")
PUBLISHED = ("api", "temporal-ui")
REACHES_OUT = ("worker",)
SECRET = re.compile(r"KEY|SECRET|PASSWORD|PWD|DATABASE_URL|CODEC_ENDPOINT|SMTP_URL|WEBHOOK_URL")
REFERENCE = re.compile(r"\$(?:\$|\{(?P<name>\w+)(?:(?P<otherwise>:[-?])(?P<text>[^}]*))?\})")

Compose = dict[str, Any]


def variable(name: str) -> str:
    alias = WorkerSettings.model_fields[name].validation_alias
    return str(alias or f"{Settings.model_config.get('env_prefix')}{name}".upper())


SETTINGS = {variable(name) for name in Settings.model_fields}
WORKERS_OWN = {variable(name) for name in WorkerSettings.model_fields} - SETTINGS
OPTIONAL_SECRETS = {
    variable(name)
    for name in ("smtp_url", "webhook_url", "webhook_secret", "checkpoint_webhook_secret", "demo_password")
}
OWNER_URL = "ONEFOLD_OWNER_DATABASE_URL"
REQUIRED = {variable(name) for name, field in Settings.model_fields.items() if field.is_required()}


def services(compose: Compose) -> Iterator[tuple[str, Compose]]:
    yield from compose["services"].items()


@cache
def validator() -> Draft202012Validator:
    path = Path(str(distribution("check-jsonschema").locate_file(SCHEMA)))
    return Draft202012Validator(json.loads(path.read_text(encoding="utf-8")))


def against_the_schema(compose: Compose) -> Iterator[str]:
    for error in validator().iter_errors(compose):
        yield f"{error.json_path}: {error.message}"


def settings_not_given(compose: Compose) -> Iterator[str]:
    for name in ONEFOLD:
        wanted = {"api": SETTINGS, "worker": REQUIRED | WORKERS_OWN}.get(name, REQUIRED)
        for missing in sorted(wanted - compose["services"][name]["environment"].keys()):
            yield f"{name} is not given {missing}"


def different_settings(compose: Compose) -> Iterator[str]:
    api = compose["services"]["api"]["environment"]
    for name in ONEFOLD:
        for key, value in compose["services"][name]["environment"].items():
            if key == OWNER_URL or (name == "worker" and key in WORKERS_OWN):
                continue
            if key in WORKERS_OWN:
                yield f"{name} is given {key}, which is the worker's"
            elif api.get(key) != value:
                yield f"{name} and api differ in {key}"


def unknown_settings(compose: Compose) -> Iterator[str]:
    known = SETTINGS | WORKERS_OWN | {OWNER_URL}
    for name in sorted(set(re.findall(r"\bONEFOLD_\w+", json.dumps(compose))) - known):
        yield f"{name} is no setting"


def owners_beside_the_migrations(compose: Compose) -> Iterator[str]:
    """What serves must not be able to change what is append-only."""
    if [name for name in ONEFOLD if OWNER_URL in compose["services"][name]["environment"]] != ["migrate"]:
        yield "the migrations, and they alone, are the owner of the tables"


def dependencies_that_cannot_be_met(compose: Compose) -> Iterator[str]:
    for name, service in services(compose):
        for other, how in service.get("depends_on", {}).items():
            target = compose["services"].get(other)
            if target is None:
                yield f"{name} waits for {other}, which is no service"
            elif how["condition"] == "service_healthy" and "healthcheck" not in target:
                yield f"{name} waits for the health of {other}, which has no check"
            elif how["condition"] == "service_completed_successfully" and "restart" in target:
                yield f"{name} waits for the end of {other}, which is started again"


def more_than_one_image(compose: Compose) -> Iterator[str]:
    if len({compose["services"][name]["image"] for name in ONEFOLD}) != 1:
        yield "Onefold's services do not share one image"
    if [name for name, service in services(compose) if "build" in service] != ["migrate"]:
        yield "one service, and only one, builds the image"
    tags = {one["image"].partition(":")[2] for _, one in services(compose) if one["image"].startswith("temporalio/")}
    if len(tags) != 2:  # the web UI has versions of its own
        yield "Temporal's server and its tools differ in version"


def unpinned_images(compose: Compose) -> Iterator[str]:
    for name, service in services(compose):
        if name not in ONEFOLD and not re.search(r":\d+[\w.-]*$", service["image"]):
            yield f"the image of {name} is not pinned"


def open_doors(compose: Compose) -> Iterator[str]:
    for name, service in services(compose):
        for port in service.get("ports", []):
            if name not in PUBLISHED or not interpolated(port, {}).startswith("127.0.0.1:"):
                yield f"{name} is published as {port}"
        if service.get("network_mode"):
            yield f"{name} leaves its networks"
        outside = [network for network in service["networks"] if not compose["networks"][network]]
        if outside and name not in (*PUBLISHED, *REACHES_OUT):
            yield f"{name} is on the network {outside[0]}, which is not internal"


def secrets_in_the_file(compose: Compose) -> Iterator[str]:
    for name, service in services(compose):
        for key, value in service.get("environment", {}).items():
            given = r"\$\{\w+:-\}" if key in OPTIONAL_SECRETS else r"\$\{\w+:\?see docs/deploying\.md\}"
            if SECRET.search(key) and not re.search(given, value):
                yield f"{name} does not take {key} from the environment"


CHECKS = (
    against_the_schema,
    settings_not_given,
    different_settings,
    unknown_settings,
    owners_beside_the_migrations,
    dependencies_that_cannot_be_met,
    more_than_one_image,
    unpinned_images,
    open_doors,
    secrets_in_the_file,
)


def complaints(text: str) -> list[str]:
    compose = yaml.safe_load(text)
    return [complaint for check in CHECKS for complaint in check(compose)]


def interpolated(text: str, environment: Mapping[str, str]) -> str:
    """As Compose does it, for the forms that the file uses."""

    def value(found: re.Match[str]) -> str:
        name, otherwise = found["name"], found["otherwise"]
        if name is None:
            return "$"
        if otherwise == ":-":
            return environment.get(name) or found["text"]
        return environment[name]

    return REFERENCE.sub(value, text)


def test_the_file_holds_what_it_must() -> None:
    assert complaints(COMPOSE.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("    healthcheck:\n", "    helthcheck:\n", "'helthcheck' was unexpected"),
        ("condition: service_healthy", "condition: healthy", "$.services['temporal-schema'].depends_on: "),
        ("  ONEFOLD_CODEC_KEYS:", "  OTHER:", "worker is not given ONEFOLD_CODEC_KEYS"),
        ("  DATABASE_URL:", "  OTHER:", "migrate is not given DATABASE_URL"),
        ("      ONEFOLD_CODEC_ORIGIN:", "      OTHER:", "api is not given ONEFOLD_CODEC_ORIGIN"),
        (
            "      ONEFOLD_PORT:",
            "      ONEFOLD_WAIT: '3'\n      ONEFOLD_PORT:",
            "worker and api differ in ONEFOLD_WAIT",
        ),
        ("  ONEFOLD_POOL:", "  ONEFOLD_POOLS: ''\n  ONEFOLD_POOL:", "ONEFOLD_POOLS is no setting"),
        ("      ONEFOLD_PORT:", "      ONEFOLD_CHECKPOINT_KEY: k\n      ONEFOLD_PORT:", "which is the worker's"),
        ("  ONEFOLD_CHECKPOINT_PLACES:", "  OTHER:", "worker is not given ONEFOLD_CHECKPOINT_PLACES"),
        ("  ONEFOLD_WAIT:", "  ONEFOLD_OWNER_DATABASE_URL: ''\n  ONEFOLD_WAIT:", "alone, are the owner of the tables"),
        ("      ONEFOLD_OWNER_DATABASE_URL:", "      OTHER:", "alone, are the owner of the tables"),
        ("${ONEFOLD_POOL:-}", "${ONEFOLD_POLL:-}", "ONEFOLD_POLL is no setting"),
        ("temporal: { condition", "temporal-server: { condition", "waits for temporal-server, which is no service"),
        ("migrate: { condition: service_completed_successfully", "migrate: { condition: service_healthy", "no check"),
        ("    build: .\n", "    build: .\n    restart: always\n", "the end of migrate, which is started again"),
        ("    command: [serve]\n", "    command: [serve]\n    image: other\n", "do not share one image"),
        ("    command: [serve]\n", "    command: [serve]\n    build: .\n", "one service, and only one, builds"),
        ("temporalio/server:1.32.0", "temporalio/server:1.33.0", "differ in version"),
        ("temporalio/ui:2.54.1", "temporalio/ui:latest", "the image of temporal-ui is not pinned"),
        ("127.0.0.1:8233:8080", "8233:8080", "temporal-ui is published as 8233:8080"),
        ("API_ADDRESS:-127.0.0.1", "API_ADDRESS:-0.0.0.0", "api is published as"),
        ("networks: [temporal]\n", "networks: [temporal]\n    ports: ['127.0.0.1:7233:7233']\n", "is published as"),
        ("    networks: [data, temporal]\n", "    networks: [edge]\n", "which is not internal"),
        ("${POSTGRES_PASSWORD:?see docs/deploying.md}", "postgres", "does not take POSTGRES_PASSWORD from"),
        ("{ONEFOLD_CODEC_KEYS:?see docs/deploying.md}", "{ONEFOLD_CODEC_KEYS:-k}", "take ONEFOLD_CODEC_KEYS from"),
        ("${ONEFOLD_SMTP_URL:-}", "smtp://user:password@host", "worker does not take ONEFOLD_SMTP_URL from"),
    ],
)
def test_a_file_that_breaks_a_rule_is_found_out(old: str, new: str, complaint: str) -> None:
    text = COMPOSE.read_text(encoding="utf-8")
    assert old in text
    assert any(complaint in one for one in complaints(text.replace(old, new)))


@pytest.fixture
def secrets(tmp_path: Path) -> dict[str, str]:
    """What the guide's first block writes to `.env`."""
    script = GUIDE.read_text(encoding="utf-8").partition("```sh\n")[2].partition("```")[0]
    subprocess.run(["sh", "-eu", "-c", script], cwd=tmp_path, check=True)
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0
    return dict(line.split("=", 1) for line in (tmp_path / ".env").read_text(encoding="utf-8").splitlines())


def test_the_guide_makes_exactly_the_secrets_that_the_file_demands(secrets: dict[str, str]) -> None:
    demanded = re.findall(r"\$\{(\w+):\?", COMPOSE.read_text(encoding="utf-8"))
    assert secrets.keys() == set(demanded)
    assert len(set(secrets.values())) == len(secrets)


@pytest.mark.parametrize("service", ONEFOLD)
def test_onefold_accepts_what_it_is_given(
    service: str, secrets: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    compose = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    for name, value in compose["services"][service]["environment"].items():
        monkeypatch.setenv(name, interpolated(value, secrets))
    settings = read(WorkerSettings if service == "worker" else Settings)
    assert settings.database_url.get_secret_value().startswith("postgresql+psycopg://onefold:")
    assert settings.pool == Settings.model_fields["pool"].default
    assert (settings.host == "0.0.0.0") is (service == "api")


def test_the_guide_names_every_variable_that_can_be_chosen() -> None:
    names = {found["name"] for found in REFERENCE.finditer(COMPOSE.read_text(encoding="utf-8"))} - {None}
    guide = GUIDE.read_text(encoding="utf-8")
    assert [name for name in sorted(names) if f"`{name}`" not in guide] == []


def test_the_codec_endpoint_answers_the_origin_that_the_ui_is_published_at() -> None:
    compose = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
    (published,) = compose["temporal-ui"]["ports"]
    assert compose["api"]["environment"]["ONEFOLD_CODEC_ORIGIN"] == f"http://localhost:{published.split(':')[1]}"
    ui, environment = compose["temporal-ui"]["environment"], {"ONEFOLD_CODEC_ENDPOINT_SECRET": "s3cret"}
    assert interpolated(ui["TEMPORAL_CODEC_ENDPOINT"], environment) == "http://localhost:8080/temporal/codec/s3cret"


@pytest.fixture
def build_context() -> list[str]:
    """What .dockerignore lets in: it refuses everything first."""
    rules = [line for line in (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    assert rules[0] == "*"
    return [rule.removeprefix("!") for rule in rules if rule.startswith("!")]


def test_the_build_context_is_the_packages_and_what_installs_them(build_context: list[str]) -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert sorted(build_context) == sorted([*packages, "README.md", "pyproject.toml", "requirements"])


def last(instruction: str) -> str:
    lines = (PROJECT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    return [line.split(maxsplit=1)[1] for line in lines if line.startswith(f"{instruction} ")][-1]


def test_the_image_runs_onefold_and_not_as_root() -> None:
    assert last("ENTRYPOINT") == '["onefold"]'
    assert last("USER") == "10001"


def test_the_commands_exist() -> None:
    compose = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    for name in ONEFOLD:
        assert CliRunner().invoke(app, [*compose["services"][name]["command"], "--help"]).exit_code == 0
