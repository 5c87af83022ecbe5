import ast
import re
from html import unescape
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

import web
from domain.errors import AlreadyDecided, PlanStale, Refusal, Unauthenticated, refusals
from web.advice import ADVICE
from web.page_advice import ON_PAGES, page_advice
from web.problem_table import find, listed


def reached_by_pages() -> set[str]:
    """The codes of the refusals that the pages name, and of those that the store raises for them."""
    named = {
        name.name
        for path in Path(web.__path__[0]).glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "domain.errors"
        for name in node.names
    }
    decided = {AlreadyDecided, Unauthenticated, PlanStale}  # these have pages of their own
    return {one.code for one in refusals() if one.__name__ in named and one not in decided} | {"cursor-invalid"}


@pytest.mark.parametrize("refusal", list(refusals()), ids=lambda refusal: refusal.code)
async def test_every_refusal_has_a_page_that_says_what_to_do(people: httpx.AsyncClient, refusal: type[Refusal]) -> None:
    answer = await people.get(f"/problems/{refusal.code}")
    assert answer.status_code == 200
    text = unescape(answer.text)
    assert f"<h1><code>{refusal.code}</code></h1>" in text
    assert f"<dd>{refusal.status} " in text
    assert f"<dd>{refusal.title}</dd>" in text
    assert f'"type": "http://onefold.test/problems/{refusal.code}"' in text
    assert re.search(r"<h2 id=\"do\">What to do</h2>\s*<p>.{20,}</p>", text, re.DOTALL)


async def test_the_list_leads_to_every_code_once_by_status(people: httpx.AsyncClient) -> None:
    links = re.findall(r'href="/problems/([a-z-]+)"', (await people.get("/problems")).text)
    assert len(links) == len(set(links))
    assert {refusal.code for refusal in refusals()} | {"request-invalid", "internal-error", "not-found"} <= set(links)
    statuses = [known.status for known in listed()]
    assert statuses == sorted(statuses)


async def test_the_type_of_an_answered_problem_leads_to_its_page(people: httpx.AsyncClient) -> None:
    asked = [("GET", "/nowhere"), ("DELETE", "/healthz"), ("GET", "/v1/merges"), ("GET", "/v1/merges/no-uuid")]
    for method, path in asked:
        problem = (await people.request(method, path)).json()
        answer = await people.get(problem["type"])
        assert answer.status_code == 200
        assert problem["code"] in answer.text
        assert f"<dd>{problem['status']} " in answer.text


async def test_each_of_https_own_errors_has_a_page_too(people: httpx.AsyncClient) -> None:
    answer = await people.get("/problems/gateway-timeout")
    assert answer.status_code == 200
    assert "504 Gateway Timeout" in answer.text


async def test_an_unknown_code_is_a_404_page_and_never_markup(people: httpx.AsyncClient) -> None:
    answer = await people.get("/problems/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    assert answer.status_code == 404
    answer = await people.get("/problems/%3Cscript%3Ealert(1)")
    assert answer.status_code == 404
    assert "&lt;script&gt;alert(1)" in answer.text
    assert "<script>alert" not in answer.text


def test_a_code_of_ours_and_of_http_says_what_ours_says() -> None:
    known = find("service-unavailable")
    assert known
    assert known.title == "A part that this service needs does not answer. Try again shortly."


def test_there_is_no_advice_for_a_code_that_does_not_exist() -> None:
    assert set(ADVICE) == {known.code for known in listed()}


def test_advice_names_only_operations_that_exist(app: FastAPI) -> None:
    paths = app.openapi()["paths"]
    named = [
        (method.lower(), path)
        for advice in ADVICE.values()
        for method, path in re.findall(r"`(GET|POST|PATCH|PUT|DELETE) ([^`]+)`", advice)
    ]
    assert named
    assert all(method in paths.get(path, {}) for method, path in named), named


@pytest.mark.parametrize("code", sorted(reached_by_pages()))
def test_a_page_gives_no_advice_for_callers(code: str) -> None:
    assert not re.search(r"/v1/|`(detail|errors|null|Retry-After|Allow|revision)`|token", page_advice(code))


def test_there_is_no_advice_of_pages_for_a_code_that_does_not_exist() -> None:
    assert ON_PAGES.keys() <= ADVICE.keys()
