"""The README says what the code does."""

import re
import shlex
from pathlib import Path
from typing import Any

import typer
from pydantic import AliasChoices, AliasPath
from pydantic.fields import FieldInfo

from domain.plan import Outcome, Rule
from domain.roles import Role
from onefold.cli import app
from onefold.commands import failures
from onefold.settings import UpSettings, WorkerSettings
from store.tokens import SCOPES
from tests.pictures.taking import names

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def variable(name: str, field: FieldInfo) -> str:
    alias = field.validation_alias
    assert not isinstance(alias, AliasChoices | AliasPath)
    return alias or f"ONEFOLD_{name.upper()}"


def documented() -> dict[str, str]:
    """The settings table: each variable with what it says of the default."""
    return dict(re.findall(r"^\| `([A-Z_]+)` \| ([^|]*?) ?\|", README, re.MULTILINE))


def test_every_setting_is_in_the_table_and_nothing_else() -> None:
    fields = {**UpSettings.model_fields, **WorkerSettings.model_fields}
    assert set(documented()) == {variable(name, field) for name, field in fields.items()}


def test_the_defaults_in_the_table_are_the_settings_own() -> None:
    for name, field in {**UpSettings.model_fields, **WorkerSettings.model_fields}.items():
        if not field.is_required() and field.default is not None:
            told = documented()[variable(name, field)].strip("`")
            assert told == f"{field.default}", name


def test_every_outcome_and_rule_is_explained() -> None:
    for word in (*Outcome, *Rule):
        assert f"`{word.value}`" in README, word


def test_every_role_is_explained_with_its_scopes() -> None:
    told = dict(re.findall(r"^\| `([a-z]+)` \| (`[^|]+) \|$", README, re.MULTILINE))
    for role in set(Role) - {Role.ADMIN}:
        assert set(re.findall(r"`([a-z:]+)`", told[role.value])) == SCOPES[role], role
    assert told["admin"].startswith("`admin`, which includes all others but `merges:decide`")


def test_the_exit_codes_are_all_told() -> None:
    told = {int(code) for code in re.findall(r"^\| ([0-9]) \|", README, re.MULTILINE)}
    assert told == {0, 2, failures.ERROR, failures.REFUSED, failures.UNKNOWN, failures.UNREACHABLE}


def test_every_block_calls_the_command_as_make_run_leaves_it() -> None:
    for line in "\n".join(re.findall(r"```sh\n(.*?)```", README, re.DOTALL)).splitlines():
        assert not re.search(r"(?<![./\w])onefold [a-z]", line.partition(" #")[0]), line


def test_every_call_after_the_tour_is_one_that_the_command_takes() -> None:
    blocks = re.findall(r"```sh\n(.*?)```", README[README.index("## Who is asked") :], re.DOTALL)
    calls = [shlex.split(line, comments=True) for block in blocks for line in block.splitlines()]
    calls = [words[1:] for words in calls if words and words[0].endswith("/onefold")]
    assert len(calls) > 5
    for words in calls:
        command: Any = typer.main.get_command(app)
        while hasattr(command, "commands"):
            command = command.commands[words.pop(0)]
        command.make_context("onefold", words)  # raises what wrong usage is refused with


def test_every_file_that_is_linked_exists() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_every_picture_is_shown_in_the_readers_own_scheme() -> None:
    shown = re.findall(r'(dark\)" srcset|src)="docs/pictures/([a-z]+)-(dark|light)\.png"', README)
    assert {f"{page}-{scheme}.png" for _, page, scheme in shown} == set(names())
    assert all((scheme == "dark") == kind.startswith("dark") for kind, _, scheme in shown)
    assert len(re.findall(r'<img alt="[^"]{40,}"', README)) == len(names()) / 2


def test_nothing_is_left_to_be_filled_in() -> None:
    assert not re.search(r"^[A-Z]+_TABLE$", README, re.MULTILINE)
