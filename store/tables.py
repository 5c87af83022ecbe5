"""The tables. Migrations create them; a test holds both together."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)

_NOW = text("now()")
_TIME = DateTime(timezone=True)


databases = Table(
    "databases",
    metadata,
    Column("id", BigInteger, Identity(start=100000), primary_key=True),
    Column("name", Text, nullable=False),
    Column("keyed", Boolean, nullable=False, server_default=text("false")),
    Column("created", _TIME, nullable=False, server_default=_NOW),
)

policies = Table(
    "policies",
    metadata,
    Column("database_id", ForeignKey("databases.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("survivor", Text, nullable=False),
    Column("created", _TIME, nullable=False, server_default=_NOW),
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

contacts = Table(
    "contacts",
    metadata,
    Column("id", BigInteger, Identity(start=1000), primary_key=True),
    Column("database_id", ForeignKey("databases.id"), nullable=False),
    Column("created", _TIME, nullable=False),
    Column("last_modified", _TIME, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
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
    Column("created", _TIME, nullable=False, server_default=_NOW),
    Column("consent_status", Text, nullable=False),
    Column("consent_date", _TIME),
    Column("consent_source", Text),
    Column("attributes", JSONB, nullable=False, server_default=text("'{}'")),
    UniqueConstraint("database_id", "channel", "qualifier", "destination", name="devices_address_key"),
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

tokens = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("owner", Text, nullable=False),
    Column("owner_kind", Text, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("database_ids", ARRAY(BigInteger), comment="null: every database"),
    Column("created", _TIME, nullable=False, server_default=_NOW),
    Column("expires", _TIME, nullable=False),
    Column("revoked", _TIME),
    CheckConstraint("owner_kind IN ('service', 'person')", name="owner_kind"),
)

merges = Table(
    "merges",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("database_id", ForeignKey("databases.id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("outcome", Text),
    Column("requested", _TIME, nullable=False, server_default=_NOW),
    Column("settled", _TIME),
    Column("requester", ForeignKey("tokens.id"), nullable=False),
    Column("workflow_id", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("qualifier", Text, nullable=False),
    Column("destination", Text, nullable=False),
    Column("identity_name", Text, nullable=False),
    Column("identity_value", Text, nullable=False),
    Column("use_crm_contact_as_winner", Boolean, nullable=False),
    Column("merge_events", Boolean, nullable=False),
    Column("plan", JSONB, nullable=False),
    Column("plan_digest", Text, nullable=False),
    Column("device_snapshot", JSONB),
    Column("lookup_snapshot", JSONB),
    Column("survivor_id", ForeignKey("contacts.id")),
    Column("absorbed_id", ForeignKey("contacts.id")),
    Column("winner_channel_identifier", Text),
    Column("ledger_seq", BigInteger),
    Column("ledger_hash", LargeBinary),
    CheckConstraint("state IN ('merging', 'done')", name="state"),
    CheckConstraint("(state = 'done') = (outcome IS NOT NULL)", name="outcome"),
    Index("merges_page_idx", "database_id", "requested", "id"),
    Index("merges_absorbed_idx", "absorbed_id", postgresql_where=text("absorbed_id IS NOT NULL")),
)

merge_executions = Table(
    "merge_executions",
    metadata,
    Column("merge_id", Uuid, primary_key=True),
    Column("attempt", Integer, nullable=False),
    Column("claimed", _TIME, nullable=False, server_default=_NOW),
    comment="who inserts a merge's id here settles it, in the same transaction: never twice",
)

inbox_messages = Table(
    "inbox_messages",
    metadata,
    Column("id", BigInteger, Identity(start=1000), primary_key=True),
    Column("contact_id", ForeignKey("contacts.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("body", Text),
    Column("sent", _TIME, nullable=False),
    Column("expires", _TIME),
    Column("archived_by", ForeignKey("merges.id"), comment="the merge that archived it; null: shown"),
)

events = Table(
    "events",
    metadata,
    Column("id", BigInteger, Identity(start=1000), primary_key=True),
    Column("contact_id", ForeignKey("contacts.id"), nullable=False, index=True),
    Column("recorded_on", ForeignKey("contacts.id"), nullable=False, comment="the contact id it came in under"),
    Column("type", Text, nullable=False),
    Column("occurred", _TIME, nullable=False),
    Column("attributes", JSONB, nullable=False, server_default=text("'{}'")),
)

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
    Column("at", _TIME, nullable=False),
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
