"""Every error as an RFC 9457 problem document: refusals, FastAPI's own, and what nobody foresaw."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from api.responses import document
from domain.errors import ContactAbsorbed, Refusal

_RETRY_AFTER = {503: "1", 202: "1"}
log = structlog.get_logger()


def problem(
    request: Request,
    *,
    status: int,
    code: str,
    title: str,
    detail: str,
    extensions: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """`type` resolves to a page of this service that explains the code."""
    content = {
        "type": f"{request.base_url}problems/{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        **(extensions or {}),
    }
    return document(content, status=status, headers=headers, media_type="application/problem+json")


def refused(request: Request, refusal: Refusal) -> Response:
    headers = {"Retry-After": _RETRY_AFTER[refusal.status]} if refusal.status in _RETRY_AFTER else {}
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(refusal, ContactAbsorbed):
        headers["Location"] = _at_survivor(request, refusal.survivor)
    return problem(
        request,
        status=refusal.status,
        code=refusal.code,
        title=refusal.title,
        detail=refusal.detail,
        extensions=refusal.extensions,
        headers=headers,
    )


def install(app: FastAPI) -> None:
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _unforeseen)


async def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)  # noqa: S101 - as installed
    return refused(request, error)


async def _invalid(request: Request, error: Exception) -> Response:
    """FastAPI's validation, without the values that it would repeat."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as installed
    errors = [{"pointer": _pointer(one["loc"]), "detail": one["msg"]} for one in error.errors()]
    return problem(
        request,
        status=422,
        code="request-invalid",
        title="The request is not of the documented shape.",
        detail="; ".join(f"{one['pointer']}: {one['detail']}" for one in errors),
        extensions={"errors": errors},
    )


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as installed
    status = HTTPStatus(error.status_code)
    return problem(
        request,
        status=status,
        code=status.phrase.lower().replace(" ", "-"),
        title=status.phrase,
        detail=str(error.detail),
        headers=error.headers,
    )


async def _gone(_: Request, __: Exception) -> Response:
    """The caller hung up in the middle of the body: nothing was done, and nobody reads this."""
    return Response(status_code=400)


async def _unforeseen(request: Request, error: Exception) -> Response:
    log.error("request.failed", error=type(error).__name__, route=route_template(request))
    return problem(
        request,
        status=500,
        code="internal-error",
        title="Internal error",
        detail="Something failed that should not have. Nothing more is told here; the log names the error.",
    )


def route_template(request: Request) -> str:
    """The route as it is declared: a path may hold a phone number, its template never does."""
    return getattr(request.scope.get("route"), "path", "")


def _pointer(location: Sequence[Any]) -> str:
    return "/" + "/".join(str(part) for part in location)


def _at_survivor(request: Request, survivor: int) -> str:
    absorbed = request.path_params["contactId"]
    return str(request.url).replace(f"/contacts/{absorbed}", f"/contacts/{survivor}", 1)
