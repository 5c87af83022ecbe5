"""What happened in a run, event by event, as people read it: named, in prose, its payloads in clear."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.protobuf import json_format
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

Document = Mapping[str, Any]

_TYPE = "EVENT_TYPE_"
_REFERS = ("scheduledEventId", "acceptedEventId", "startedEventId")


@dataclass(frozen=True)
class RunEvent:
    """`summary` is the prose that the workflow gave it, or that what it belongs to was given.

    `what` is the name of the activity, message or signal, `attempt` which try of an activity. `document` is the event
    as Temporal gives it, `clear` the same with its payloads in clear.
    """

    id: int
    type: str
    at: datetime
    what: str
    summary: str
    attempt: int
    document: Document
    clear: Document

    @property
    def is_housekeeping(self) -> bool:
        """Between the server and its workers: it tells nothing of the request."""
        return self.type.startswith("WORKFLOW_TASK") and not self.type.endswith(("FAILED", "TIMED_OUT"))


async def events_of(history: Document, codec: PayloadCodec) -> Sequence[RunEvent]:
    """Of a history in Temporal's JSON. A payload that the codec refuses stays as it is."""
    found: dict[int, RunEvent] = {}
    for document in history.get("events", ()):
        event = _event(document, await _clear(document, codec), found)
        found[event.id] = event
    return list(found.values())


def _event(document: Document, clear: Document, before: Mapping[int, RunEvent]) -> RunEvent:
    told: Document = next((value for name, value in clear.items() if name.endswith("EventAttributes")), {})
    origin = next((before[int(told[name])] for name in _REFERS if int(told.get(name, 0)) in before), None)
    summary = clear.get("userMetadata", {}).get("summary")
    return RunEvent(
        id=int(document["eventId"]),
        type=document["eventType"].removeprefix(_TYPE),
        at=datetime.fromisoformat(document["eventTime"]),
        what=_named(told) or (origin.what if origin else ""),
        summary=summary if isinstance(summary, str) else origin.summary if origin else "",
        attempt=int(told.get("attempt", 1)),
        document=document,
        clear=clear,
    )


def _named(told: Document) -> str:
    """An activity, an update, a signal, or a local activity, which lies in a marker."""
    match told:
        case {"activityType": {"name": str(name)}} | {"acceptedRequest": {"input": {"name": str(name)}}}:
            return name
        case {"signalName": str(name)} | {"details": {"data": {"payloads": [{"activity_type": str(name)}, *_]}}}:
            return name
    return ""


async def _clear(value: Any, codec: PayloadCodec) -> Any:
    match value:
        case {"metadata": {"encoding": str()}}:
            return await _payload(value, codec)
        case dict():
            return {name: await _clear(member, codec) for name, member in value.items()}
        case list():
            return [await _clear(item, codec) for item in value]
    return value


async def _payload(document: Document, codec: PayloadCodec) -> Any:
    payload = json_format.ParseDict(dict(document), Payload())
    if payload.metadata["encoding"].startswith(b"binary/encrypted"):
        try:
            (payload,) = await codec.decode([payload])
        except ValueError:
            return document
    if not payload.metadata["encoding"].startswith(b"json/"):
        return json_format.MessageToDict(payload)
    return json.loads(payload.data)
