"""Times for people."""

from datetime import datetime, timedelta

from domain.text import count
from domain.times import parse_time

_UNITS = (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)))


def moment(text: str) -> str:
    """`2026-07-01 12:00 UTC` of a time on the wire."""
    return f"{parse_time(text):%Y-%m-%d %H:%M} UTC"


def left(until: str, now: datetime) -> str:
    """`2 days 23 hours left` until a time on the wire."""
    if parse_time(until) <= now:
        return "passed"
    return f"{' '.join(count(number, unit) for number, unit in _parts(until, now)) or 'less than a minute'} left"


def left_in_short(until: str, now: datetime) -> str:
    """`in 2d 23h`, for a narrow column."""
    return f"in {' '.join(f'{number}{unit[0]}' for number, unit in _parts(until, now)) or '0m'}"


def _parts(until: str, now: datetime) -> list[tuple[int, str]]:
    """What is left in its two largest units, those that are none left out."""
    rest = max(parse_time(until) - now, timedelta())
    parts = []
    for unit, size in _UNITS:
        number, rest = divmod(rest, size)
        parts.append((number, unit))
    first = next((at for at, (number, _) in enumerate(parts) if number), len(parts))
    return [(number, unit) for number, unit in parts[first : first + 2] if number]
