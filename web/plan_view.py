"""A plan, arranged as a person reads it: what conflicts first, what is equal last."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Self

from domain.plan import CHANGING, Rule
from domain.times import parse_time
from store.inbox import Item
from web import wording
from web.seen_merge import MergeSight
from web.tense import Tense, tense

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Side:
    """One of the two contacts. `role`: whether it remains; `label` is what a table calls it."""

    age: str
    label: str
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
class Times:
    """One time of the rows. `result` None: that of a change that has not happened."""

    name: str
    sides: list[datetime | None]
    result: datetime | None
    rule: str


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

    @property
    def tense(self) -> Tense:
        return tense(self.item.merge)

    @cached_property
    def sides(self) -> list[Side]:
        """Older and newer; one where only the device's contact is concerned, none where there is none."""
        ids = [(age, self.plan[age]) for age in ("older", "newer")]
        found = [(age, id_) for age, id_ in ids if id_ is not None]
        return [self._side(age, age.capitalize() if len(found) > 1 else "Before", id_) for age, id_ in found]

    @property
    def groups(self) -> list[Group]:
        """What decides first; what is the same on both sides is in `equal`."""
        identities = {row["name"] for row in self.plan["identities"]}
        rest = [row for row in self._rows if not row["lost"] and not _is_equal(row)]
        groups = (
            Group(self.tense.conflicts, [row for row in self._rows if row["lost"]]),
            Group("Identities", [row for row in rest if row["name"] in identities]),
            Group(self._alone, [row for row in rest if row["name"] not in identities]),
        )
        return [group for group in groups if group.rows]

    @property
    def equal(self) -> list[Row]:
        """The same on both sides, or empty on both."""
        return [row for row in self._rows if _is_equal(row)]

    @property
    def times(self) -> list[Times]:
        """Of the rows: of either contact, and what becomes of them. Nobody loses them."""
        return [self._times(row) for row in self.plan["fields"] if row["name"] in wording.OF_THE_ROW]

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

    @property
    def _alone(self) -> str:
        return "Only one has a value" if len(self.sides) > 1 else "Attributes"

    @property
    def _changed(self) -> datetime | None:
        merge = self.item.merge
        return merge.settled if merge.outcome in CHANGING else None

    def _times(self, row: Row) -> Times:
        """What is regenerated no plan can know; the merge that did it does."""
        told = [_time(row[side.age]) for side in self.sides]
        is_new = row["rule"] == Rule.REGENERATED
        result = self._changed if is_new else _time(row["result"])
        return Times(row["name"], told, result, row["rule"])

    def _side(self, age: str, label: str, id_: int) -> Side:
        snapshot = self._snapshot(id_)
        created = parse_time(snapshot["created"]) if snapshot else None
        role = {self.plan["survivor"]: self.tense.remains, self.plan["absorbed"]: self.tense.absorbed}[id_]
        return Side(age, label, id_, created, role, wording.who(self.item, id_))

    def _snapshot(self, id_: int) -> Row:
        return self.item.snapshots.get(id_, {})


def _displaced(row: Row) -> frozenset[str]:
    return frozenset(side for side in ("older", "newer") if row[side] is not None and row[side] in row["lost"])


def _is_equal(row: Row) -> bool:
    return row["rule"] == "equal" or (row["older"] is None and row["newer"] is None and row["result"] is None)


def _time(text: str | None) -> datetime | None:
    return parse_time(text) if text else None
