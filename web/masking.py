"""Personal values as a role may see them: a specialist in full, everybody else masked until they ask for a reveal.

A mask keeps what tells two values apart, and never a value's length.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.address import Address, Channel
from domain.columns import ColumnType
from store import looks, reveals
from store.engine import Store
from store.reveals import Subject
from store.tokens import Scope
from web.viewer import Viewer

MASK = "•••"
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_PHONE = re.compile(r"\+[0-9 ()./-]{6,}")
# Their first letter, or their last digits, would be the whole value.
_CLOSED = frozenset({ColumnType.BOOLEAN, ColumnType.SELECTION, ColumnType.NUMBER, ColumnType.DATE})


@dataclass(frozen=True)
class Sight:
    """How one viewer sees the values of one subject.

    `role_sees` says that they need no reveal; `until` is when a reveal of theirs ends.
    """

    role_sees: bool
    until: datetime | None = None

    @property
    def is_clear(self) -> bool:
        return self.role_sees or self.until is not None

    def text(self, value: str, kind: ColumnType = ColumnType.TEXT) -> str:
        if self.is_clear:
            return value
        return MASK if kind in _CLOSED else masked(value)

    def address(self, address: Address) -> str:
        return address.destination if self.is_clear else masked_address(address)


async def sight(store: Store, viewer: Viewer, database_id: int, subject: Subject) -> Sight:
    """`subject` is of this database, which the viewer reaches."""
    if sees_values(viewer, database_id):
        return Sight(role_sees=True)
    return Sight(role_sees=False, until=await reveals.ends(store, viewer.session.person_id, subject))


async def contact_sight(store: Store, viewer: Viewer, database_id: int, contact_id: int) -> Sight:
    """The same of a contact's own page, and its devices': where the values are in clear it is a look at them."""
    seen = await sight(store, viewer, database_id, Subject(contact_id))
    if seen.is_clear:
        await looks.saw_contacts(store, database_id, [contact_id], viewer.token.id)
    return seen


async def record_reveal(store: Store, viewer: Viewer, database_id: int, subject: Subject) -> None:
    """From here on, and for ten minutes, `sight` of this subject is clear to this person."""
    await reveals.record(
        store,
        person_id=viewer.session.person_id,
        token_id=viewer.token.id,
        database_id=database_id,
        subject=subject,
    )


async def record_search(store: Store, viewer: Viewer, reach: Sequence[int] | None) -> None:
    """Of who looks for a value in these databases (None: all), where one masks it for them. Raises SearchesMany."""
    if is_masked_in_one(viewer, reach):
        clear = viewer.token.reach(Scope.MERGES_DECIDE) or []
        who = viewer.session.person_id
        await reveals.record_search(store, person_id=who, token_id=viewer.token.id, reach=reach, clear=clear)


def is_masked_in_one(viewer: Viewer, reach: Sequence[int] | None) -> bool:
    clear = viewer.token.reach(Scope.MERGES_DECIDE)
    return clear is not None and (reach is None or not set(reach) <= set(clear))


def sees_values(viewer: Viewer, database_id: int) -> bool:
    """Whether the viewer is a specialist there: no other role decides."""
    return viewer.may(Scope.MERGES_DECIDE, database_id)


def masked(value: str) -> str:
    """An e-mail address keeps its first letter and its domain, a phone number two digits, all else one letter."""
    if _EMAIL.fullmatch(value):
        return f"{value[0]}{MASK}@{value.rpartition('@')[2]}"
    if _PHONE.fullmatch(value):
        return f"{MASK}{value[-2:]}"
    return f"{value[:1]}{MASK}"


def masked_address(address: Address) -> str:
    if address.channel is Channel.SMS:
        return f"{MASK}{address.destination[-2:]}"
    return "|".join(f"{side[:1]}{MASK}" for side in address.destination.split("|"))
