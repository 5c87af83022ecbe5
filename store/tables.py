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
    Interval,
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

contacts = Table(
    "contacts",
    metadata,
    Column("id", BigInteger, Identity(start=1000), primary_key=True),
    Column("database_id", ForeignKey("databases.id"), nullable=False),
    Column("created", _TIME, nullable=False),
    Column("last_modified", _TIME, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("identities_changed", _TIME, comment="since it was created; null: never"),
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
    Column("created", _TIME, nullable=False, server_default=_NOW),
    Column("consent_status", Text, nullable=False),
    Column("consent_date", _TIME),
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

people = Table(
    "people",
    metadata,
    Column("id", BigInteger, Identity(start=100), primary_key=True),
    Column("email", Text, nullable=False, unique=True, comment="in lower case"),
    Column("name", Text, nullable=False),
    Column("created", _TIME, nullable=False, server_default=_NOW),
    Column("disabled", _TIME),
    Column("password_hash", Text, comment="argon2id; null: no sign-in with a password"),
)

roles = Table(
    "roles",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("database_id", ForeignKey("databases.id"), comment="null: every database"),
    Column("given", _TIME, nullable=False, server_default=_NOW),
    UniqueConstraint("person_id", "role", "database_id", postgresql_nulls_not_distinct=True),
    CheckConstraint("role IN ('requester', 'specialist', 'auditor', 'admin')", name="role"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("owner", Text, nullable=False),
    Column("owner_kind", Text, nullable=False),
    Column("person_id", ForeignKey("people.id"), comment="whose it is, or who answers for the service that has it"),
    Column("scopes", ARRAY(Text), nullable=False, comment="of a service; a person's follow from their roles"),
    Column("database_ids", ARRAY(BigInteger), comment="null: every database"),
    Column("created", _TIME, nullable=False, server_default=_NOW),
    Column("expires", _TIME, nullable=False),
    Column("revoked", _TIME),
    CheckConstraint("owner_kind IN ('service', 'person')", name="owner_kind"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_id", ForeignKey("tokens.id"), primary_key=True),
    Column("last_seen", _TIME, nullable=False, server_default=_NOW),
    Column("authenticated", _TIME, nullable=False, server_default=_NOW, comment="when the password was last given"),
    Column("browser", Text, nullable=False, comment="as it named itself"),
    comment="a personal token that lives in a browser's cookie",
)

sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("address_hash", LargeBinary, primary_key=True, comment="SHA-256 of what was typed, whoever has it"),
    Column("failures", Integer, nullable=False),
    Column("at", _TIME, nullable=False, server_default=_NOW, index=True, comment="of the last one"),
    Column("blocked_until", _TIME),
    comment="wrong passwords since the last right one, by address",
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
    Column("revision", Integer, nullable=False, server_default=text("1")),
    Column("reasons", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="why a person was asked"),
    Column("deadline", _TIME, comment="set when a person was first asked"),
    Column("claimed_by", ForeignKey("people.id")),
    Column("claimed", _TIME),
    Column("decision_id", ForeignKey("decisions.id", use_alter=True), comment="the decision that took effect"),
    CheckConstraint("state IN ('preparing', 'pending_approval', 'merging', 'done')", name="state"),
    CheckConstraint("(state = 'done') = (outcome IS NOT NULL)", name="outcome"),
    Index("merges_page_idx", "database_id", "requested", "id"),
    Index("merges_pending_idx", "database_id", "deadline", postgresql_where=text("state = 'pending_approval'")),
    # Asked at every change of a contact: which merges that wait for a person were planned on it.
    *(
        Index(
            f"merges_pending_{contact}_contact_idx",
            text(f"({contact}_snapshot ->> 'id')"),
            postgresql_where=text("state = 'pending_approval'"),
        )
        for contact in ("device", "lookup")
    ),
    Index("merges_absorbed_idx", "absorbed_id", postgresql_where=text("absorbed_id IS NOT NULL")),
    Index("merges_decided_idx", "settled", postgresql_where=text("state = 'done' AND deadline IS NOT NULL")),
    # What people search the inbox by, of the merges that a person was asked about.
    *(
        Index(f"merges_asked_{name}_idx", text(sought), postgresql_where=text("deadline IS NOT NULL"))
        for name, sought in (
            ("identity", "identity_value"),
            ("muid", "split_part(destination, '|', 1)"),
            ("device_email", "lower(device_snapshot ->> 'email')"),
            ("lookup_email", "lower(lookup_snapshot ->> 'email')"),
        )
    ),
    *(
        Index(
            f"merges_asked_{contact}_identities_idx",
            text(f"({contact}_snapshot -> 'identities')"),
            postgresql_using="gin",
            postgresql_where=text("deadline IS NOT NULL"),
        )
        for contact in ("device", "lookup")
    ),
)

merge_revisions = Table(
    "merge_revisions",
    metadata,
    Column("merge_id", ForeignKey("merges.id"), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("cause", Text, nullable=False),
    Column("plan", JSONB, nullable=False),
    Column("plan_digest", Text, nullable=False),
    Column("device_snapshot", JSONB),
    Column("lookup_snapshot", JSONB),
    Column("created", _TIME, nullable=False, server_default=_NOW),
    CheckConstraint("cause IN ('requested', 'decided-on-another', 'contacts-changed')", name="cause"),
    comment="what people were shown, one row for each plan",
)

merge_requesters = Table(
    "merge_requesters",
    metadata,
    Column("merge_id", Uuid, primary_key=True, comment="may not be stored yet: its run has begun"),
    Column("token_id", ForeignKey("tokens.id"), primary_key=True),
    Column("joined", _TIME, nullable=False, server_default=_NOW),
    comment="who asked for it, and who joined the open request",
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("merge_id", ForeignKey("merges.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("plan_digest", Text, nullable=False, comment="of the plan that was seen"),
    Column("reason", Text),
    Column("not_same_person", Boolean, nullable=False, server_default=text("false")),
    Column("person_id", ForeignKey("people.id"), comment="null: a service withdrew its own request"),
    Column("token_id", ForeignKey("tokens.id"), nullable=False),
    Column("at", _TIME, nullable=False, server_default=text("clock_timestamp()")),
    Column("refused", Text, comment="why it had no effect when it was acted on, and never has one"),
    CheckConstraint("kind IN ('approve', 'reject', 'withdraw')", name="kind"),
    CheckConstraint("kind = 'withdraw' OR person_id IS NOT NULL", name="person"),
    comment="what somebody decided; merges.decision_id names the one that took effect",
)

kept_apart = Table(
    "kept_apart",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("database_id", ForeignKey("databases.id"), nullable=False),
    Column("contact_id", ForeignKey("contacts.id"), nullable=False, index=True),
    Column("other_id", ForeignKey("contacts.id"), nullable=False, index=True),
    Column("decision_id", ForeignKey("decisions.id"), nullable=False),
    Column("created", _TIME, nullable=False, server_default=_NOW),
    Column("lifted", _TIME),
    Column("lifted_by", ForeignKey("people.id")),
    Index("kept_apart_standing_idx", "database_id", postgresql_where=text("lifted IS NULL")),
    comment="pairs that are not the same person; where one is absorbed, its survivor takes its place",
)

merge_comments = Table(
    "merge_comments",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("merge_id", ForeignKey("merges.id"), nullable=False, index=True),
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("text", Text, nullable=False),
    Column("at", _TIME, nullable=False, server_default=_NOW),
)

reveals = Table(
    "reveals",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("token_id", ForeignKey("tokens.id"), nullable=False),
    Column("database_id", ForeignKey("databases.id"), nullable=False),
    Column("subject", Text, nullable=False, comment="contact or merge, and its id"),
    Column("at", _TIME, nullable=False, server_default=_NOW),
    Index(None, "person_id", "subject", "at"),
    comment="who looked at values that their role masks",
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=text("gen_random_uuid()")),
    Column("kind", Text, nullable=False, comment="merge.pending, merge.planned_anew, merge.reminder, or plan_anew"),
    Column("merge_id", ForeignKey("merges.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("person_id", ForeignKey("people.id"), comment="whom an e-mail is for"),
    Column("created", _TIME, nullable=False, server_default=_NOW),
    Column("due", _TIME, nullable=False, server_default=_NOW),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("sent", _TIME),
    Column("given_up", _TIME),
    CheckConstraint("channel IN ('email', 'webhook', 'workflow')", name="channel"),
    Index("outbox_due_idx", "due", postgresql_where=text("sent IS NULL AND given_up IS NULL")),
    Index("outbox_ended_idx", text("coalesce(sent, given_up)")),
    Index(None, "merge_id", "kind"),
    Index(
        "outbox_plan_anew_key",
        "merge_id",
        unique=True,
        postgresql_where=text("kind = 'plan_anew' AND attempts = 0"),
    ),
    comment="what leaves after a commit: written in its transaction, sent at least once by the relay",
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
