"""Times as people read them, and as machines do: absolute with the zone, and beside it how far from now.

Now is `made`, when the page was rendered; a page that hears of changes keeps it up (static/live.js, the same words).
"""

from datetime import datetime, timedelta

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from domain.times import rfc3339

_TIME = Markup('<time datetime="{}">{}</time>')
_AGO = Markup('{}<span class="comma">, </span><span class="{}">{}</span>')
_UNITS = (
    (timedelta(days=365), "y"),
    (timedelta(days=1), "d"),
    (timedelta(hours=1), "h"),
    (timedelta(minutes=1), "min"),
)


@pass_context
def moment(context: Context, when: datetime) -> Markup:
    """When something was, or will be."""
    return _told(when, "ago", ago(when, context["made"]))


@pass_context
def due(context: Context, deadline: datetime) -> Markup:
    """Until when there is time for something."""
    now = context["made"]
    return _told(deadline, "ago left" if deadline > now else "ago left late", remaining(deadline, now))


def day(when: datetime) -> Markup:
    """Where the moment itself stands elsewhere on the page."""
    return _time(when, day_text(when))


def day_text(when: datetime) -> str:
    """Where no markup can stand, as in a drawing."""
    return f"{when:%-d %b %Y}"


def clock(when: datetime) -> Markup:
    """For what lies on paper, where nothing is so long ago any more."""
    return _time(when, _absolute(when))


@pass_context
def precise(context: Context, when: datetime) -> Markup:
    """Where the order of things counts, to the second."""
    absolute = f"{when:%-d %b %Y, %H:%M:%S} UTC"
    return _TIME.format(rfc3339(when), _AGO.format(absolute, "ago", ago(when, context["made"])))


def span(length: timedelta) -> str:
    """The largest unit that counts, and what the next one adds."""
    rest, counted = abs(length), []
    for unit, name in _UNITS:
        count, rest = divmod(rest, unit)
        counted.append(f"{count} {name}" if count else "")
    first = next((at for at, told in enumerate(counted) if told), len(counted))
    return " ".join(filter(None, counted[first : first + 2])) or "less than a minute"


def ago(when: datetime, now: datetime) -> str:
    if abs(now - when) < timedelta(minutes=1):
        return "just now" if when <= now else "about now"
    return f"{span(now - when)} ago" if when < now else f"in {span(when - now)}"


def remaining(deadline: datetime, now: datetime) -> str:
    return f"{span(deadline - now)} left" if deadline > now else "its time is up"


def _told(when: datetime, kind: str, words: str) -> Markup:
    return _time(when, _AGO.format(_absolute(when), kind, words))


def _time(when: datetime, told: str) -> Markup:
    return _TIME.format(rfc3339(when.replace(microsecond=0)), told)


def _absolute(when: datetime) -> str:
    return f"{when:%-d %b %Y, %H:%M} UTC"
