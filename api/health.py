"""Is the process alive, and is everything that it needs there."""

import asyncio
from collections.abc import Awaitable
from http import HTTPStatus

from fastapi import APIRouter, Response

from api.responses import document
from api.services import Services, Wired
from api.shapes import Health, Readiness
from domain.errors import ServiceUnavailable
from store.engine import Store, StoreError
from store.migrate import current, head

router = APIRouter(tags=["Health"])

_PATIENCE = 2  # seconds for each part: a host that drops packets must not keep a probe waiting


@router.get("/healthz", operation_id="getHealth", response_model=Health, summary="The process answers")
async def healthz() -> Response:
    return document({"status": "ok"})


@router.get(
    "/readyz",
    operation_id="getReadiness",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "`checks` names what is missing."}},
    summary="Database, schema, Temporal and workers are there",
)
async def readyz(wired: Wired) -> Response:
    """503 names what is missing."""
    checks = await readiness(wired)
    ready = all(check == "ok" for check in checks.values())
    status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
    return document({"status": "ready" if ready else "not ready", "checks": checks}, status=status)


async def readiness(wired: Services) -> dict[str, str]:
    """Each part, `ok` or what is wrong with it."""
    return {
        "database": await _checked(_database(wired.store)),
        "temporal": await _checked(_temporal(wired)),
    }


async def _checked(check: Awaitable[str]) -> str:
    try:
        async with asyncio.timeout(_PATIENCE):
            return await check
    except (ServiceUnavailable, StoreError, TimeoutError):
        return "does not answer"


async def _database(store: Store) -> str:
    async with store.transaction() as connection:
        revision = await connection.run_sync(current)
    return "ok" if revision == head() else "the schema is not up to date: run `onefold db upgrade`"


async def _temporal(wired: Services) -> str:
    return "ok" if await wired.gateway.has_workers() else "no worker polls the task queue: run `onefold worker`"
