import json
import re
from dataclasses import replace
from html import unescape

import httpx
import pytest
from fastapi import FastAPI

from api.merge_shapes import MergeSpecification
from api.services import CodecEndpoint, services
from onefold.codec import EncryptingCodec
from tests.stack import KEYRING
from tests.web.visitors import heading
from web.rendering import coded

PAGES = ["/", "/docs", "/problems", "/problems/device-not-found", "/problems/no-such-code"]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


async def test_the_first_page_renders_while_nothing_answers_and_says_so(people: httpx.AsyncClient) -> None:
    answer = await people.get("/")
    assert answer.status_code == 200
    assert "Not ready" in answer.text
    assert re.findall(r"<dt>(.+?)</dt>\s*<dd>.*?</span>(.+?)</dd>", answer.text) == [
        ("Database", "does not answer"),
        ("Temporal and its workers", "does not answer"),
    ]


async def test_readiness_is_a_503_and_not_a_failure_while_nothing_answers(people: httpx.AsyncClient) -> None:
    answer = await people.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"database": "does not answer", "temporal": "does not answer"}


async def test_the_first_page_shows_a_preview_that_the_api_takes(people: httpx.AsyncClient) -> None:
    text = unescape((await people.get("/")).text)
    body = re.search(r"-d '(\{.*?\})'</code>", text, re.DOTALL)
    assert body
    assert MergeSpecification.model_validate(json.loads(body[1])).databaseId == 10000
    assert '"$ONEFOLD_URL/v1/merges/preview"' in text
    assert "Bearer $ONEFOLD_TOKEN" in text


async def test_the_first_page_leads_to_temporals_ui_only_where_it_is_known(
    app: FastAPI, people: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "step by step" not in (await people.get("/")).text
    endpoint = CodecEndpoint(EncryptingCodec(KEYRING), "http://temporal.test:8233", "secret-of-the-codec")
    wired = replace(app.state.services, codec_endpoint=endpoint)
    monkeypatch.setitem(app.dependency_overrides, services, lambda: wired)
    text = (await people.get("/")).text
    assert 'href="http://temporal.test:8233"' in text
    assert "secret-of-the-codec" not in text


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_forbids_what_it_does_not_need(people: httpx.AsyncClient, path: str) -> None:
    headers = (await people.get(path)).headers
    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert (headers["cache-control"], headers["vary"]) == ("no-store" if path == "/" else "max-age=300", "Cookie")


@pytest.mark.parametrize("path", PAGES)
async def test_no_page_has_inline_code_or_style(people: httpx.AsyncClient, path: str) -> None:
    text = (await people.get(path)).text
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))


@pytest.mark.parametrize("path", PAGES)
async def test_every_link_and_file_of_a_page_exists(people: httpx.AsyncClient, path: str) -> None:
    targets = set(re.findall(r"""(?:href|src|data-document)="(/[^"]*)\"""", (await people.get(path)).text))
    assert "/" in targets
    for target in targets:
        assert (await people.get(target)).status_code == (503 if target == "/readyz" else 200), target


async def test_links_begin_with_the_path_that_a_proxy_put_the_service_under(app: FastAPI) -> None:
    transport = httpx.ASGITransport(app, root_path="/onefold")
    async with httpx.AsyncClient(transport=transport, base_url="http://proxy.test") as behind_proxy:
        for path in PAGES:
            text = (await behind_proxy.get(f"/onefold{path}")).text
            targets = re.findall(r"""(?:href|src|data-document)="(/[^"]*)\"""", text)
            assert targets
            assert all(target.startswith("/onefold/") for target in targets)


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_answers_head(people: httpx.AsyncClient, path: str) -> None:
    answer = await people.head(path)
    assert answer.status_code == (await people.get(path)).status_code


async def test_the_pages_are_no_part_of_the_api(app: FastAPI) -> None:
    assert not set(app.openapi()["paths"]) & {"/", "/docs", "/problems", "/problems/{code}"}


async def test_the_reference_lists_every_operation_without_javascript(app: FastAPI, people: httpx.AsyncClient) -> None:
    text = (await people.get("/docs")).text.replace("<wbr>", "")
    for path, operations in app.openapi()["paths"].items():
        for method in operations:
            assert f"<code>{method.upper()} {path}</code>" in text


async def test_static_files_are_asked_for_again_and_never_sniffed(people: httpx.AsyncClient) -> None:
    for path in ("/static/onefold.css", "/static/swagger-ui/swagger-ui-bundle.js"):
        answer = await people.get(path)
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers["x-content-type-options"] == "nosniff"
        again = await people.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304


async def test_no_path_leads_out_of_the_static_folders(people: httpx.AsyncClient) -> None:
    for path in ("/static/..%2fpages.py", "/static/%2e%2e/pages.py", "/static/swagger-ui/..%2f__init__.py", "/static/"):
        assert (await people.get(path)).status_code == 404


def test_prose_with_code_in_it_never_runs_as_markup() -> None:
    assert coded("<b> `<i>/x` & more") == "&lt;b&gt; <code>&lt;i&gt;<wbr>/x</code> &amp; more"


BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


async def test_a_wrong_address_is_a_page_for_who_looks_and_a_document_for_who_calls(people: httpx.AsyncClient) -> None:
    wrong = [("GET", "/inbx", 404), ("GET", "/inbox/search", 405), ("GET", "/logout", 405), ("POST", "/nowhere", 404)]
    for method, path, status in wrong:
        shown = await people.request(method, path, headers=BROWSER)
        assert (shown.status_code, heading(shown)) == (status, "No such page")
        assert shown.headers["content-security-policy"] == POLICY
        called = await people.request(method, path)
        assert (called.status_code, called.headers["content-type"]) == (status, "application/problem+json")
        assert shown.headers.get("allow") == called.headers.get("allow")


async def test_a_page_is_shown_too_where_nobody_can_tell_who_looks(people: httpx.AsyncClient) -> None:
    for path in (*PAGES, "/nowhere"):
        page = await people.get(path, headers={**BROWSER, "Cookie": f"onefold_session=of_abcdefgh_{'x' * 43}"})
        assert (page.status_code < 500, "Sign in" in page.text) == (True, True), path
