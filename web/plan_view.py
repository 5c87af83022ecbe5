"""A plan, arranged as a person reads it: what conflicts first, what is equal last."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Self

from domain.times import parse_time
from store.inbox import Item
from web import wording
from web.seen_merge import MergeSight

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Side:
    """One of the two contacts. `role`: whether it remains."""

    age: str
    id: int
    created: datetime | None
    role: str
    name: str


@dataclass(frozen=True)
class Group:
    """Rows of one kind, under a heading."""

    title: str
    rows: list[Row]


@dataclass(frozen=True)
class PlanView:
    """`item` is as the viewer may see it. `displaced` names the sides whose value a row loses: masks may read alike."""

    item: Item
    displaced: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, item: Item, seen: MergeSight) -> Self:
        rows = wording.own_rows(item.merge.plan)
        return cls(seen.item(item), {row["name"]: _displaced(row) for row in rows})

    @property
    def plan(self) -> Row:
        return self.item.merge.plan

    @cached_property
    def sides(self) -> list[Side]:
        """Older and newer; one where only the device's contact is concerned, none where there is none."""
        ids = [(age, self.plan[age]) for age in ("older", "newer")]
        return [self._side(age, id_) for age, id_ in ids if id_ is not None]

    @property
    def groups(self) -> list[Group]:
        """What decides first; what is the same on both sides is in `equal`."""
        identities = {row["name"] for row in self.plan["identities"]}
        rest = [row for row in self._rows if not row["lost"] and not _is_equal(row)]
        groups = (
            Group("Conflicts: one value is lost", [row for row in self._rows if row["lost"]]),
            Group("Identities", [row for row in rest if row["name"] in identities]),
            Group("Only one has a value", [row for row in rest if row["name"] not in identities]),
        )
        return [group for group in groups if group.rows]

    @property
    def equal(self) -> list[Row]:
        """The same on both sides, or empty on both."""
        return [row for row in self._rows if _is_equal(row)]

    @property
    def times(self) -> list[tuple[str, list[datetime | None], str]]:
        """The times of the rows: of either contact, and what becomes of them. Nobody loses them."""
        found = {row["name"]: row for row in self.plan["fields"] if row["name"] in wording.OF_THE_ROW}
        return [(name, [_time(row[side.age]) for side in self.sides], row["rule"]) for name, row in found.items()]

    @property
    def lost(self) -> list[wording.Lost]:
        return wording.lost(self.plan)

    @property
    def moved(self) -> list[Row]:
        return wording.moved_devices(self.plan)

    def is_lost(self, row: Row, side: str) -> bool:
        return side in self.displaced[row["name"]]

    @property
    def lists(self) -> dict[str, list[int]]:
        """The contact lists of either contact, and of the one that remains."""
        before = {side.age: list(self._snapshot(side.id).get("contactLists", ())) for side in self.sides}
        return {**before, "result": list(self.plan["contactLists"])}

    @cached_property
    def _rows(self) -> list[Row]:
        return list(wording.own_rows(self.plan))

    def _side(self, age: str, id_: int) -> Side:
        snapshot = self._snapshot(id_)
        created = parse_time(snapshot["created"]) if snapshot else None
        role = {self.plan["survivor"]: "remains", self.plan["absorbed"]: "is absorbed"}[id_]
        return Side(age, id_, created, role, wording.who(self.item, id_))

    def _snapshot(self, id_: int) -> Row:
        return self.item.snapshots.get(id_, {})


def _displaced(row: Row) -> frozenset[str]:
    return frozenset(side for side in ("older", "newer") if row[side] is not None and row[side] in row["lost"])


def _is_equal(row: Row) -> bool:
    return row["rule"] == "equal" or (row["older"] is None and row["newer"] is None and row["result"] is None)


def _time(text: str | None) -> datetime | None:
    return parse_time(text) if text else None
