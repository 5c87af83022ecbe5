"""The pictures of the README can be taken again, and are those that are there."""

import struct
from pathlib import Path

import pytest

from tests.pictures.__main__ import PICTURES
from tests.pictures.taking import SIZE, names, take

MOST = 200_000  # bytes: a README is read over slow lines too


def size(picture: bytes) -> tuple[int, int]:
    """Of a PNG, as its header says."""
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", picture[16:24])
    return width, height


@pytest.mark.slow
async def test_the_pictures_can_be_taken(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    await take(tmp_path / "stack", pictures)
    assert sorted(one.name for one in pictures.iterdir()) == sorted(names())
    taken = [one.read_bytes() for one in pictures.iterdir()]
    assert {size(one) for one in taken} == {SIZE}
    assert len(set(taken)) == len(taken)


@pytest.mark.parametrize("name", names())
def test_each_picture_is_there_and_small(name: str) -> None:
    picture = (PICTURES / name).read_bytes()
    assert size(picture) == SIZE
    assert len(picture) < MOST
