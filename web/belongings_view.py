"""What of either contact lies beside its row, what remains of it, and the rule that says so."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.plan import Outcome
from store.belongings import Belongings, count_archived, list_names, read_belongings
from store.engine import Store
from web.plan_view import PlanView


@dataclass(frozen=True)
class BelongingRow:
    """`told` is the rule; `sides` are in the order of the plan's, and empty where nobody knows any more."""

    name: str
    told: str
    sides: Sequence[str] = ()
    result: str = ""


async def belonging_rows(store: Store, plan: PlanView) -> list[BelongingRow]:
    """Of a merge of two: as both are now while it is open, and as far as it is recorded once it has ended."""
    if plan.plan["absorbed"] is None:
        return []
    async with store.statements() as connection:
        if plan.item.merge.outcome is None:
            found = await read_belongings(connection, [side.id for side in plan.sides])
            return _now(plan, [found[side.id] for side in plan.sides])
        names = await list_names(connection, {one for ids in plan.lists.values() for one in ids})
        archived = await count_archived(connection, plan.item.merge.id)
    lists = [_named(names[one] for one in ids if one in names) for ids in plan.lists.values()]
    return _then(plan, lists, archived if plan.item.merge.outcome == Outcome.MERGED else None)


def _now(plan: PlanView, sides: Sequence[Belongings]) -> list[BelongingRow]:
    """Older and newer: whichever remains, the newer's messages do."""
    survivor = sides[[side.id for side in plan.sides].index(plan.plan["survivor"])]
    events = sum(one.events for one in sides) if plan.plan["events"]["merged"] else survivor.events
    lists = {name for one in sides for name in one.lists}
    messages = [_counted(one.messages, "message") for one in sides]
    happened = [_counted(one.events, "event") for one in sides]
    return [
        BelongingRow("Inbox", plan.tense.inbox, messages, messages[-1]),
        BelongingRow("Events", _events(plan), happened, _counted(events, "event")),
        BelongingRow("Contact lists", plan.tense.lists, [_named(one.lists) for one in sides], _named(lists)),
    ]


def _then(plan: PlanView, lists: Sequence[str], archived: int | None) -> list[BelongingRow]:
    """Nobody recorded what there was of messages and events, but what was archived."""
    told = plan.tense.inbox if archived is None else f"{plan.tense.inbox} Archived: {_counted(archived, 'message')}."
    return [
        BelongingRow("Inbox", told),
        BelongingRow("Events", _events(plan)),
        BelongingRow("Contact lists", plan.tense.lists, lists[:-1], lists[-1]),
    ]


def _events(plan: PlanView) -> str:
    return plan.tense.events if plan.plan["events"]["merged"] else plan.tense.events_apart


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}" if number else "none"


def _named(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
