"""Checkpoints: what was signed over each chain, and how it goes with the places they are written to."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, Table, Text

from store.tables.schema import NOW, TIME, metadata

ledger_checkpoints = Table(
    "ledger_checkpoints",
    metadata,
    Column("database_id", ForeignKey("databases.id"), primary_key=True),
    Column("origin", Text, primary_key=True, comment="the installation's name and the database"),
    Column("size", BigInteger, primary_key=True),
    Column("root", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", TIME, nullable=False),
    Index("ledger_checkpoints_at_idx", "database_id", "at"),
)

ledger_tiles = Table(
    "ledger_tiles",
    metadata,
    Column("database_id", ForeignKey("databases.id"), primary_key=True),
    Column("origin", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True, comment="from 0"),
    Column("root", LargeBinary, nullable=False, comment="of the tree over its 1,024 entries"),
)

checkpoint_places = Table(
    "checkpoint_places",
    metadata,
    Column("name", Text, primary_key=True),
    Column("seen", TIME, nullable=False, server_default=NOW, comment="when a signer last told of it"),
    Column("failing_since", TIME),
    Column("fault", Text),
    comment="as the signer's settings name them",
)

checkpoint_refusals = Table(
    "checkpoint_refusals",
    metadata,
    Column("database_id", ForeignKey("databases.id"), primary_key=True),
    Column("doubt", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("since", TIME, nullable=False, server_default=NOW),
    comment="chains that nothing is signed over now",
)
