from datetime import UTC, datetime
from uuid import UUID

import pytest

from domain.wire import as_wire, to_json

ID = "00000000-0000-4000-8000-000000000000"


def test_a_document_is_written_as_whoever_asks_reads_it() -> None:
    read = as_wire({"at": datetime(2017, 8, 15, tzinfo=UTC), "id": UUID(ID), "n": 2**53 + 1, "none": None})
    assert read == {"at": "2017-08-15T00:00:00Z", "id": ID, "n": 2**53 + 1, "none": None}


def test_how_it_is_laid_out_is_its_writers_choice() -> None:
    assert to_json({"a": "\u00eb"}) == '{"a": "\\u00eb"}'
    assert to_json({"a": "\u00eb"}, ensure_ascii=False, separators=(",", ":")) == '{"a":"\u00eb"}'


def test_what_no_document_holds_is_a_defect() -> None:
    with pytest.raises(TypeError, match="bytes"):
        to_json({"a": b""})
