"""What was refused stays refused, and a policy names who changed it"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column(
        "decisions",
        sa.Column(
            "refused", sa.Text(), nullable=True, comment="why it had no effect when it was acted on, and never has one"
        ),
    )
    op.add_column(
        "policies",
        sa.Column("changed_by", sa.Text(), nullable=True, comment="null: the operator, by the command"),
    )
    op.create_foreign_key(op.f("policies_changed_by_fkey"), "policies", "tokens", ["changed_by"], ["id"])
