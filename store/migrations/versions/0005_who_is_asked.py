"""Who is asked: when a contact's identities changed"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column(
        "contacts",
        sa.Column(
            "identities_changed",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="since it was created; null: never",
        ),
    )
    # What is known of the time before: the requests that gave a contact an identity.
    op.execute("""
        UPDATE contacts c SET identities_changed = (
          SELECT max(settled) FROM merges m
          WHERE m.survivor_id = c.id AND m.outcome IN ('merged', 'assigned', 'reassigned')
        )
        WHERE merged_into IS NULL
    """)
    op.drop_index("merges_device_idx", table_name="merges")
