"""Every code that a problem document can carry: the refusals, the API's own, and those of HTTP itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

from api.problems import INTERNAL_ERROR, REQUEST_INVALID
from domain.errors import refusals
from web.advice import ADVICE, ADVICE_BY_CLASS


@dataclass(frozen=True)
class Known:
    code: str
    status: HTTPStatus
    title: str
    advice: str


def listed() -> list[Known]:
    """By status and code. Of HTTP's own only those that are known to be sent, and so have advice."""
    of_http = [known for known in _of_http() if known.code in ADVICE]
    every = {known.code: known for known in [*of_http, *_ours()]}  # service-unavailable is both
    return sorted(every.values(), key=lambda known: (known.status, known.code))


def find(code: str) -> Known | None:
    return {known.code: known for known in [*_of_http(), *_ours()]}.get(code)


def _ours() -> Iterator[Known]:
    refused = ((kind.code, kind.status, kind.title) for kind in refusals())
    for code, status, title in (REQUEST_INVALID, INTERNAL_ERROR, *refused):
        yield Known(code, HTTPStatus(status), title, ADVICE[code])


def _of_http() -> Iterator[Known]:
    """With the codes that api/problems.py makes of them."""
    for status in HTTPStatus:
        if status >= HTTPStatus.BAD_REQUEST:
            code = status.phrase.lower().replace(" ", "-")
            yield Known(code, status, status.phrase, ADVICE.get(code, ADVICE_BY_CLASS[status // 100]))
