"""People at the pages without a browser: what is sent, and what comes back."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from html import unescape

import httpx

PASSWORD = "correct horse battery staple"
COOKIE = "onefold_session"
OURS = {"Sec-Fetch-Site": "same-origin"}


def visitor(url: str, **headers: str) -> httpx.AsyncClient:
    """A browser of its own, with nobody signed in."""
    return httpx.AsyncClient(base_url=url, headers={**OURS, **headers}, timeout=60, trust_env=False)


async def sign_in(
    browser: httpx.AsyncClient, email: str, password: str = PASSWORD, back: str = "/inbox"
) -> httpx.Response:
    return await browser.post("/login", data={"email": email, "password": password, "next": back})


def fields(page: httpx.Response, action: str) -> dict[str, str]:
    """What the form of a page that leads there holds in hidden fields."""
    found = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', page.text, re.DOTALL)
    assert found, page.text
    return hidden(found[0])


def hidden(markup: str) -> dict[str, str]:
    return {
        name: unescape(value)
        for name, value in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', markup)
    }


async def send(
    browser: httpx.AsyncClient, page: str, action: str | None = None, values: Mapping[str, str] | None = None
) -> httpx.Response:
    """Fills in the form that a page has for an action, and sends it."""
    shown = await browser.get(page)
    assert shown.status_code == 200, shown.text
    target = action or page
    return await browser.post(target, data={**fields(shown, target), **(values or {})})


def form_token(session: str, path: str, *shown: str) -> str:
    """What a page would put into its form for this path, and what it shows there, for whoever has this session."""
    key = hmac.digest(session.encode(), b"forms", hashlib.sha256)
    return hmac.digest(key, "\x1f".join((path, *shown)).encode(), hashlib.sha256).hex()


def heading(page: httpx.Response) -> str:
    """What the page says of itself."""
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page.text, re.DOTALL)
    assert found, page.text
    return " ".join(unescape(re.sub(r"<[^>]+>", "", found[1])).split())


def words(page: httpx.Response) -> str:
    """What a person reads."""
    body = re.sub(r"<head>.*?</head>", "", page.text, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


async def shown(browser: httpx.AsyncClient, merge_id: str) -> str:
    page = await browser.get(f"/merges/{merge_id}")
    assert page.status_code == 200
    return words(page)
