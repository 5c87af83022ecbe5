"""The house as the design draws it. Each rule is shown to fail, in examples of a line or two."""

import pytest

from tests.house import LAYERS, ROOT, SQL_ELSEWHERE, faults, files

FILES = list(files())


def test_every_package_of_the_design_is_looked_at() -> None:
    assert {file.split("/")[0] for file in FILES} == set(LAYERS)
    assert len(FILES) > 100


@pytest.mark.parametrize("path", FILES)
def test_a_file_keeps_the_rules_of_its_place(path: str) -> None:
    assert faults(path, (ROOT / path).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", SQL_ELSEWHERE)
def test_an_exception_is_still_needed(path: str) -> None:
    source = (ROOT / path).read_text(encoding="utf-8")
    assert any("holds SQL" in one for one in faults("onefold/another.py", source))


@pytest.mark.parametrize(
    ("path", "source"),
    [(f"{lower}/a.py", f"from {higher}.b import c") for at, lower in enumerate(LAYERS) for higher in LAYERS[at + 1 :]],
)
def test_nothing_imports_what_lies_above_it(path: str, source: str) -> None:
    assert faults(path, source)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("workflows/a.py", "from store.engine import Store"),
        ("workflows/a.py", "import ledger.entry"),
        ("workflows/a.py", "from activities.merge import Merge"),
        ("workflows/a.py", "from activities import merge"),
        ("api/contacts.py", "from workflows.establish_identity import NAME"),
        ("api/contacts.py", "from activities.names import MERGE"),
        ("api/gateway.py", "from activities.merge import Merge"),
        ("api/search_attributes.py", "from workflows.establish_identity import NAME"),
        ("web/home.py", "from workflows.establish_identity import EstablishIdentity"),
        ("web/home.py", "from activities import names"),
        ("domain/a.py", "from .. import store"),
        ("store/a.py", "def later():\n    from api import app"),
        ("store/a.py", "if TYPE_CHECKING:\n    import api.app as harmless"),
        ("onefold/a.py", "from tests.stack import Stack"),
        ("onefold/notices/a.py", "from store.outbox import Due"),
        ("onefold/notices/a.py", "from onefold.settings import Settings"),
        ("domain/a.py", "import sqlalchemy"),
        ("domain/a.py", "import yaml"),
        ("domain/a.py", "import time"),
        ("domain/a.py", "from os import path"),
        ("domain/a.py", "import secrets"),
        ("domain/a.py", "import cryptography.exceptions"),
        ("store/a.py", "from cryptography.hazmat.primitives.ciphers.aead import AESGCM"),
        ("ledger/a.py", "from sqlalchemy import text"),
        ("api/a.py", "from sqlalchemy.ext.asyncio import AsyncEngine"),
        ("web/a.py", "import psycopg"),
        ("workflows/a.py", "import sqlalchemy"),
        ("store/a.py", "from fastapi import APIRouter"),
        ("activities/a.py", "import fastapi"),
        ("workflows/a.py", "from pydantic import BaseModel"),
        ("api/a.py", "from jinja2 import Environment"),
        ("onefold/a.py", "import jinja2"),
        ("activities/a.py", "import httpx"),
        ("store/a.py", "from smtplib import SMTP"),
        ("api/a.py", "import standardwebhooks"),
        ("store/a.py", "from temporalio import activity"),
        ("domain/a.py", "import temporalio.workflow"),
        ("web/a.py", "from temporalio.client import Client"),
        ("ledger/a.py", "import temporalio"),
        ("api/a.py", "import os\nos.environ['A']"),
        ("store/a.py", "import os\nos.getenv('A')"),
        ("web/a.py", "from os import environ"),
        ("workflows/a.py", "from os import getenv as read"),
        ("domain/a.py", "from datetime import datetime\ndatetime.now()"),
        ("domain/a.py", "import datetime\ndatetime.datetime.now(datetime.UTC)"),
        ("domain/a.py", "from datetime import date\ndate.today()"),
        ("api/a.py", "client.start_workflow(W.run)"),
        ("api/establish_identity.py", "await handle.execute_update(settle)"),
        ("web/a.py", "services.gateway.client.get_workflow_handle('id')"),
        ("onefold/demo.py", "await client.execute_workflow('EstablishIdentity')"),
        ("activities/a.py", "client.execute_update_with_start_workflow(settle)"),
        ("api/a.py", "operation = WithStartWorkflowOperation(run)"),
        ("api/a.py", "text('SELECT id FROM contacts')"),
        ("activities/a.py", 'QUERY = f"""\n    INSERT INTO {table} VALUES (1)"""'),
        ("onefold/a.py", "'UPDATE contacts SET a = 1'"),
        ("web/a.py", "'DELETE FROM contacts'"),
        ("ledger/a.py", "'WITH chain AS (SELECT 1) SELECT * FROM chain'"),
    ],
)
def test_it_can_fail(path: str, source: str) -> None:
    assert len(faults(path, source)) >= 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("domain/a.py", "import rfc8785\nimport json\nfrom datetime import datetime\nfrom domain.plan import Plan"),
        ("store/a.py", "from sqlalchemy import text\nfrom ledger.entry import seal\nQUERY = text('SELECT 1 FROM a')"),
        ("workflows/a.py", "from activities.names import MERGE\nfrom domain.messages import Settled"),
        ("workflows/a.py", "await workflow.execute_activity(MERGE)\nworkflow.now()"),
        ("api/gateway.py", "from workflows.establish_identity import SETTLE\nclient.start_workflow(W.run)"),
        ("api/gateway_call.py", "operation = WithStartWorkflowOperation(EstablishIdentity.run)"),
        (
            "api/a.py",
            "from fastapi import APIRouter\nfrom api.gateway import Gateway\n'Select a contact from it'",
        ),
        ("api/gateway.py", "from activities.names import MERGE"),
        ("web/a.py", "from jinja2 import Environment\nfrom api.gateway import Gateway"),
        ("onefold/a.py", "import os\nos.environ\nfrom workflows.establish_identity import EstablishIdentity"),
        ("onefold/embedded/postgres.py", "'SELECT 1 FROM pg_database'"),
        ("onefold/notices/a.py", "import httpx\nfrom domain.times import rfc3339\nfrom onefold.notices.b import C"),
        ("domain/a.py", "'''SELECT is a word of ours.'''\nage.time"),
    ],
)
def test_what_is_allowed_is_no_fault(path: str, source: str) -> None:
    assert faults(path, source) == []
