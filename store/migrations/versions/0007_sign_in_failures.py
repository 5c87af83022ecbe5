"""Wrong passwords are counted by address, whether or not somebody has it"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "sign_in_failures",
        sa.Column(
            "address_hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of what was typed, whoever has it"
        ),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="of the last one"
        ),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("address_hash", name=op.f("sign_in_failures_pkey")),
        comment="wrong passwords since the last right one, by address",
    )
    op.create_index(op.f("sign_in_failures_at_idx"), "sign_in_failures", ["at"], unique=False)
    op.drop_column("people", "failed_sign_ins")
    op.drop_column("people", "sign_in_blocked_until")
