"""JSON as it leaves and as it is stored: times in RFC 3339 with Z, numbers as numbers."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.times import rfc3339


def to_json(document: object, **layout: Any) -> str:
    """`layout` is how `json.dumps` lays it out. Raises TypeError for a value that no document holds."""
    return json.dumps(document, default=_text, **layout)


def as_wire(document: object) -> Any:
    """The document as whoever reads its JSON has it: times and ids are text."""
    return json.loads(to_json(document))


def _text(value: object) -> str:
    match value:
        case datetime():
            return rfc3339(value)
        case UUID():
            return str(value)
    raise TypeError(type(value).__name__)
