"""The application: routes, problems, and what every answer carries."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI
from pydantic import BaseModel

from api import activity, codec_endpoint, contacts, databases, establish_identity, health, lookup_keys, merges, problems

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
COMPATIBLE_PREFIXES = ("", "/rest")  # the vendor publishes both


class Problem(BaseModel):
    """RFC 9457. `code` is the same in history, JSON and page."""

    type: str
    title: str
    status: int
    code: str
    detail: str


_PROBLEM = {"model": Problem, "content": {"application/problem+json": {}}, "description": "A problem document"}


def create_app(lifespan: Lifespan, version: str) -> FastAPI:
    """`lifespan` sets `app.state.services` before the first request."""
    app = FastAPI(
        title="Onefold",
        summary="Merges two contact records into one, durably and auditably.",
        version=version,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        responses={"4XX": _PROBLEM, "5XX": _PROBLEM},
    )
    for prefix in COMPATIBLE_PREFIXES:
        for router in (establish_identity.compatible, contacts.router, lookup_keys.router):
            app.include_router(router, prefix=prefix, include_in_schema=not prefix)
    for router in (establish_identity.own, merges.router, databases.router, activity.router, health.router):
        app.include_router(router)
    app.include_router(codec_endpoint.router)
    problems.install(app)
    return app
