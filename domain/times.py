"""Times on the wire: RFC 3339 in UTC with Z, microseconds kept; a bare date is its midnight."""

import re
from datetime import UTC, date, datetime

# Python reads more than that: week dates, times without seconds, any letter for the T.
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(rf"{_DATE.pattern}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(\.[0-9]+)?(Z|[+-][0-9]{{2}}:[0-9]{{2}})")


def rfc3339(moment: datetime) -> str:
    """`2017-08-15T00:00:00Z`, with as many fractional digits as are not zero."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat()
    if "." in text:
        text = text.rstrip("0")
    return text + "Z"


def parse_time(text: str) -> datetime:
    """Reads RFC 3339, or `yyyy-MM-dd`. Raises ValueError otherwise."""
    if _DATE.fullmatch(text):
        return datetime.combine(parse_date(text), datetime.min.time(), UTC)
    if not _TIME.fullmatch(text):
        raise ValueError("a time reads yyyy-MM-ddTHH:mm:ss and an offset")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except OverflowError:
        raise ValueError("a time lies between the years 1 and 9999") from None


def parse_date(text: str) -> date:
    """Reads `yyyy-MM-dd`. Raises ValueError otherwise."""
    if not _DATE.fullmatch(text):
        raise ValueError("a date reads yyyy-MM-dd")
    return date.fromisoformat(text)
