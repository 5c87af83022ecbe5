"""Indexes for all merges that a contact had to do with"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    for contact in ("device", "lookup"):
        op.create_index(f"merges_{contact}_contact_idx", "merges", [sa.text(f"({contact}_snapshot ->> 'id')")])
