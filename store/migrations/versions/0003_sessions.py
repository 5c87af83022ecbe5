"""Sign-in: passwords, sessions, and who looked at masked values"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "reveals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("token_id", sa.Text(), nullable=False),
        sa.Column("database_id", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False, comment="contact or merge, and its id"),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["database_id"], ["databases.id"], name=op.f("reveals_database_id_fkey")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("reveals_person_id_fkey")),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name=op.f("reveals_token_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("reveals_pkey")),
        comment="who looked at values that their role masks",
    )
    op.create_index(op.f("reveals_person_id_subject_at_idx"), "reveals", ["person_id", "subject", "at"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("token_id", sa.Text(), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "authenticated",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="when the password was last given",
        ),
        sa.Column("browser", sa.Text(), nullable=False, comment="as it named itself"),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name=op.f("sessions_token_id_fkey")),
        sa.PrimaryKeyConstraint("token_id", name=op.f("sessions_pkey")),
        comment="a personal token that lives in a browser's cookie",
    )
    op.add_column(
        "people",
        sa.Column("password_hash", sa.Text(), nullable=True, comment="argon2id; null: no sign-in with a password"),
    )
    op.add_column("people", sa.Column("failed_sign_ins", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("people", sa.Column("sign_in_blocked_until", sa.DateTime(timezone=True), nullable=True))
