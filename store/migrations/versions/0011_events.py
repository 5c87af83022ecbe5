"""The journal of events, and which entry of the chain holds each"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "ledger_events",
        sa.Column("id", sa.Uuid, server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("database_id", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("merge_id", sa.Uuid),
        sa.Column("contact_id", sa.BigInteger),
        sa.Column("person_id", sa.BigInteger, comment="who did it; null: a service, the operator, or this system"),
        sa.Column("token_id", sa.Text, comment="what it was done with"),
        sa.Column("detail", JSONB, server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="ledger_events_pkey"),
        sa.UniqueConstraint("position", name="ledger_events_position_key"),
        sa.ForeignKeyConstraint(["database_id"], ["databases.id"], name="ledger_events_database_id_fkey"),
        comment="what happened beside the settled requests; no personal value",
    )
    op.create_index("ledger_events_database_id_position_idx", "ledger_events", ["database_id", "position"])
    for subject in ("merge", "contact", "person"):
        op.create_index(
            f"ledger_events_{subject}_idx",
            "ledger_events",
            [f"{subject}_id"],
            postgresql_where=sa.text(f"{subject}_id IS NOT NULL"),
        )
    op.create_index(
        "ledger_events_seen_key",
        "ledger_events",
        ["merge_id", "person_id", sa.text("(detail -> 'revision')")],
        unique=True,
        postgresql_where=sa.text("kind = 'plan.seen'"),
    )
    op.create_table(
        "ledger_seals",
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("database_id", sa.BigInteger, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("place", sa.Integer, nullable=False, comment="in the entry, from 0"),
        sa.PrimaryKeyConstraint("event_id", name="ledger_seals_pkey"),
        sa.UniqueConstraint("database_id", "seq", "place", name="ledger_seals_database_id_seq_place_key"),
        sa.ForeignKeyConstraint(["event_id"], ["ledger_events.id"], name="ledger_seals_event_id_fkey"),
        sa.ForeignKeyConstraint(
            ["database_id", "seq"],
            ["ledger_entries.database_id", "ledger_entries.seq"],
            name="ledger_seals_entry_fkey",
        ),
        comment="which entry of the chain holds an event; none yet for the newest",
    )
