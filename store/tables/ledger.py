"""The ledger: one chain for each database, the values beside it and their keys, the events that it seals."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from store.tables.schema import TIME, metadata

ledger_heads = Table(
    "ledger_heads",
    metadata,
    Column("database_id", ForeignKey("databases.id"), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("entry_hash", LargeBinary, nullable=False),
)

ledger_entries = Table(
    "ledger_entries",
    metadata,
    Column("database_id", ForeignKey("databases.id"), primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("id", Uuid, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("at", TIME, nullable=False),
    Column("merge_id", ForeignKey("merges.id")),
    Column("canonical", LargeBinary, nullable=False),
    Column("entry_hash", LargeBinary, nullable=False),
    Index(
        "ledger_entries_executed_key",
        "merge_id",
        unique=True,
        postgresql_where=text("kind = 'merge.executed'"),
    ),
    Index("ledger_entries_merge_idx", "merge_id"),
)

ledger_payloads = Table(
    "ledger_payloads",
    metadata,
    Column("database_id", BigInteger, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("contact_id", ForeignKey("contacts.id"), comment="whose values these are; null: of no known contact"),
    Column("encrypted", LargeBinary, nullable=False),
    ForeignKeyConstraint(
        ["database_id", "seq"],
        ["ledger_entries.database_id", "ledger_entries.seq"],
        name="ledger_payloads_entry_fkey",
    ),
)

# No foreign keys but the database's: what an event names may not be stored yet, as a merge whose run has begun, or is
# locked by somebody who waits for us.
ledger_events = Table(
    "ledger_events",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=text("gen_random_uuid()")),
    Column("position", BigInteger, Identity(always=True), nullable=False, unique=True),
    Column("database_id", ForeignKey("databases.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", TIME, nullable=False, server_default=text("clock_timestamp()")),
    Column("merge_id", Uuid),
    Column("contact_id", BigInteger),
    Column("person_id", BigInteger, comment="who did it; null: a service, the operator, or this system"),
    Column("token_id", Text, comment="what it was done with"),
    Column("detail", JSONB, nullable=False, server_default=text("'{}'")),
    Column("encrypted", LargeBinary, comment="what its detail commits to; null: nothing"),
    Index(None, "database_id", "position"),
    *(
        Index(f"ledger_events_{subject}_idx", f"{subject}_id", postgresql_where=text(f"{subject}_id IS NOT NULL"))
        for subject in ("merge", "contact", "person")
    ),
    # Opening a page twice is one look at what it shows.
    Index(
        "ledger_events_seen_key",
        "merge_id",
        "person_id",
        text("(detail -> 'revision')"),
        unique=True,
        postgresql_where=text("kind = 'plan.seen'"),
    ),
    comment="what happened beside the settled requests; no personal value",
)

ledger_seals = Table(
    "ledger_seals",
    metadata,
    Column("event_id", ForeignKey("ledger_events.id"), primary_key=True),
    Column("database_id", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("place", Integer, nullable=False, comment="in the entry, from 0"),
    UniqueConstraint("database_id", "seq", "place"),
    ForeignKeyConstraint(
        ["database_id", "seq"],
        ["ledger_entries.database_id", "ledger_entries.seq"],
        name="ledger_seals_entry_fkey",
    ),
    comment="which entry of the chain holds an event; none yet for the newest",
)

# Not append-only: an erasure deletes its contact's.
contact_keys = Table(
    "contact_keys",
    metadata,
    Column("database_id", ForeignKey("databases.id"), nullable=False),
    Column("contact_id", ForeignKey("contacts.id"), comment="null: of no known contact"),
    Column("key_id", Text, nullable=False, comment="which configured key wraps it"),
    Column("wrapped", LargeBinary, nullable=False),
    UniqueConstraint("database_id", "contact_id", postgresql_nulls_not_distinct=True),
)
