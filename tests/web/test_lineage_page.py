"""A contact's lineage: as a picture and as a table, by whichever of its ids."""

import re
from uuid import uuid4

import pytest

from domain.roles import Role
from store.lineage import Relative
from tests.store.world import ELSEWHERE, World
from tests.web.desk import Desk
from tests.web.visitors import words
from web.lineage_drawing import MOST_DRAWN, drawing_of
from web.security import STRICT


@pytest.mark.parametrize("who", ["first", "second", "last"])
async def test_every_id_of_a_family_shows_all_of_it(desk: Desk, world: World, who: str) -> None:
    await desk.sit(Role.AUDITOR)
    page = await desk.page(f"/contacts/{getattr(world, who)}/lineage")
    drawn = re.findall(r"<text[^>]*>(\d+)</text>", page.text)
    assert drawn == [str(world.last), str(world.second), str(world.first)]
    read = words(page)
    assert f"3 contacts are one today: contact {world.last} ." in read
    assert f'class="asked">{getattr(world, who)}</text>' in page.text
    assert re.search(rf"{world.second} {world.last} [0-9a-f]{{8}} .*{world.first} {world.second} [0-9a-f]{{8}}", read)
    assert page.headers["content-security-policy"].startswith(f"default-src {STRICT['default-src']}")
    assert not re.search(r"<style|\sstyle=", page.text)


async def test_a_contact_of_its_own_has_no_picture(desk: Desk, world: World) -> None:
    await desk.sit(Role.AUDITOR)
    page = await desk.page(f"/contacts/{world.bare}/lineage")
    assert "It was absorbed by nobody" in words(page)
    assert "<svg" not in page.text


async def test_another_databases_contact_is_none(desk: Desk, world: World) -> None:
    await desk.sit(Role.AUDITOR, ELSEWHERE)
    assert (await desk.http.get(f"/contacts/{world.last}/lineage")).status_code == 404
    assert (await desk.http.get(f"/contacts/{world.stranger}/lineage")).status_code == 200


async def test_a_circle_of_ids_breaks_no_page(desk: Desk, world: World) -> None:
    await desk.sit(Role.AUDITOR)
    circle = {"last": world.last, "first": world.first}
    desk.scratch.break_by_hand(b"UPDATE contacts SET merged_into = %(first)s WHERE id = %(last)s", circle)
    read = await desk.read(f"/contacts/{world.first}/lineage")
    assert "Nobody lives at the end" in read
    assert "absorbed by nobody" not in read


def relative(id_: int, into: int | None) -> Relative:
    return Relative(id_, into, uuid4(), None)


def test_each_contact_hangs_under_the_one_that_absorbed_it() -> None:
    family = [relative(1, None), relative(2, 1), relative(3, 2), relative(4, 1)]
    drawing = drawing_of(family)
    assert drawing is not None
    places = {dot.relative.id: (dot.x, dot.y) for dot in drawing.dots}
    assert [dot.relative.id for dot in drawing.dots] == [1, 4, 2, 3]
    assert {dot.relative.id: dot.absorber for dot in drawing.dots} == {
        1: None,
        2: places[1],
        3: places[2],
        4: places[1],
    }
    assert len({y for _, y in places.values()}) == len(family)
    assert all(x < drawing.width and y < drawing.height for x, y in places.values())


def test_a_family_too_large_for_a_picture_is_told_in_part_and_says_so() -> None:
    chain = [relative(1, None), *(relative(number, number - 1) for number in range(2, 2001))]
    drawing = drawing_of(chain)
    assert drawing is not None
    assert (len(drawing.dots), drawing.left_out) == (MOST_DRAWN, 2000 - MOST_DRAWN)
