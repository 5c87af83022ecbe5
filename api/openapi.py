"""What the OpenAPI document says beyond what FastAPI derives: every operation's problems, by status and code."""

from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.problems import MEDIA_TYPE, REQUEST_INVALID
from domain.errors import (
    BodyMalformed,
    BodyNotJson,
    BodyTooLarge,
    DatabaseNotFound,
    Refusal,
    ScopeMissing,
    ServiceUnavailable,
    Unauthenticated,
)

Responses = dict[int | str, dict[str, Any]]

_EXAMPLE_HOST = "https://onefold.example"
_AUTHENTICATED = (Unauthenticated, ScopeMissing, ServiceUnavailable)
_WITH_BODY = (BodyMalformed, BodyTooLarge, BodyNotJson)
_FASTAPIS_OWN = ("HTTPValidationError", "ValidationError")


class Problem(BaseModel):
    """RFC 9457; more members follow from the code. `code` is the same in history, JSON and page."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="Leads to a page that says what to do.")
    title: str
    status: int
    code: str
    detail: str = Field(description="What is wrong with this request. Never repeats a personal value.")


def may_refuse(*kinds: type[Refusal]) -> Responses:
    """An operation's own refusals; those of its token, its databaseId and its body are added by `completed`."""
    responses: Responses = {}
    for kind in kinds:
        _add(responses, kind.status, kind.code, kind.title)
    return responses


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """FastAPI's document, with the problems that follow from what an operation takes."""
    for path, operations in document["paths"].items():
        for operation in operations.values():
            _complete(operation, in_database="{databaseId}" in path)
    schemas = document["components"]["schemas"]
    for name in _FASTAPIS_OWN:
        schemas.pop(name, None)
    schemas[Problem.__name__] = Problem.model_json_schema()
    return document


def _complete(operation: dict[str, Any], *, in_database: bool) -> None:
    responses = operation["responses"]
    if "application/json" in responses.get("422", {}).get("content", {}):
        del responses["422"]  # FastAPI's own form of it, which is never sent
    takes_body = "requestBody" in operation
    kinds = [
        *(_AUTHENTICATED if "security" in operation else ()),
        *((DatabaseNotFound,) if in_database else ()),
        *(_WITH_BODY if takes_body else ()),
    ]
    for kind in kinds:
        _add(responses, str(kind.status), kind.code, kind.title)
    if takes_body or "parameters" in operation:
        _add(responses, str(REQUEST_INVALID.status), REQUEST_INVALID.code, REQUEST_INVALID.title)
    operation["responses"] = dict(sorted(responses.items()))


def _add(responses: dict[Any, dict[str, Any]], status: int | str, code: str, title: str) -> None:
    schema = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    told = responses.setdefault(status, {"content": {MEDIA_TYPE: {"schema": schema, "examples": {}}}})
    known = HTTPStatus(int(status))
    told.setdefault("description", known.phrase)
    if known is HTTPStatus.PERMANENT_REDIRECT:
        told["headers"] = {"Location": {"description": "The live contact.", "schema": {"type": "string"}}}
    example = {"type": f"{_EXAMPLE_HOST}/problems/{code}", "title": title, "status": known.value, "code": code}
    told["content"][MEDIA_TYPE]["examples"][code] = {"summary": title, "value": {**example, "detail": title}}
