"""Whether an entry's hashed bytes tell anything but ids, hashes, and words and names that are nobody's.

Judged by the form that each member must have, not by a search for known values: a customer's favourite food may be
called like a column, and a birthday may be the day of the merge.
"""

import re
from collections.abc import Iterator
from typing import Any

_HASH = re.compile(r"[0-9a-f]{64}")
_NUMBER = re.compile(r"[0-9]+")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NUMBER_OR_UUID = re.compile(f"{_NUMBER.pattern}|{_UUID.pattern}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z")
_WORD = re.compile(r"[a-z]+([-_.][a-z]+)*(/[0-9]+)?")
_NUMBER_OR_WORD = re.compile(f"{_NUMBER.pattern}|{_WORD.pattern}")
_SCOPE = re.compile(r"[a-z]+(:[a-z]+)?")
_CONSTANT = re.compile(r"[A-Z]+(_[A-Z]+)*")
_NAME = re.compile(r".+", re.DOTALL)  # of a column: the database's, not a person's
_OURS = re.compile(r"[a-z0-9-]+")  # a workflow's id is a keyed hash, a run's random, a requester a token's

_FORMS = {
    **dict.fromkeys(("format", "kind", "outcome", "ruleset", "rule", "winner", "role", "code"), _WORD),
    **dict.fromkeys(("database", "seq", "attempt", "version", "absorbed", "devices", "revision", "person"), _NUMBER),
    **dict.fromkeys(("previous", "request", "plan", "snapshot", "result", "older", "newer"), _HASH),
    **dict.fromkeys(("name", "requiredColumns", "lookupKeys"), _NAME),
    "merge": _UUID,
    "id": _NUMBER_OR_UUID,
    "survivor": _NUMBER_OR_WORD,
    "at": _TIME,
    "workflow.id": _OURS,
    "run": _OURS,
    "token": _OURS,
    "requester": _OURS,
    # Of an event: who, and of what kind's detail which member.
    "contact": _NUMBER,
    **dict.fromkeys(
        ("detail.cause", "detail.says", "detail.type", "detail.owner", "detail.members", "detail.what"), _WORD
    ),
    **dict.fromkeys(("detail.comment", "detail.other", "detail.pair", "detail.before"), _NUMBER),
    **dict.fromkeys(("detail.size", "detail.events"), _NUMBER),
    **dict.fromkeys(("detail.digest", "detail.manifest"), _HASH),
    **dict.fromkeys(("detail.status", "detail.channel"), _CONSTANT),
    **dict.fromkeys(("detail.column", "detail.qualifier"), _NAME),
    "detail.decision": _UUID,
    "detail.scopes": _SCOPE,
    "detail.expires": _TIME,
}


def disclosed(document: Any, personal: frozenset[str]) -> Iterator[str]:
    """The members of an entry that tell what they should not.

    `personal` are the values that the entry commits to: an id of ours must not be one of them.
    """
    for path, text in _texts("", document):
        form = _FORMS.get(path) or _FORMS.get(path.rpartition(".")[2])
        if form is None or not form.fullmatch(text) or (form is _OURS and text in personal):
            yield path


def _texts(path: str, value: Any) -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            for name, member in value.items():
                yield from _texts(f"{path.rpartition('.')[2]}.{name}" if path else name, member)
        case list():
            for item in value:
                yield from _texts(path, item)
        case str():
            yield path, value
