"""The auditors' list and the files that it is carried away in."""

import csv
import hashlib
import io
import json
from typing import Any
from zipfile import ZipFile

import httpx
import pytest
from sqlalchemy import text

from domain.plan import Outcome
from domain.roles import Role
from tests.store.world import ASKING, HERE, World
from tests.web.desk import Desk
from tests.web.visitors import fields, words
from web.audit_file import COLUMNS, defused
from web.masking import MASK

HOSTILE = '=HYPERLINK("http://evil")'


def file_in(answer: httpx.Response, name: str) -> tuple[bytes, Any]:
    """A file of an export, and its manifest."""
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip"), answer.text
    with ZipFile(io.BytesIO(answer.content)) as archive:
        return archive.read(name), json.loads(archive.read("manifest.json"))


async def exported(desk: Desk, query: str = "", layout: str = "csv") -> httpx.Response:
    shown = await desk.page(f"/audit?{query}")
    action = f"/audit/export?{query}"
    return await desk.http.post(action, data={**fields(shown, action), "layout": layout})


async def test_the_list_leads_to_stories_and_is_filtered_by_its_url(desk: Desk, world: World) -> None:
    await desk.sit(Role.AUDITOR)
    page = await desk.page("/audit")
    assert all(f'href="/merges/{merge_id}/story"' in page.text for merge_id in world.merges.values())
    only = await desk.page(f"/audit?decision=reject&person={world.decider.person_id}&until=2099-01-01")
    assert f"/merges/{world.merges[Outcome.REJECTED]}/story" in only.text
    assert f"/merges/{world.approved}/story" not in only.text
    assert '<option value="reject" selected>' in only.text
    assert 'value="2099-01-01"' in only.text
    assert "Nothing fits these filters" in words(await desk.page("/audit?policy=99"))


@pytest.mark.parametrize(
    "query",
    [
        "since=yesterday",
        "until=9999-12-31",
        "contact=x",
        "person=-1",
        "policy=1.5",
        "rule=best",
        "kind=no.such",
        "decision=maybe",
        "outcome=good",
        "contact=99999999999999999999",
    ],
)
async def test_a_filter_that_says_nothing_is_refused_and_not_ignored(desk: Desk, query: str) -> None:
    await desk.sit(Role.AUDITOR)
    answer = await desk.http.get(f"/audit?{query}")
    assert answer.status_code == 422
    assert "Nothing can be filtered by" in words(answer)


async def test_a_list_has_pages(desk: Desk, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.audit_list.PAGE", 4)
    await desk.sit(Role.AUDITOR)
    path, seen = "/audit?since=2000-01-01", []
    while path:
        page = await desk.page(path)
        seen += [one for one in map(str, world.merges.values()) if f"/merges/{one}/story" in page.text]
        older = page.text.partition('" rel="next"')
        path = older[0].rpartition('href="')[2].replace("&amp;", "&") if older[1] else ""
        assert not path or "since=2000-01-01" in path
    assert sorted(seen) == sorted(set(map(str, world.merges.values())))


async def test_another_databases_merges_are_in_no_list_and_no_file(desk: Desk, world: World) -> None:
    await desk.sit(Role.AUDITOR, ASKING)
    assert str(world.merges[Outcome.ASSIGNED]) not in (await desk.page("/audit")).text
    assert (await desk.http.get(f"/audit?database={HERE}")).status_code == 404
    content, manifest = file_in(await exported(desk), "merges.csv")
    assert str(world.approved) in content.decode()
    assert str(world.merges[Outcome.ASSIGNED]) not in content.decode()
    assert [one["id"] for one in manifest["databases"]] == [ASKING]


@pytest.mark.parametrize("layout", ["csv", "ndjson"])
async def test_an_export_holds_what_was_filtered_and_its_manifest_says_so(
    desk: Desk, world: World, layout: str
) -> None:
    person_id = await desk.sit(Role.SPECIALIST)
    content, manifest = file_in(await exported(desk, "outcome=rejected", layout), f"merges.{layout}")
    (row,) = csv.DictReader(io.StringIO(content.decode())) if layout == "csv" else map(json.loads, content.splitlines())
    assert list(row) == list(COLUMNS)
    told = {name: str(row[name]) for name in ("merge", "decision", "decidedBy", "identityValue", "database")}
    assert told == {
        "merge": str(world.merges[Outcome.REJECTED]),
        "decision": "reject",
        "decidedBy": "Sam Specialist",
        "identityValue": "reject",
        "database": str(ASKING),
    }
    assert manifest["file"] == {
        "name": f"merges.{layout}",
        "rows": 1,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    assert manifest["filters"] == {"outcome": "rejected"}
    assert manifest["databases"] == [{"id": ASKING, "rows": 1, "masked": False, "checkpoint": None}]
    assert manifest["by"]["person"] == person_id


async def test_an_export_is_on_record_with_what_it_was(desk: Desk, world: World) -> None:
    person_id = await desk.sit(Role.AUDITOR)
    answer = await exported(desk, "outcome=rejected")
    with ZipFile(io.BytesIO(answer.content)) as archive:
        manifest = archive.read("manifest.json")
    asked = text("SELECT database_id, person_id, detail FROM ledger_events WHERE kind = 'export.made'")
    async with desk.scratch.store.statements() as connection:
        (event,) = await connection.execute(asked)
    assert (event.database_id, event.person_id) == (ASKING, person_id)
    assert event.detail == {"size": 1, "values": False, "manifest": hashlib.sha256(manifest).hexdigest()}


async def test_values_are_as_the_list_shows_them(desk: Desk, world: World) -> None:
    await desk.sit(Role.AUDITOR)
    content, manifest = file_in(await exported(desk, "outcome=rejected"), "merges.csv")
    (row,) = csv.DictReader(io.StringIO(content.decode()))
    assert MASK in row["identityValue"]
    assert MASK in row["destination"]
    assert manifest["databases"][0]["masked"] is True


async def test_no_cell_is_a_formula_and_json_keeps_what_it_was(desk: Desk, world: World) -> None:
    await desk.sit(Role.SPECIALIST)
    hostile = {"id": world.merges[Outcome.REJECTED], "value": HOSTILE}
    desk.scratch.break_by_hand(b"UPDATE merges SET identity_value = %(value)s WHERE id = %(id)s", hostile)
    content, _ = file_in(await exported(desk, "outcome=rejected"), "merges.csv")
    (row,) = csv.DictReader(io.StringIO(content.decode()))
    assert row["identityValue"] == f"'{HOSTILE}"
    content, _ = file_in(await exported(desk, "outcome=rejected", "ndjson"), "merges.ndjson")
    assert json.loads(content)["identityValue"] == HOSTILE


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", " =", "\u00a0@", "\t+"])
def test_what_a_spreadsheet_takes_for_a_formula_is_text(start: str) -> None:
    assert defused(f"{start}1+1") == f"'{start}1+1"
    assert f"\n'{start}1" in defused(f"safe\n{start}1")


@pytest.mark.parametrize("cell", ["", "1-1", "a=b", "muid|channel", "2026-11-23T10:00:00Z", "a\nb"])
def test_what_is_none_stays_as_it_is(cell: str) -> None:
    assert defused(cell) == cell


async def test_nothing_is_exported_by_a_link_or_another_site(desk: Desk, world: World) -> None:
    await desk.sit(Role.AUDITOR)
    assert (await desk.http.get("/audit/export")).status_code == 405
    assert (await desk.http.post("/audit/export", data={"layout": "csv"})).status_code == 403
    answer = await desk.http.post("/audit/export", data={"layout": "csv"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    async with desk.scratch.store.statements() as connection:
        count = await connection.execute(text("SELECT count(*) FROM ledger_events WHERE kind = 'export.made'"))
        assert count.scalar_one() == 0
