from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.times import parse_time, rfc3339


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2017-08-15", datetime(2017, 8, 15, tzinfo=UTC)),
        ("2017-08-15T00:00:00Z", datetime(2017, 8, 15, tzinfo=UTC)),
        ("2017-08-15T02:30:00+02:30", datetime(2017, 8, 15, tzinfo=UTC)),
        ("2017-08-14T23:00:00-01:00", datetime(2017, 8, 15, tzinfo=UTC)),
        ("2017-08-15T00:00:00.5Z", datetime(2017, 8, 15, 0, 0, 0, 500_000, tzinfo=UTC)),
        ("2017-08-15T00:00:00.000001Z", datetime(2017, 8, 15, 0, 0, 0, 1, tzinfo=UTC)),
        ("2016-02-29", datetime(2016, 2, 29, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59.999999Z", datetime.max.replace(tzinfo=UTC)),
        ("2017-08-15T00:00:00.000001999Z", datetime(2017, 8, 15, 0, 0, 0, 1, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_in_utc_and_a_date_is_its_midnight(text: str, moment: datetime) -> None:
    assert parse_time(text) == moment
    assert parse_time(text).utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2017",
        "2017-08",
        "2017-8-15",
        "15.08.2017",
        "20170815",
        "2017-W33-2",
        "2017-02-29",
        "2017-08-15T00:00:00",
        "2017-08-15T00:00",
        "2017-08-15T00:00Z",
        "2017-08-15T00Z",
        "20170815T000000Z",
        "2017-W33-2T00:00:00Z",
        "2017-08-15x00:00:00Z",
        "2017-08-15T00:00:00,5Z",
        "2017-08-15T00:00:00.Z",
        "2017-08-15T24:00:00Z",
        "2017-08-15T00:00:60Z",
        "2017-08-15T00:00:00+24:00",
        "2017-08-15T00:00:00+01:00:30",
        "2017-08-15T00:00:00+0100",
        "\uff12\uff10\uff11\uff17-08-15",
        " 2017-08-15",
        "2017-08-15\n",
        "0001-01-01T00:00:00+01:00",  # before the first moment that can be stored
        "9999-12-31T23:59:59-01:00",
    ],
)
def test_anything_else_is_no_time(text: str) -> None:
    with pytest.raises(ValueError):
        parse_time(text)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2017, 8, 15, tzinfo=UTC), "2017-08-15T00:00:00Z"),
        (datetime(2017, 8, 15, 2, tzinfo=timezone(timedelta(hours=2))), "2017-08-15T00:00:00Z"),
        (datetime(2017, 8, 15, 10, 20, 30, 120_000, tzinfo=UTC), "2017-08-15T10:20:30.12Z"),
        (datetime(2017, 8, 15, 0, 0, 0, 1, tzinfo=UTC), "2017-08-15T00:00:00.000001Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00Z"),
    ],
)
def test_a_time_is_written_with_z_and_without_needless_digits(moment: datetime, text: str) -> None:
    assert rfc3339(moment) == text


@given(st.datetimes(timezones=st.just(UTC)))
def test_microseconds_survive_writing_and_reading(moment: datetime) -> None:
    assert parse_time(rfc3339(moment)) == moment
