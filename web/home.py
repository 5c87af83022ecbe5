"""The first page: what runs here, whether it is ready, and where to go."""

from dataclasses import dataclass

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse

from api.health import readiness
from api.services import Wired
from web.rendering import LIVE, page
from web.viewer import recognised

router = APIRouter(include_in_schema=False, dependencies=[Depends(recognised)])

_NAMES = {"database": "Database", "temporal": "Temporal and its workers"}


@dataclass(frozen=True)
class Part:
    """Something this service needs. `trouble` None: it is there."""

    name: str
    trouble: str | None


@router.api_route("/", methods=["GET", "HEAD"])
async def home(request: Request, wired: Wired) -> HTMLResponse:
    checks = await readiness(wired)
    return page(
        request,
        "home.html",
        cache=LIVE,
        parts=[Part(_NAMES.get(key, key), None if check == "ok" else check) for key, check in checks.items()],
        ready=all(check == "ok" for check in checks.values()),
        temporal_ui=wired.codec_endpoint and wired.codec_endpoint.origin,
    )
