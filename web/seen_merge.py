"""A merge as its viewer may see it: what its pages, lists and files are made of, with nothing else left in it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from domain.address import Address, Channel
from domain.columns import ColumnType
from domain.contact import WIRE_NAMES
from domain.plan_changes import PlanChange
from domain.request import MergeRequest
from store import databases, looks
from store.databases import Database
from store.engine import Store
from store.inbox import Item
from store.merges import MergeRow
from store.reveals import Subject
from web.masking import MASK, Sight, sees_values, sight
from web.viewer import Viewer
from web.wording import OF_THE_ROW

Document = Mapping[str, Any]

_TOLD = ("id", "created", "contactLists")


@dataclass(frozen=True)
class MergeSight:
    """How one viewer sees the values of one merge. `types` are those of its columns: what has none is hidden whole."""

    sight: Sight
    types: Mapping[str, ColumnType]

    def item(self, item: Item) -> Item:
        if self.sight.is_clear:
            return item
        snapshots = {id_: self._snapshot(snapshot) for id_, snapshot in item.snapshots.items()}
        return replace(item, merge=self._merge(item.merge), snapshots=snapshots)

    def change(self, change: PlanChange) -> PlanChange:
        if self.sight.is_clear:
            return change
        before, after = (self._member(change.what, value) for value in (change.before, change.after))
        return PlanChange(change.what, before, after)

    def document(self, whole: Document) -> Document:
        """What `api.merge_document` tells of a whole merge. Where values are masked it says so itself."""
        if self.sight.is_clear:
            return whole
        revisions = [
            {**one, "changes": [self.change(PlanChange(**change)).document() for change in one["changes"]]}
            for one in whole["revisions"]
        ]
        identifier = self._text(whole["winnerChannelIdentifier"])
        plan = self._plan(whole["plan"])
        return {**whole, "masked": True, "plan": plan, "winnerChannelIdentifier": identifier, "revisions": revisions}

    def request(self, request: MergeRequest) -> MergeRequest:
        if self.sight.is_clear:
            return request
        address, identity = request.address, request.identity
        return replace(
            request,
            address=replace(address, destination=self.sight.address(address)),
            identity=replace(identity, value=self._value(identity.name, identity.value)),
        )

    def _merge(self, merge: MergeRow) -> MergeRow:
        request = self.request(merge.request)
        identifier = self._text(merge.winner_channel_identifier)
        return replace(merge, request=request, plan=self._plan(merge.plan), winner_channel_identifier=identifier)

    def _plan(self, plan: Document) -> dict[str, Any]:
        return {
            **plan,
            "request": self._request(plan["request"]),
            "winnerChannelIdentifier": self._text(plan["winnerChannelIdentifier"]),
            "fields": [self._row(row) for row in plan["fields"]],
            "identities": [self._row(row) for row in plan["identities"]],
            "devices": [self._device(device) for device in plan["devices"]],
        }

    def _member(self, what: str, value: Any) -> Any:
        """A part of a plan, by the place that a change names."""
        group = what.partition("/")[0]
        if value is None:
            return None
        if group in {"fields", "identities"}:
            return self._row(value)
        if group == "devices":
            return self._device(value)
        return self._text(value) if what == "winnerChannelIdentifier" else value

    def _snapshot(self, snapshot: Document) -> Document:
        """What pages tell of a contact as it was planned on, and no more."""
        identities = [{**pair, "value": self._value(pair["name"], pair["value"])} for pair in snapshot["identities"]]
        email = snapshot["email"] and self._value("email", snapshot["email"])
        return {**{name: snapshot[name] for name in _TOLD}, "email": email, "identities": identities}

    def _request(self, request: Document) -> Document:
        identity = request["identity"]
        value = self._value(identity["name"], identity["value"])
        destination = self._destination(request["channel"], request)
        return {**request, "destination": destination, "identity": {**identity, "value": value}}

    def _row(self, row: Document) -> Document:
        name = row["name"]
        if name in OF_THE_ROW:
            return row
        given = {side: row[side] for side in ("older", "newer", "result") if row[side] is not None}
        values = {side: self._value(name, value) for side, value in given.items()}
        return {**row, **values, "lost": [self._value(name, value) for value in row["lost"]]}

    def _device(self, device: Document) -> Document:
        attributes = {name: self._text(value) for name, value in device["attributes"].items()}
        return {**device, "destination": self._destination(device["channelType"], device), "attributes": attributes}

    def _destination(self, channel: str, named: Document) -> str:
        return self.sight.address(Address(Channel(channel), named["qualifier"], named["destination"]))

    def _value(self, name: str, value: str) -> str:
        return self.sight.text(value, self.types[name]) if name in self.types else MASK

    def _text(self, value: str | None) -> str | None:
        return None if value is None else self.sight.text(value)


async def merge_sight(store: Store, viewer: Viewer, merge: MergeRow) -> MergeSight:
    """Of a page that is one merge's own: by the viewer's role, or a reveal of this merge. It is a look at its plan."""
    seen = await sight(store, viewer, merge.database_id, Subject(merge_id=merge.id))
    await looks.saw_plan(store, merge, viewer.token.id, masked=not seen.is_clear)
    return MergeSight(seen, {} if seen.is_clear else types_of(await databases.get(store, merge.database_id)))


async def as_listed(store: Store, viewer: Viewer, items: Sequence[Item]) -> list[Item]:
    sights = await list_sights(store, viewer, {one.merge.database_id for one in items})
    return [sights[one.merge.database_id].item(one) for one in items]


async def list_sights(store: Store, viewer: Viewer, database_ids: Collection[int]) -> dict[int, MergeSight]:
    """How lists show the merges of each of these databases: by the viewer's role alone, since a reveal is of one."""
    masking = [one for one in database_ids if not sees_values(viewer, one)]
    types = {one.id: types_of(one) for one in await databases.list_all(store, sorted(masking))}
    return {one: MergeSight(Sight(role_sees=one not in masking), types.get(one, {})) for one in database_ids}


def types_of(database: Database) -> dict[str, ColumnType]:
    system = dict.fromkeys(WIRE_NAMES.values(), ColumnType.TEXT)
    return {**system, **{column.name: column.type for column in database.columns}}
