"""Databases: what a tenant has set up before any contact is there."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Integer,
    Interval,
    Table,
    Text,
    text,
)

from store.tables.schema import NOW, TIME, metadata

databases = Table(
    "databases",
    metadata,
    Column("id", BigInteger, Identity(start=100000), primary_key=True),
    Column("name", Text, nullable=False),
    Column("keyed", Boolean, nullable=False, server_default=text("false")),
    Column("created", TIME, nullable=False, server_default=NOW),
)

policies = Table(
    "policies",
    metadata,
    Column("database_id", ForeignKey("databases.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("survivor", Text, nullable=False),
    Column("created", TIME, nullable=False, server_default=NOW),
    Column("ask", Text, nullable=False, server_default=text("'never'")),
    Column("outcomes", ARRAY(Text), nullable=False, server_default=text("'{merged}'")),
    Column("both_identified", Boolean, nullable=False, server_default=text("false")),
    Column("emails_differ", Boolean, nullable=False, server_default=text("false")),
    Column("devices_gained_over", Integer),
    Column("identity_changed_within", Interval),
    Column("deadline", Interval, nullable=False, server_default=text("'3 days'")),
    Column("reminder_percent", Integer, nullable=False, server_default=text("75")),
    Column("blocked_values", ARRAY(Text), comment="null: the placeholders that the domain knows"),
    Column("changed_by", ForeignKey("tokens.id"), comment="null: the operator, by the command"),
    CheckConstraint("ask IN ('never', 'always', 'when')", name="ask"),
)

columns = Table(
    "columns",
    metadata,
    Column("database_id", ForeignKey("databases.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("required", Boolean, nullable=False, server_default=text("false")),
    Column("selections", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    CheckConstraint("type IN ('text', 'number', 'boolean', 'date', 'selection')", name="type"),
)

lookup_keys = Table(
    "lookup_keys",
    metadata,
    Column("database_id", BigInteger, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("status", Text, nullable=False),
    ForeignKeyConstraint(["database_id", "name"], ["columns.database_id", "columns.name"]),
    CheckConstraint("status IN ('ACTIVE', 'CREATE_PENDING')", name="status"),
)

qualifiers = Table(
    "qualifiers",
    metadata,
    Column("database_id", ForeignKey("databases.id"), primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    CheckConstraint("channel IN ('PUSH', 'SMS')", name="channel"),
    comment="app keys (PUSH) and campaigns (SMS)",
)
