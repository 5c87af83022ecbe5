"""Approval: people and their roles, policies that ask, decisions, the outbox"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=100), nullable=False),
        sa.Column("email", sa.Text(), nullable=False, comment="in lower case"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("disabled", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("people_pkey")),
        sa.UniqueConstraint("email", name=op.f("people_email_key")),
    )
    op.create_table(
        "roles",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("database_id", sa.BigInteger(), nullable=True, comment="null: every database"),
        sa.Column("given", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("role IN ('requester', 'specialist', 'auditor', 'admin')", name=op.f("roles_role_check")),
        sa.ForeignKeyConstraint(["database_id"], ["databases.id"], name=op.f("roles_database_id_fkey")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("roles_person_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("roles_pkey")),
        sa.UniqueConstraint(
            "person_id",
            "role",
            "database_id",
            name=op.f("roles_person_id_role_database_id_key"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("merge_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("plan_digest", sa.Text(), nullable=False, comment="of the plan that was seen"),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("not_same_person", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True, comment="null: a service withdrew its own request"),
        sa.Column("token_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint("kind = 'withdraw' OR person_id IS NOT NULL", name=op.f("decisions_person_check")),
        sa.CheckConstraint("kind IN ('approve', 'reject', 'withdraw')", name=op.f("decisions_kind_check")),
        sa.ForeignKeyConstraint(["merge_id"], ["merges.id"], name=op.f("decisions_merge_id_fkey")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("decisions_person_id_fkey")),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name=op.f("decisions_token_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("decisions_pkey")),
        comment="what somebody decided; merges.decision_id names the one that took effect",
    )
    op.create_index(op.f("decisions_merge_id_idx"), "decisions", ["merge_id"], unique=False)
    op.create_table(
        "merge_comments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("merge_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["merge_id"], ["merges.id"], name=op.f("merge_comments_merge_id_fkey")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("merge_comments_person_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("merge_comments_pkey")),
    )
    op.create_index(op.f("merge_comments_merge_id_idx"), "merge_comments", ["merge_id"], unique=False)
    op.create_table(
        "merge_requesters",
        sa.Column("merge_id", sa.Uuid(), nullable=False),
        sa.Column("token_id", sa.Text(), nullable=False),
        sa.Column("joined", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["merge_id"], ["merges.id"], name=op.f("merge_requesters_merge_id_fkey")),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name=op.f("merge_requesters_token_id_fkey")),
        sa.PrimaryKeyConstraint("merge_id", "token_id", name=op.f("merge_requesters_pkey")),
        comment="who asked for it, and who joined the open request",
    )
    op.create_table(
        "merge_revisions",
        sa.Column("merge_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("plan", postgresql.JSONB(), nullable=False),
        sa.Column("plan_digest", sa.Text(), nullable=False),
        sa.Column("device_snapshot", postgresql.JSONB(), nullable=True),
        sa.Column("lookup_snapshot", postgresql.JSONB(), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "cause IN ('requested', 'decided-on-another', 'contacts-changed')", name=op.f("merge_revisions_cause_check")
        ),
        sa.ForeignKeyConstraint(["merge_id"], ["merges.id"], name=op.f("merge_revisions_merge_id_fkey")),
        sa.PrimaryKeyConstraint("merge_id", "revision", name=op.f("merge_revisions_pkey")),
        comment="what people were shown, one row for each plan",
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column(
            "kind", sa.Text(), nullable=False, comment="merge.pending, merge.planned_anew, merge.reminder, or plan_anew"
        ),
        sa.Column("merge_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True, comment="whom an e-mail is for"),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("sent", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_up", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("channel IN ('email', 'webhook', 'workflow')", name=op.f("outbox_channel_check")),
        sa.ForeignKeyConstraint(["merge_id"], ["merges.id"], name=op.f("outbox_merge_id_fkey")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("outbox_person_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("outbox_pkey")),
        comment="what leaves after a commit: written in its transaction, sent at least once by the relay",
    )
    op.create_index(
        "outbox_due_idx", "outbox", ["due"], unique=False, postgresql_where=sa.text("sent IS NULL AND given_up IS NULL")
    )
    op.create_table(
        "never_merge",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("database_id", sa.BigInteger(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("other_id", sa.BigInteger(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("lifted", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("never_merge_contact_id_fkey")),
        sa.ForeignKeyConstraint(["database_id"], ["databases.id"], name=op.f("never_merge_database_id_fkey")),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("never_merge_decision_id_fkey")),
        sa.ForeignKeyConstraint(["lifted_by"], ["people.id"], name=op.f("never_merge_lifted_by_fkey")),
        sa.ForeignKeyConstraint(["other_id"], ["contacts.id"], name=op.f("never_merge_other_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("never_merge_pkey")),
        comment="pairs that are not the same person; where one is absorbed, its survivor takes its place",
    )
    op.create_index(op.f("never_merge_contact_id_idx"), "never_merge", ["contact_id"], unique=False)
    op.create_index(op.f("never_merge_other_id_idx"), "never_merge", ["other_id"], unique=False)
    op.create_index(
        "never_merge_standing_idx",
        "never_merge",
        ["database_id"],
        unique=False,
        postgresql_where=sa.text("lifted IS NULL"),
    )
    op.add_column("merges", sa.Column("revision", sa.Integer(), server_default=sa.text("1"), nullable=False))
    op.add_column(
        "merges",
        sa.Column(
            "reasons",
            sa.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="why a person was asked",
        ),
    )
    op.add_column(
        "merges",
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=True, comment="set when a person was first asked"),
    )
    op.add_column("merges", sa.Column("claimed_by", sa.BigInteger(), nullable=True))
    op.add_column("merges", sa.Column("claimed", sa.DateTime(timezone=True), nullable=True))
    op.add_column("merges", sa.Column("decision_id", sa.Uuid(), nullable=True, comment="the decision that took effect"))
    op.create_index("merges_device_idx", "merges", ["database_id", "channel", "qualifier", "destination"], unique=False)
    op.create_index(
        "merges_pending_idx",
        "merges",
        ["database_id", "deadline"],
        unique=False,
        postgresql_where=sa.text("state = 'pending_approval'"),
    )
    for contact in ("device", "lookup"):
        op.create_index(
            f"merges_pending_{contact}_contact_idx",
            "merges",
            [sa.text(f"({contact}_snapshot ->> 'id')")],
            unique=False,
            postgresql_where=sa.text("state = 'pending_approval'"),
        )
    op.create_foreign_key(op.f("merges_decision_id_fkey"), "merges", "decisions", ["decision_id"], ["id"])
    op.create_foreign_key(op.f("merges_claimed_by_fkey"), "merges", "people", ["claimed_by"], ["id"])
    op.add_column("policies", sa.Column("ask", sa.Text(), server_default=sa.text("'never'"), nullable=False))
    op.add_column(
        "policies", sa.Column("outcomes", sa.ARRAY(sa.Text()), server_default=sa.text("'{merged}'"), nullable=False)
    )
    op.add_column(
        "policies", sa.Column("both_identified", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("policies", sa.Column("emails_differ", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("policies", sa.Column("devices_gained_over", sa.Integer(), nullable=True))
    op.add_column("policies", sa.Column("identity_changed_within", sa.Interval(), nullable=True))
    op.add_column("policies", sa.Column("deadline", sa.Interval(), server_default=sa.text("'3 days'"), nullable=False))
    op.add_column("policies", sa.Column("reminder_percent", sa.Integer(), server_default=sa.text("75"), nullable=False))
    op.add_column(
        "policies",
        sa.Column(
            "blocked_values", sa.ARRAY(sa.Text()), nullable=True, comment="null: the placeholders that the domain knows"
        ),
    )
    op.add_column(
        "tokens",
        sa.Column(
            "person_id",
            sa.BigInteger(),
            nullable=True,
            comment="whose it is, or who answers for the service that has it",
        ),
    )
    op.alter_column(
        "tokens",
        "scopes",
        existing_type=postgresql.ARRAY(sa.Text()),
        comment="of a service; a person's follow from their roles",
        existing_nullable=False,
    )
    # Nobody knew whose they were: they keep their scopes, and may not decide.
    op.execute("UPDATE tokens SET owner_kind = 'service' WHERE owner_kind = 'person'")
    op.create_foreign_key(op.f("tokens_person_id_fkey"), "tokens", "people", ["person_id"], ["id"])
    op.create_check_constraint(op.f("policies_ask_check"), "policies", "ask IN ('never', 'always', 'when')")
    op.drop_constraint(op.f("merges_state_check"), "merges", type_="check")
    op.create_check_constraint(
        op.f("merges_state_check"), "merges", "state IN ('preparing', 'pending_approval', 'merging', 'done')"
    )
    # Who asked before this was recorded.
    op.execute("INSERT INTO merge_requesters (merge_id, token_id) SELECT id, requester FROM merges")
