"""Tables of what runs left: their histories, and what is not as it should be between them and the rest."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)

from store.tables.schema import NOW, TIME, metadata

histories = Table(
    "histories",
    metadata,
    Column("merge_id", ForeignKey("merges.id"), primary_key=True),
    Column("run_id", Text, primary_key=True),
    Column("workflow_id", Text, nullable=False),
    Column("events", Integer),
    Column("began", TIME),
    Column("closed", TIME),
    Column("archived", TIME, nullable=False, server_default=text("clock_timestamp()")),
    Column("digest", LargeBinary, comment="SHA-256 of the history as Temporal gave it, as JSON"),
    Column("contact_ids", ARRAY(BigInteger), comment="whose keys it takes to read it; none: the database's own"),
    Column("sealed", LargeBinary, comment="the history, encrypted"),
    CheckConstraint("num_nulls(events, began, closed, digest, contact_ids, sealed) IN (0, 6)", name="whole"),
    comment="what happened in each run that has closed; without a history where Temporal had forgotten it",
)

findings = Table(
    "findings",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False, comment="what it is about: an id, a channel, a sentence; never a value"),
    Column("database_id", ForeignKey("databases.id")),
    Column("merge_id", Uuid, comment="may not be stored"),
    Column("first_seen", TIME, nullable=False, server_default=NOW),
    Column("last_seen", TIME, nullable=False, server_default=NOW),
    Column("attempts", Integer, nullable=False, server_default=text("0"), comment="to heal it"),
    Column("ended", TIME, comment="when it was no longer found"),
    Column("healed", Boolean, nullable=False, server_default=text("false")),
    Index("findings_current_key", "kind", "subject", unique=True, postgresql_where=text("ended IS NULL")),
    comment="what the reconciler found: one row from when it was first seen until it was seen no more",
)
