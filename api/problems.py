"""Every error as an RFC 9457 problem document: refusals, FastAPI's own, and what nobody foresaw."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple, cast

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.responses import document
from domain.errors import ContactAbsorbed, Refusal

log = structlog.get_logger()


class Kind(NamedTuple):
    """A problem that is no refusal."""

    code: str
    status: HTTPStatus
    title: str


MEDIA_TYPE = "application/problem+json"
REQUEST_INVALID = Kind(
    "request-invalid", HTTPStatus.UNPROCESSABLE_ENTITY, "The request is not of the documented shape."
)
INTERNAL_ERROR = Kind("internal-error", HTTPStatus.INTERNAL_SERVER_ERROR, "Internal error")
_RETRY_AFTER = {503: "1"}
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_HTTP_DETAILS = {
    404: "No route has this path. A slash inside a value must be sent as %2F.",
    405: "This path does not take this method; the Allow header names those that it takes.",
}


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
    content = {**_document(f"{request.base_url}", status, code, title, detail), **(extensions or {})}
    return document(content, status=status, headers=headers, media_type=MEDIA_TYPE)


def http_problem(status: int, detail: str, *, base_url: str = "/") -> dict[str, object]:
    """One of HTTP's own errors, also for what never became a request; `type` is then relative."""
    known = HTTPStatus(status)
    return _document(base_url, status, known.phrase.lower().replace(" ", "-"), known.phrase, detail)


def _document(base_url: str, status: int, code: str, title: str, detail: str) -> dict[str, object]:
    return {"type": f"{base_url}problems/{code}", "title": title, "status": status, "code": code, "detail": detail}


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
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_middleware(Unforeseen)


class Unforeseen:
    """Answers the errors that nobody foresaw.

    A handler for `Exception` would too, but Starlette then raises the error again, for which uvicorn cuts the
    connection: the caller's next request on it would be lost.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def sent(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, sent)
        except Exception as error:
            if begun or scope["type"] != "http":
                raise
            response = await _unforeseen(Request(scope), error)
            await response(scope, receive, send)


async def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)  # noqa: S101 - as installed
    return refused(request, error)


async def _invalid(request: Request, error: Exception) -> Response:
    """FastAPI's validation, without the values that it would repeat."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as installed
    errors = [
        {"pointer": _pointer(one["loc"]), "detail": one["msg"].removeprefix("Value error, ")} for one in error.errors()
    ]
    return problem(
        request,
        **REQUEST_INVALID._asdict(),
        detail="; ".join(f"{one['pointer']}: {one['detail']}" for one in errors),
        extensions={"errors": errors},
    )


async def http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as installed
    detail = _HTTP_DETAILS.get(error.status_code, str(error.detail))
    content = http_problem(error.status_code, detail, base_url=str(request.base_url))
    headers = dict(error.headers or {})
    if "Allow" in headers:  # the router names those of one route alone
        headers["Allow"] = ", ".join(method for method in _METHODS if _is_routed(request, method))
    return document(content, status=error.status_code, headers=headers, media_type=MEDIA_TYPE)


def _is_routed(request: Request, method: str) -> bool:
    scope = {**request.scope, "method": method}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)


async def _gone(_: Request, __: Exception) -> Response:
    """The caller hung up in the middle of the body: nothing was done, and nobody reads this."""
    return Response(status_code=400)


async def _unforeseen(request: Request, error: Exception) -> Response:
    """What the application has to show for it, such as a page; else the document."""
    log.error("request.failed", error=type(error).__name__, route=route_template(request))
    show = request.app.exception_handlers.get(Exception, internal_error)
    try:
        return cast("Response", await show(request, error))
    except Exception as another:
        log.error("error.not.shown", error=type(another).__name__)  # noqa: TRY400 - its traceback may hold values
        return await internal_error(request, error)


async def internal_error(request: Request, _: Exception) -> Response:
    return problem(
        request,
        **INTERNAL_ERROR._asdict(),
        detail="Something failed that should not have. Nothing more is told here; the log names the error.",
    )


def route_template(request: Request) -> str:
    """The route as it is declared: a path may hold a phone number, its template never does."""
    return getattr(request.scope.get("route"), "path", "")


def _pointer(location: Sequence[Any]) -> str:
    """As RFC 6901 writes it, with the part of the request as its first step."""
    return "/" + "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in location)


def _at_survivor(request: Request, survivor: int) -> str:
    absorbed = request.path_params["contactId"]
    return str(request.url).replace(f"/contacts/{absorbed}", f"/contacts/{survivor}", 1)
