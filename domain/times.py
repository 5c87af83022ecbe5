"""Times on the wire: RFC 3339 in UTC with Z, microseconds kept; a bare date is its midnight."""

from datetime import UTC, date, datetime


def rfc3339(moment: datetime) -> str:
    """`2017-08-15T00:00:00Z`, with as many fractional digits as are not zero."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat()
    if "." in text:
        text = text.rstrip("0")
    return text + "Z"


def parse_time(text: str) -> datetime:
    """Reads RFC 3339 with an offset, or `yyyy-MM-dd`. Raises ValueError otherwise."""
    if len(text) == len("yyyy-MM-dd"):
        return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time needs an offset")
    return moment.astimezone(UTC)
