"""The store"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "databases",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=100000), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("keyed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("databases_pkey")),
    )
    op.create_table(
        "merge_executions",
        sa.Column("merge_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("claimed", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("merge_id", name=op.f("merge_executions_pkey")),
        comment="who inserts a merge's id here settles it, in the same transaction: never twice",
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("owner_kind", sa.Text(), nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("database_ids", sa.ARRAY(sa.BigInteger()), nullable=True, comment="null: every database"),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("owner_kind IN ('service', 'person')", name=op.f("tokens_owner_kind_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("tokens_pkey")),
    )
    op.create_table(
        "columns",
        sa.Column("database_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("required", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("selections", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.CheckConstraint(
            "type IN ('text', 'number', 'boolean', 'date', 'selection')", name=op.f("columns_type_check")
        ),
        sa.ForeignKeyConstraint(["database_id"], ["databases.id"], name=op.f("columns_database_id_fkey")),
        sa.PrimaryKeyConstraint("database_id", "name", name=op.f("columns_pkey")),
    )
    op.create_table(
        "contact_lists",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1000), nullable=False),
        sa.Column("database_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["database_id"], ["databases.id"], name=op.f("contact_lists_database_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("contact_lists_pkey")),
        sa.UniqueConstraint("database_id", "name", name=op.f("contact_lists_database_id_name_key")),
    )
    op.create_table(
        "contacts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1000), nullable=False),
        sa.Column("database_id", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_modified", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("merged_into", sa.BigInteger(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("email_type", sa.Text(), nullable=True),
        sa.Column("opt_in_details", sa.Text(), nullable=True),
        sa.Column("lead_source", sa.Text(), nullable=True),
        sa.Column("crm_sync_id", sa.Text(), nullable=True),
        sa.Column("visitor_key", sa.Text(), nullable=True),
        sa.Column("muid", sa.Text(), nullable=True),
        sa.Column("custom", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.CheckConstraint("merged_into <> id", name=op.f("contacts_merged_into_another_check")),
        sa.ForeignKeyConstraint(["database_id"], ["databases.id"], name=op.f("contacts_database_id_fkey")),
        sa.ForeignKeyConstraint(["merged_into"], ["contacts.id"], name=op.f("contacts_merged_into_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("contacts_pkey")),
    )
    op.create_index(op.f("contacts_database_id_id_idx"), "contacts", ["database_id", "id"], unique=False)
    op.create_index(
        "contacts_merged_into_idx",
        "contacts",
        ["merged_into"],
        unique=False,
        postgresql_where=sa.text("merged_into IS NOT NULL"),
    )
    op.create_table(
        "ledger_heads",
        sa.Column("database_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("entry_hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["database_id"], ["databases.id"], name=op.f("ledger_heads_database_id_fkey")),
        sa.PrimaryKeyConstraint("database_id", name=op.f("ledger_heads_pkey")),
    )
    op.create_table(
        "policies",
        sa.Column("database_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("survivor", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["database_id"], ["databases.id"], name=op.f("policies_database_id_fkey")),
        sa.PrimaryKeyConstraint("database_id", "version", name=op.f("policies_pkey")),
    )
    op.create_table(
        "qualifiers",
        sa.Column("database_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.CheckConstraint("channel IN ('PUSH', 'SMS')", name=op.f("qualifiers_channel_check")),
        sa.ForeignKeyConstraint(["database_id"], ["databases.id"], name=op.f("qualifiers_database_id_fkey")),
        sa.PrimaryKeyConstraint("database_id", "channel", "name", name=op.f("qualifiers_pkey")),
        comment="app keys (PUSH) and campaigns (SMS)",
    )
    op.create_table(
        "contact_list_members",
        sa.Column("list_id", sa.BigInteger(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("contact_list_members_contact_id_fkey")),
        sa.ForeignKeyConstraint(["list_id"], ["contact_lists.id"], name=op.f("contact_list_members_list_id_fkey")),
        sa.PrimaryKeyConstraint("list_id", "contact_id", name=op.f("contact_list_members_pkey")),
    )
    op.create_index(op.f("contact_list_members_contact_id_idx"), "contact_list_members", ["contact_id"], unique=False)
    op.create_table(
        "devices",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1000), nullable=False),
        sa.Column("database_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("qualifier", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("consent_status", sa.Text(), nullable=False),
        sa.Column("consent_date", sa.DateTime(timezone=True), nullable=True),
        sa.Column("consent_source", sa.Text(), nullable=True),
        sa.Column(
            "attributes", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.CheckConstraint("consent_status IN ('OPTED-IN', 'OPTED-OUT')", name=op.f("devices_consent_status_check")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("devices_contact_id_fkey")),
        sa.ForeignKeyConstraint(
            ["database_id", "channel", "qualifier"],
            ["qualifiers.database_id", "qualifiers.channel", "qualifiers.name"],
            name="devices_qualifier_fkey",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("devices_pkey")),
        sa.UniqueConstraint("database_id", "channel", "qualifier", "destination", name="devices_address_key"),
    )
    op.create_index(op.f("devices_contact_id_idx"), "devices", ["contact_id"], unique=False)
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1000), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("recorded_on", sa.BigInteger(), nullable=False, comment="the contact id it came in under"),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("occurred", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "attributes", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("events_contact_id_fkey")),
        sa.ForeignKeyConstraint(["recorded_on"], ["contacts.id"], name=op.f("events_recorded_on_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("events_pkey")),
    )
    op.create_index(op.f("events_contact_id_idx"), "events", ["contact_id"], unique=False)
    op.create_table(
        "lookup_keys",
        sa.Column("database_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.CheckConstraint("status IN ('ACTIVE', 'CREATE_PENDING')", name=op.f("lookup_keys_status_check")),
        sa.ForeignKeyConstraint(
            ["database_id", "name"], ["columns.database_id", "columns.name"], name=op.f("lookup_keys_database_id_fkey")
        ),
        sa.PrimaryKeyConstraint("database_id", "name", name=op.f("lookup_keys_pkey")),
    )
    op.create_table(
        "merges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("database_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("requested", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("settled", sa.DateTime(timezone=True), nullable=True),
        sa.Column("requester", sa.Text(), nullable=False),
        sa.Column("workflow_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("qualifier", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("identity_name", sa.Text(), nullable=False),
        sa.Column("identity_value", sa.Text(), nullable=False),
        sa.Column("use_crm_contact_as_winner", sa.Boolean(), nullable=False),
        sa.Column("merge_events", sa.Boolean(), nullable=False),
        sa.Column("plan", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("plan_digest", sa.Text(), nullable=False),
        sa.Column("device_snapshot", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("lookup_snapshot", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("survivor_id", sa.BigInteger(), nullable=True),
        sa.Column("absorbed_id", sa.BigInteger(), nullable=True),
        sa.Column("winner_channel_identifier", sa.Text(), nullable=True),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=True),
        sa.Column("ledger_hash", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("(state = 'done') = (outcome IS NOT NULL)", name=op.f("merges_outcome_check")),
        sa.CheckConstraint("state IN ('merging', 'done')", name=op.f("merges_state_check")),
        sa.ForeignKeyConstraint(["absorbed_id"], ["contacts.id"], name=op.f("merges_absorbed_id_fkey")),
        sa.ForeignKeyConstraint(["database_id"], ["databases.id"], name=op.f("merges_database_id_fkey")),
        sa.ForeignKeyConstraint(["requester"], ["tokens.id"], name=op.f("merges_requester_fkey")),
        sa.ForeignKeyConstraint(["survivor_id"], ["contacts.id"], name=op.f("merges_survivor_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("merges_pkey")),
    )
    op.create_index(
        "merges_absorbed_idx",
        "merges",
        ["absorbed_id"],
        unique=False,
        postgresql_where=sa.text("absorbed_id IS NOT NULL"),
    )
    op.create_index("merges_page_idx", "merges", ["database_id", "requested", "id"], unique=False)
    op.create_table(
        "identities",
        sa.Column("database_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("identities_contact_id_fkey")),
        sa.ForeignKeyConstraint(
            ["database_id", "name"], ["lookup_keys.database_id", "lookup_keys.name"], name="identities_lookup_key_fkey"
        ),
        sa.PrimaryKeyConstraint("database_id", "name", "value", name=op.f("identities_pkey")),
        sa.UniqueConstraint("contact_id", "name", name=op.f("identities_contact_id_name_key")),
    )
    op.create_table(
        "inbox_messages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1000), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("sent", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=True),
        sa.Column("archived_by", sa.Uuid(), nullable=True, comment="the merge that archived it; null: shown"),
        sa.ForeignKeyConstraint(["archived_by"], ["merges.id"], name=op.f("inbox_messages_archived_by_fkey")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("inbox_messages_contact_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("inbox_messages_pkey")),
    )
    op.create_index(op.f("inbox_messages_contact_id_idx"), "inbox_messages", ["contact_id"], unique=False)
    op.create_table(
        "ledger_entries",
        sa.Column("database_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("merge_id", sa.Uuid(), nullable=True),
        sa.Column("canonical", sa.LargeBinary(), nullable=False),
        sa.Column("entry_hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["database_id"], ["databases.id"], name=op.f("ledger_entries_database_id_fkey")),
        sa.ForeignKeyConstraint(["merge_id"], ["merges.id"], name=op.f("ledger_entries_merge_id_fkey")),
        sa.PrimaryKeyConstraint("database_id", "seq", name=op.f("ledger_entries_pkey")),
        sa.UniqueConstraint("id", name=op.f("ledger_entries_id_key")),
    )
    op.create_index(
        "ledger_entries_executed_key",
        "ledger_entries",
        ["merge_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'merge.executed'"),
    )
    op.create_index("ledger_entries_merge_idx", "ledger_entries", ["merge_id"], unique=False)
    op.create_table(
        "ledger_payloads",
        sa.Column("database_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column(
            "contact_id", sa.BigInteger(), nullable=True, comment="whose values these are; null: of no known contact"
        ),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("ledger_payloads_contact_id_fkey")),
        sa.ForeignKeyConstraint(
            ["database_id", "seq"],
            ["ledger_entries.database_id", "ledger_entries.seq"],
            name="ledger_payloads_entry_fkey",
        ),
        sa.PrimaryKeyConstraint("database_id", "seq", "part", name=op.f("ledger_payloads_pkey")),
    )
