"""Histories of runs past Temporal's retention, and what the reconciler found"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "histories",
        sa.Column("merge_id", sa.Uuid, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("workflow_id", sa.Text, nullable=False),
        sa.Column("events", sa.Integer),
        sa.Column("began", sa.DateTime(timezone=True)),
        sa.Column("closed", sa.DateTime(timezone=True)),
        sa.Column("archived", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("digest", sa.LargeBinary, comment="SHA-256 of the history as Temporal gave it, as JSON"),
        sa.Column(
            "contact_ids", sa.ARRAY(sa.BigInteger), comment="whose keys it takes to read it; none: the database's own"
        ),
        sa.Column("sealed", sa.LargeBinary, comment="the history, encrypted"),
        sa.CheckConstraint(
            "num_nulls(events, began, closed, digest, contact_ids, sealed) IN (0, 6)",
            name=op.f("histories_whole_check"),
        ),
        sa.ForeignKeyConstraint(["merge_id"], ["merges.id"], name="histories_merge_id_fkey"),
        sa.PrimaryKeyConstraint("merge_id", "run_id", name="histories_pkey"),
        comment="what happened in each run that has closed; without a history where Temporal had forgotten it",
    )
    op.add_column("merges", sa.Column("archived", sa.DateTime(timezone=True), comment="when all its histories were"))
    op.create_index(
        "merges_unarchived_idx",
        "merges",
        ["settled", "id"],
        postgresql_where=sa.text("state = 'done' AND archived IS NULL"),
    )
    op.create_table(
        "findings",
        sa.Column("id", sa.BigInteger, sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column(
            "subject", sa.Text, nullable=False, comment="what it is about: an id, a channel, a sentence; never a value"
        ),
        sa.Column("database_id", sa.BigInteger),
        sa.Column("merge_id", sa.Uuid, comment="may not be stored"),
        sa.Column("first_seen", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("attempts", sa.Integer, server_default=sa.text("0"), nullable=False, comment="to heal it"),
        sa.Column("ended", sa.DateTime(timezone=True), comment="when it was no longer found"),
        sa.Column("healed", sa.Boolean, server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(["database_id"], ["databases.id"], name="findings_database_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="findings_pkey"),
        comment="what the reconciler found: one row from when it was first seen until it was seen no more",
    )
    op.create_index(
        "findings_current_key",
        "findings",
        ["kind", "subject"],
        unique=True,
        postgresql_where=sa.text("ended IS NULL"),
    )
