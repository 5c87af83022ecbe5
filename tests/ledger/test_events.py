import re

import pytest

from ledger.events import MEMBERS, Event, EventKind
from tests.house import ROOT, files


def test_every_kind_says_what_its_detail_holds() -> None:
    assert set(MEMBERS) == set(EventKind)


@pytest.mark.parametrize("detail", [{}, {"comment": 1, "text": "She moved."}, {"text": "She moved."}])
def test_an_event_holds_what_its_kind_has_and_nothing_else(detail: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"comment\.added has the members"):
        Event(EventKind.COMMENT_ADDED, 10000, detail=detail)
    assert Event(EventKind.COMMENT_ADDED, 10000, detail={"comment": 1}).detail == {"comment": 1}


@pytest.mark.parametrize("kind", EventKind)
def test_every_kind_is_recorded_somewhere(kind: EventKind) -> None:
    sources = [(ROOT / path).read_text() for path in files() if path != "ledger/events.py"]
    assert any(re.search(rf"\bEventKind\.{kind.name}\b", source) for source in sources)
