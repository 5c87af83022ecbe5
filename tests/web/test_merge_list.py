import re

import pytest

from domain.roles import Role
from tests.web.looked_up import Library, text_of

pytestmark = pytest.mark.slow


def listed(page: str) -> list[str]:
    return re.findall(r'<th scope="row" role="rowheader"><a href="/merges/([^"]+)"', page)


async def test_filters_stand_in_the_url(library: Library) -> None:
    visitor = await library.visitor(Role.SPECIALIST)
    assert listed(await visitor.read("/merges?state=pending_approval")) == [library.open_merge]
    merged = listed(await visitor.read(f"/merges?outcome=merged&database={library.here.id}"))
    assert {library.first_merge, library.second_merge} <= set(merged)
    assert library.open_merge not in merged
    assert len(listed(await visitor.read("/merges?outcome=rejected"))) == 1


async def test_a_filter_without_a_match_says_so(library: Library) -> None:
    page = await (await library.visitor(Role.SPECIALIST)).read("/merges?outcome=expired")
    assert "No merge fits these filters." in page
    assert '<option value="expired" selected>' in page


@pytest.mark.parametrize("query", ["state=x", "outcome=%3Cscript%3E", "after="])
async def test_a_filter_that_does_not_exist_is_not_applied(library: Library, query: str) -> None:
    visitor = await library.visitor(Role.SPECIALIST)
    assert library.open_merge in listed(await visitor.read(f"/merges?{query}"))


async def test_a_cursor_of_nobodys_is_refused(library: Library) -> None:
    answer = await (await library.visitor(Role.SPECIALIST)).http.get("/merges?after=abc")
    assert answer.status_code == 400


async def test_pages_follow_each_other_with_their_filters(
    library: Library,
) -> None:
    visitor = await library.visitor(Role.SPECIALIST)
    for number in range(51):
        await library.here.establish(f"nobody|{number}", "88")
    path, seen = "/merges?outcome=not_found", []
    while path:
        page = await visitor.read(path)
        seen += listed(page)
        older = re.search(r'href="(/merges\?[^"]*)" rel="next"', page)
        path = older[1].replace("&amp;", "&") if older else ""
    assert len(seen) == len(set(seen)) == 51
    assert "This is the end of the list." in page


async def test_values_are_masked_for_who_is_no_specialist(library: Library) -> None:
    auditor = text_of(await (await library.visitor(Role.AUDITOR)).read("/merges?outcome=merged"))
    specialist = text_of(await (await library.visitor(Role.SPECIALIST)).read("/merges?outcome=merged"))
    assert "userId 777374" in specialist and "+4366412345678" in specialist
    assert "userId 7•••" in auditor and "777374" not in auditor and "+4366412345678" not in auditor
    assert f"{library.carl} absorbed {library.bertrand}" in auditor
