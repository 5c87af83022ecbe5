"""Indexes for what people search by"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_ASKED = sa.text("deadline IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "contacts_email_idx",
        "contacts",
        ["database_id", sa.text("lower(email)")],
        postgresql_where=sa.text("merged_into IS NULL"),
    )
    op.create_index("devices_muid_idx", "devices", ["database_id", sa.text("split_part(destination, '|', 1)")])
    op.create_index(
        "merges_decided_idx",
        "merges",
        ["settled"],
        postgresql_where=sa.text("state = 'done' AND deadline IS NOT NULL"),
    )
    for name, sought in (
        ("identity", "identity_value"),
        ("muid", "split_part(destination, '|', 1)"),
        ("device_email", "lower(device_snapshot ->> 'email')"),
        ("lookup_email", "lower(lookup_snapshot ->> 'email')"),
    ):
        op.create_index(f"merges_asked_{name}_idx", "merges", [sa.text(sought)], postgresql_where=_ASKED)
    for contact in ("device", "lookup"):
        op.create_index(
            f"merges_asked_{contact}_identities_idx",
            "merges",
            [sa.text(f"({contact}_snapshot -> 'identities')")],
            postgresql_using="gin",
            postgresql_where=_ASKED,
        )
