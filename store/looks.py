"""Looks: that a person saw a plan, and that they saw a contact's values in clear. A service that reads leaves none."""

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from ledger.events import EventKind
from store.engine import Store
from store.journal import recording
from store.merges import MergeRow

# A page that is opened again within this time is the same look.
ONE_LOOK = timedelta(minutes=10)

_PLAN_SEEN = text(f"""
    {
    recording(
        EventKind.PLAN_SEEN,
        "(SELECT)",
        database_id=":database_id",
        merge_id=":merge_id",
        by=":token_id",
        detail=":detail",
    )
}
    ON CONFLICT (merge_id, person_id, (detail -> 'revision')) WHERE kind = 'plan.seen' DO NOTHING
""").bindparams(bindparam("detail", type_=JSONB))
_CONTACTS_VIEWED = text(f"""
    {
    recording(
        EventKind.CONTACT_VIEWED,
        "unnest(CAST(:contact_ids AS bigint[]))",
        database_id=":database_id",
        contact_id="r",
        by=":token_id",
    )
}
    WHERE NOT EXISTS (
      SELECT FROM ledger_events e WHERE e.kind = '{EventKind.CONTACT_VIEWED}' AND e.contact_id = r
      AND e.person_id = t.person_id AND e.at > clock_timestamp() - :one_look)
""")


async def saw_plan(store: Store, merge: MergeRow, token_id: str, *, masked: bool) -> None:
    """A person saw the revision that stands, by this token of theirs; once, however often they open it.

    `masked`: as it was shown the first time. Seeing its values later is a reveal.
    """
    row = {"database_id": merge.database_id, "merge_id": merge.id, "token_id": token_id}
    detail = {"revision": merge.revision, "masked": masked}
    async with store.statements() as connection:
        await connection.execute(_PLAN_SEEN, {**row, "detail": detail})


async def saw_contacts(store: Store, database_id: int, contact_ids: Collection[int], token_id: str) -> None:
    """A person saw these contacts' values in clear, by this token of theirs."""
    row = {"database_id": database_id, "contact_ids": list(contact_ids), "token_id": token_id, "one_look": ONE_LOOK}
    async with store.statements() as connection:
        await connection.execute(_CONTACTS_VIEWED, row)
