"""The OpenAPI document: valid, complete, and what the service does."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from jsonschema import Draft202012Validator

from api.app import create_app
from domain.errors import refusals

PROBE_IDS = {"getHealth", "getReadiness"}
OPERATION_IDS = {
    *("establishIdentity", "createMerge", "previewMerge", "getMerge", "getMergeStory", "listMerges"),
    *("createContact", "getContactByLookupKey", "getContact", "patchContact", "upsertContactByLookupKey"),
    *("upsertContactByChannel", "getContactByChannel", "removeDevice"),
    *("listLookupKeys", "getLookupKey", "putLookupKey", "deleteLookupKey"),
    *("listDatabases", "createDatabase", "getDatabase", "addColumn", "addAppKey", "addCampaign"),
    *("getPolicy", "putPolicy", "listPolicyVersions"),
    *("listKeptApart", "liftKeptApart"),
    *("decideMerge", "withdrawMerge", "claimMerge", "releaseMerge", "commentMerge"),
    *("checkReceipt", "getLatestCheckpoint"),
    *("addMessage", "listMessages", "addEvent", "listEvents"),
    *PROBE_IDS,
}
# Refusals that no operation of the document answers with.
IN_HISTORY = {"decision-required", "decision-not-found", "deadline-ahead"}
ON_PAGES = {"form-foreign", "form-stale", "own-account", "searches-many", "sign-in-failed", "sign-in-blocked"}
IN_THE_COMMAND = {"person-not-found", "password-weak"}


@asynccontextmanager
async def _nothing(_: FastAPI) -> AsyncIterator[None]:
    yield


DOCUMENT: dict[str, Any] = create_app(_nothing, "1.2.3").openapi()
OPERATIONS = [
    (path, method, operation) for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()
]
each_operation = pytest.mark.parametrize(
    ("path", "operation"),
    [(path, one) for path, _, one in OPERATIONS],
    ids=[one["operationId"] for *_, one in OPERATIONS],
)


def test_the_document_is_valid_openapi_3_1() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    schemathesis.openapi.from_dict(DOCUMENT).validate()
    for name, schema in DOCUMENT["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert schema.get("description") or schema["properties"], name


def test_every_reference_leads_somewhere_and_nothing_lies_about_unused() -> None:
    named = set(re.findall(r"'#/components/schemas/(\w+)'", str(DOCUMENT)))
    assert named == set(DOCUMENT["components"]["schemas"])


def test_operation_ids_are_what_they_were() -> None:
    """Generated clients are named after them: changing one breaks its callers."""
    assert sorted(one["operationId"] for *_, one in OPERATIONS) == sorted(OPERATION_IDS)


@each_operation
def test_every_operation_is_told_in_words(path: str, operation: dict[str, Any]) -> None:
    assert operation["summary"][0].isupper()
    assert operation["tags"]
    assert all(answer["description"] for answer in operation["responses"].values()), path


@each_operation
def test_every_part_of_a_path_is_described_with_an_example(path: str, operation: dict[str, Any]) -> None:
    described = {one["name"]: one["schema"] for one in operation.get("parameters", []) if one["in"] == "path"}
    assert set(described) == set(re.findall(r"{(\w+)}", path))
    for schema in described.values():
        assert schema.get("examples") or schema.get("format") == "uuid"


@each_operation
def test_every_operation_but_the_probes_wants_a_bearer_token(path: str, operation: dict[str, Any]) -> None:
    is_probe = operation["operationId"] in PROBE_IDS
    assert operation.get("security") == (None if is_probe else [{"HTTPBearer": []}]), path
    assert ("401" in operation["responses"]) is not is_probe
    scheme = DOCUMENT["components"]["securitySchemes"]["HTTPBearer"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")


@each_operation
def test_every_refusal_is_documented_as_a_problem_with_an_example_of_each_code(
    path: str, operation: dict[str, Any]
) -> None:
    for status, answer in operation["responses"].items():
        if int(status) < 300 or operation["operationId"] in PROBE_IDS:
            continue
        assert set(answer["content"]) == {"application/problem+json"}, path
        content = answer["content"]["application/problem+json"]
        assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
        for code, example in content["examples"].items():
            assert example["value"]["code"] == code
            assert example["value"]["status"] == int(status)
            assert example["value"]["type"].endswith(f"/problems/{code}")


@each_operation
def test_every_answer_that_succeeds_has_a_schema_of_its_own(path: str, operation: dict[str, Any]) -> None:
    succeeding = {int(status): answer for status, answer in operation["responses"].items() if int(status) < 300}
    assert succeeding, path
    for status, answer in succeeding.items():
        if status == HTTPStatus.NO_CONTENT:
            assert "content" not in answer
        else:
            assert answer["content"]["application/json"]["schema"].keys() & {"$ref", "type", "anyOf"}


@each_operation
def test_what_is_sent_and_refused_has_its_own_codes(path: str, operation: dict[str, Any]) -> None:
    codes = _codes(operation)
    sends_body = {"body-malformed", "body-too-large", "body-not-json"}
    assert sends_body <= codes if "requestBody" in operation else not sends_body & codes
    assert ("database-not-found" in codes) >= ("{databaseId}" in path)
    assert ("contact-absorbed" in codes) == ("{contactId}" in path)
    assert ("merge-blocked" in codes) == (operation["operationId"] == "establishIdentity")
    assert "internal-error" not in codes, "a defect is no part of an interface"


def test_every_refusal_that_there_is_can_be_met_somewhere() -> None:
    met = set().union(*(_codes(operation) for *_, operation in OPERATIONS))
    elsewhere = IN_HISTORY | ON_PAGES | IN_THE_COMMAND
    assert {kind.code for kind in refusals()} - elsewhere <= met
    assert not elsewhere & met


def _codes(operation: dict[str, Any]) -> set[str]:
    contents = [answer.get("content", {}) for answer in operation["responses"].values()]
    return {code for one in contents for code in one.get("application/problem+json", {}).get("examples", {})}


def test_every_example_is_an_example_of_its_own_schema() -> None:
    found = list(_with_examples(DOCUMENT))
    assert len(found) > 10
    for schema in found:
        whole = {**schema, "components": DOCUMENT["components"]}
        for example in schema["examples"]:
            Draft202012Validator(whole).validate(example)


def _with_examples(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if isinstance(node.get("examples"), list):
            yield node
        for inner in node.values():
            yield from _with_examples(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _with_examples(inner)
