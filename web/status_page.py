"""How it goes: what is needed, what waits, and which version runs."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.health import readiness
from api.services import Wired
from domain.findings import ADVICE, TOLD
from store import histories, reconciliation
from store.backlog import read_backlog
from store.checkpoint_state import read_state
from store.migrate import current, head
from store.tokens import Scope
from web.merge_words import STATES
from web.page_route import PageRoute
from web.rendering import LIVE, page
from web.viewer import SignedIn

router = APIRouter(route_class=PageRoute, include_in_schema=False)

NAMES = {
    "database": "PostgreSQL and its schema",
    "temporal": "Temporal, and workers that poll it",
}
OPEN = [state for state in STATES if state != "done"]


@router.get("/status")
async def status(request: Request, wired: Wired, viewer: SignedIn) -> Response:
    checks = await readiness(wired)
    reach = viewer.token.reach(Scope.MERGES_READ)
    async with wired.store.transaction() as connection:
        revision = await connection.run_sync(current)
    return page(
        request,
        "status.html",
        cache=LIVE,
        viewer=viewer,
        checks=[(NAMES.get(part, part), said) for part, said in checks.items()],
        ready=all(said == "ok" for said in checks.values()),
        backlog=await read_backlog(wired.store, reach),
        histories=await histories.read_backlog(wired.store, reach),
        findings=await reconciliation.current(wired.store, reach),
        told=TOLD,
        advice=ADVICE,
        checkpoints=await read_state(wired.store, reach),
        reaches_all=reach is None,
        states=[(state, STATES[state]) for state in OPEN],
        revision=revision,
        needed=head(),
        temporal_ui=wired.codec_endpoint and wired.codec_endpoint.origin,
    )
