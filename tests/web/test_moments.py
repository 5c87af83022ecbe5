"""Times on the pages: absolute with the zone, and how far from now, in Python and in the browser the same words."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from jinja2 import Environment
from playwright.async_api import Browser

from web import moments
from web.moments import ago, remaining

WEB = Path(moments.__file__).parent
NOW = datetime(2026, 11, 22, 10, 4, 11, tzinfo=UTC)
PASSED = {
    timedelta(): "just now",
    timedelta(seconds=59): "just now",
    timedelta(minutes=3): "3 min ago",
    timedelta(hours=1): "1 h ago",
    timedelta(hours=1, minutes=30, seconds=59): "1 h 30 min ago",
    timedelta(days=1, minutes=59): "1 d ago",
    timedelta(days=30, hours=23): "30 d 23 h ago",
    timedelta(days=365 * 9 + 101, hours=5): "9 y 101 d ago",
    timedelta(seconds=-30): "about now",
    timedelta(minutes=-5): "in 5 min",
}
LEFT = {
    timedelta(days=2, hours=23, minutes=4): "2 d 23 h left",
    timedelta(seconds=5): "less than a minute left",
    timedelta(): "its time is up",
    timedelta(days=-1): "its time is up",
}


def rendered(template: str, when: datetime) -> str:
    environment = Environment(autoescape=True)
    environment.filters |= {name: getattr(moments, name) for name in ("moment", "due", "day", "clock", "precise")}
    return environment.from_string(template).render(when=when, made=NOW)


@pytest.mark.parametrize(("passed", "words"), PASSED.items())
def test_how_long_ago_it_was(passed: timedelta, words: str) -> None:
    assert ago(NOW - passed, NOW) == words


@pytest.mark.parametrize(("ahead", "words"), LEFT.items())
def test_how_long_there_is(ahead: timedelta, words: str) -> None:
    assert remaining(NOW + ahead, NOW) == words


def test_a_moment_is_told_with_its_zone_and_how_far_it_is_from_now() -> None:
    assert rendered("{{ when | moment }}", NOW - timedelta(minutes=3)) == (
        '<time datetime="2026-11-22T10:01:11Z">22 Nov 2026, 10:01 UTC'
        '<span class="comma">, </span><span class="ago">3 min ago</span></time>'
    )
    assert rendered("{{ when | precise }}", NOW - timedelta(minutes=3)) == (
        '<time datetime="2026-11-22T10:01:11Z">22 Nov 2026, 10:01:11 UTC'
        '<span class="comma">, </span><span class="ago">3 min ago</span></time>'
    )
    assert rendered("{{ when | due }}", NOW + timedelta(hours=2)) == (
        '<time datetime="2026-11-22T12:04:11Z">22 Nov 2026, 12:04 UTC'
        '<span class="comma">, </span><span class="ago left">2 h left</span></time>'
    )
    assert '<span class="ago left late">its time is up</span>' in rendered("{{ when | due }}", NOW)
    assert rendered("{{ when | day }}", NOW) == '<time datetime="2026-11-22T10:04:11Z">22 Nov 2026</time>'


def test_no_page_tells_a_time_in_another_way() -> None:
    """Only the foot, which says as of when the rest is, and what repeats a time that stands in full beside it."""
    for template in (WEB / "templates").glob("*.html"):
        assert not re.search(r"<time|strftime|isoformat", template.read_text(encoding="utf-8")), template.name
    others = {path.name for path in (WEB / "templates").glob("*.html") if "| clock" in path.read_text(encoding="utf-8")}
    assert others == {"base.html", "home.html", "internal_error.html", "status.html"}


@pytest.mark.slow
async def test_a_page_that_stays_open_keeps_them_up_in_the_same_words(browser: Browser) -> None:
    """By the server's clock, which is an hour ahead of the browser's, and not where Live is switched off."""
    times = [
        *(rendered("{{ when | moment }}", NOW - passed) for passed in PASSED),
        *(rendered("{{ when | due }}", NOW + ahead) for ahead in LEFT),
    ]
    told = [re.sub(r"(ago[^>]*>)[^<]*", r"\1", one) for one in times]
    foot = f'<input type="checkbox" id="live-on" checked><p id="printed">{rendered("{{ when | clock }}", NOW)}</p>'
    page = await browser.new_page()
    await page.clock.install(time=NOW - timedelta(hours=2))
    await page.clock.pause_at(NOW - timedelta(hours=1))
    await page.set_content("".join(told) + foot)
    await page.add_script_tag(path=WEB / "static" / "live.js")
    await page.evaluate("keepUp(Date.now() + SINCE)")
    texts = page.locator("time .ago")
    assert await texts.all_text_contents() == [*PASSED.values(), *LEFT.values()]
    assert await page.locator(".late").count() == 2
    await page.clock.run_for(timedelta(minutes=2) // timedelta(milliseconds=1))
    assert (await texts.first.text_content(), await texts.nth(2).text_content()) == ("2 min ago", "5 min ago")
    await page.locator("#live-on").uncheck()
    await page.clock.run_for(timedelta(minutes=2) // timedelta(milliseconds=1))
    assert await texts.first.text_content() == "2 min ago"
    await page.close()
