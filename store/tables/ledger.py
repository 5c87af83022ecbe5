"""The ledger: one chain for each database, the values beside it."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
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
    Column("salt", LargeBinary, nullable=False),
    Column("content", JSONB, nullable=False),
    ForeignKeyConstraint(
        ["database_id", "seq"],
        ["ledger_entries.database_id", "ledger_entries.seq"],
        name="ledger_payloads_entry_fkey",
    ),
)
