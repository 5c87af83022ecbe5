"""The application: routes, problems, and what every answer carries."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import FastAPI

from api import (
    activity,
    codec_endpoint,
    contacts,
    databases,
    establish_identity,
    health,
    kept_apart,
    lookup_keys,
    merges,
    metrics,
    policies,
    problems,
    receipts,
    reviews,
    stories,
)
from api.access_log import AccessLog
from api.openapi import completed

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
COMPATIBLE_PREFIXES = ("", "/rest")  # the vendor publishes both


class Application(FastAPI):
    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = completed(super().openapi())
        return self.openapi_schema


def create_app(lifespan: Lifespan, version: str) -> FastAPI:
    """`lifespan` sets `app.state.services` before the first request."""
    app = Application(
        title="Onefold",
        summary="Merges two contact records into one, durably and auditably.",
        version=version,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a path that is not quite right is refused, not guessed
    )
    for prefix in COMPATIBLE_PREFIXES:
        for router in (establish_identity.compatible, contacts.router, lookup_keys.router):
            app.include_router(router, prefix=prefix, include_in_schema=not prefix)
    for router in (
        establish_identity.own,
        merges.router,
        reviews.router,
        stories.router,
        databases.router,
        policies.router,
        kept_apart.router,
        activity.router,
        receipts.router,
    ):
        app.include_router(router)
    for router in (health.router, metrics.router, codec_endpoint.router):
        app.include_router(router)
    problems.install(app)
    app.add_middleware(AccessLog)
    return app
