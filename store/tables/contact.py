"""Contacts, what belongs to them and what reached them."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from store.tables.schema import NOW, TIME, metadata

contacts = Table(
    "contacts",
    metadata,
    Column("id", BigInteger, Identity(start=1000), primary_key=True),
    Column("database_id", ForeignKey("databases.id"), nullable=False),
    Column("created", TIME, nullable=False),
    Column("last_modified", TIME, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("identities_changed", TIME, comment="since it was created; null: never"),
    Column("merged_into", ForeignKey("contacts.id")),
    Column("email", Text),
    Column("email_type", Text),
    Column("opt_in_details", Text),
    Column("lead_source", Text),
    Column("crm_sync_id", Text),
    Column("visitor_key", Text),
    Column("muid", Text),
    Column("custom", JSONB, nullable=False, server_default=text("'{}'")),
    CheckConstraint("merged_into <> id", name="merged_into_another"),
    Index(None, "database_id", "id"),
    Index("contacts_merged_into_idx", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
    Index("contacts_email_idx", "database_id", text("lower(email)"), postgresql_where=text("merged_into IS NULL")),
)

devices = Table(
    "devices",
    metadata,
    Column("id", BigInteger, Identity(start=1000), primary_key=True),
    Column("database_id", BigInteger, nullable=False),
    Column("channel", Text, nullable=False),
    Column("qualifier", Text, nullable=False),
    Column("destination", Text, nullable=False),
    Column("contact_id", ForeignKey("contacts.id"), nullable=False, index=True),
    Column("created", TIME, nullable=False, server_default=NOW),
    Column("consent_status", Text, nullable=False),
    Column("consent_date", TIME),
    Column("consent_source", Text),
    Column("attributes", JSONB, nullable=False, server_default=text("'{}'")),
    UniqueConstraint("database_id", "channel", "qualifier", "destination", name="devices_address_key"),
    Index("devices_muid_idx", "database_id", text("split_part(destination, '|', 1)")),
    ForeignKeyConstraint(
        ["database_id", "channel", "qualifier"],
        ["qualifiers.database_id", "qualifiers.channel", "qualifiers.name"],
        name="devices_qualifier_fkey",
    ),
    CheckConstraint("consent_status IN ('OPTED-IN', 'OPTED-OUT')", name="consent_status"),
)

identities = Table(
    "identities",
    metadata,
    Column("database_id", BigInteger, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("contact_id", ForeignKey("contacts.id"), nullable=False),
    UniqueConstraint("contact_id", "name"),
    ForeignKeyConstraint(
        ["database_id", "name"], ["lookup_keys.database_id", "lookup_keys.name"], name="identities_lookup_key_fkey"
    ),
)

contact_lists = Table(
    "contact_lists",
    metadata,
    Column("id", BigInteger, Identity(start=1000), primary_key=True),
    Column("database_id", ForeignKey("databases.id"), nullable=False),
    Column("name", Text, nullable=False),
    UniqueConstraint("database_id", "name"),
)

contact_list_members = Table(
    "contact_list_members",
    metadata,
    Column("list_id", ForeignKey("contact_lists.id"), primary_key=True),
    Column("contact_id", ForeignKey("contacts.id"), primary_key=True, index=True),
)

inbox_messages = Table(
    "inbox_messages",
    metadata,
    Column("id", BigInteger, Identity(start=1000), primary_key=True),
    Column("contact_id", ForeignKey("contacts.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("body", Text),
    Column("sent", TIME, nullable=False),
    Column("expires", TIME),
    Column("archived_by", ForeignKey("merges.id"), comment="the merge that archived it; null: shown"),
)

events = Table(
    "events",
    metadata,
    Column("id", BigInteger, Identity(start=1000), primary_key=True),
    Column("contact_id", ForeignKey("contacts.id"), nullable=False, index=True),
    Column("recorded_on", ForeignKey("contacts.id"), nullable=False, comment="the contact id it came in under"),
    Column("type", Text, nullable=False),
    Column("occurred", TIME, nullable=False),
    Column("attributes", JSONB, nullable=False, server_default=text("'{}'")),
)
