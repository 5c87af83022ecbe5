"""Numbers for a monitoring system, in Prometheus' text format. They name no database and hold no value."""

from datetime import UTC, datetime

from fastapi import APIRouter, Response

from api.services import Wired
from store.checkpoint_state import CheckpointState, read_state

router = APIRouter(include_in_schema=False)

_MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@router.get("/metrics")
async def metrics(wired: Wired) -> Response:
    """Apart from readiness: a chain that nothing is signed over stops no merge."""
    gauges = _gauges(await read_state(wired.store, None))
    lines = [f"# HELP {name} {what}\n# TYPE {name} gauge\n{name} {value}\n" for name, what, value in gauges]
    return Response("".join(lines), media_type=_MEDIA_TYPE)


def _gauges(state: CheckpointState) -> list[tuple[str, str, float]]:
    age = (datetime.now(UTC) - state.oldest).total_seconds() if state.oldest else 0
    return [
        ("onefold_checkpoint_signing", "1 while a worker signs checkpoints.", int(state.is_signing)),
        ("onefold_checkpoint_places", "Places that checkpoints go to.", len(state.places)),
        (
            "onefold_checkpoint_failing_places",
            "Places that fail to take checkpoints.",
            sum(bool(one.fault) for one in state.places),
        ),
        ("onefold_checkpoint_refused_databases", "Chains that nothing is signed over.", len(state.refusals)),
        ("onefold_checkpoint_late_databases", "Chains with entries not covered for a minute.", state.late),
        (
            "onefold_checkpoint_oldest_uncovered_seconds",
            "Age of the oldest entry that no checkpoint has covered for a minute.",
            round(age, 1),
        ),
    ]
