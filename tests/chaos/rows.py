"""What is counted in PostgreSQL after the storm."""

from sqlalchemy import text

from store.engine import Store

_KINDS = text("""
    SELECT kind, count(*) FROM ledger_entries
    WHERE database_id = :database_id AND kind <> 'events.sealed' GROUP BY kind
""")
_LIVE = text("SELECT count(*) FROM contacts WHERE database_id = :database_id AND merged_into IS NULL")


async def entries(store: Store, database_id: int) -> dict[str, int]:
    """How many entries of each kind the database's ledger has of settled requests: how many seal events is chance."""
    async with store.transaction() as connection:
        return {row[0]: row[1] for row in await connection.execute(_KINDS, {"database_id": database_id})}


async def live_contacts(store: Store, database_id: int) -> int:
    return await number(store, _LIVE.text, database_id=database_id)


async def number(store: Store, query: str, **parameters: object) -> int:
    async with store.transaction() as connection:
        return int((await connection.execute(text(query), parameters)).scalar_one())
