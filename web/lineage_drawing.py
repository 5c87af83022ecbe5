"""Who became one with whom, as a drawing: the contact that lives on top, under each contact those that it absorbed."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from store.lineage import Relative

MOST_DRAWN = 60
"""What is more would be no picture; the table beside it has them all."""

_ROW = 40
_INDENT = 22
_MARGIN = 14
_LABEL = 190


@dataclass(frozen=True)
class Drawn:
    """A contact's dot, at (x, y), and the dot of the one that absorbed it; None: nobody did."""

    relative: Relative
    x: int
    y: int
    absorber: tuple[int, int] | None


@dataclass(frozen=True)
class Drawing:
    """`left_out`: how many contacts are not on it."""

    dots: Sequence[Drawn]
    left_out: int

    @cached_property
    def width(self) -> int:
        return max(dot.x for dot in self.dots) + _LABEL

    @property
    def height(self) -> int:
        return len(self.dots) * _ROW


def drawing_of(family: Sequence[Relative]) -> Drawing | None:
    """None where nobody of them lives: somebody's hand broke the chain of ids, and there is nothing to begin with."""
    absorbed = defaultdict(list)
    for one in family:
        absorbed[one.merged_into].append(one)
    if not absorbed[None]:
        return None
    dots = list(_drawn(absorbed))
    return Drawing(dots, len(family) - len(dots))


def _drawn(absorbed: Mapping[int | None, Sequence[Relative]]) -> Iterator[Drawn]:
    """Depth first, whoever was absorbed last first. A stack: a chain may be longer than Python's own is deep."""
    waiting: list[tuple[Relative, int, tuple[int, int] | None]] = [(absorbed[None][0], 0, None)]
    row = 0
    while waiting and row < MOST_DRAWN:
        relative, depth, absorber = waiting.pop()
        x, y = _MARGIN + depth * _INDENT, row * _ROW + _ROW // 2
        yield Drawn(relative, x, y, absorber)
        waiting += [(one, depth + 1, (x, y)) for one in absorbed.get(relative.id, ())]
        row += 1
