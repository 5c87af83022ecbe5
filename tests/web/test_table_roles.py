"""A phone draws the rows of tables as cards; they stay rows for whoever hears them."""

import re
from pathlib import Path

import httpx
import pytest

import web
from web import rendering

TEMPLATES = sorted(path.name for path in (Path(web.__path__[0]) / "templates").glob("*.html"))


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_part_of_a_table_says_what_it_is(name: str) -> None:
    source, *_ = rendering._templates.loader.get_source(rendering._templates, name)  # type: ignore[union-attr]
    compiled = rendering._templates.preprocess(source, name)
    assert re.findall(r"<(?:table|thead|tbody|tr|th|td)\b(?![^>]* role=)[^>]*>", compiled) == []


async def test_so_it_comes_to_the_browser(people: httpx.AsyncClient) -> None:
    page = (await people.get("/problems")).text
    for part in (
        '<table role="table"',
        '<thead role="rowgroup">',
        '<tr role="row">',
        '<th scope="col" role="columnheader">',
        '<th scope="row" role="rowheader">',
        '<td role="cell">',
    ):
        assert part in page
